use std::{
    panic,
    sync::Arc,
    thread::{self, ScopedJoinHandle},
    time::{Duration, Instant},
};

use crate::{
    desk::{Desk, News, Report},
    error::Error,
    event::{Event, Shortage, Summary, Tally},
    files,
    kernel::Kernel,
    probe::Probe,
    raw::{Kind, Raw, can_send_raw},
    settings::{Method, Settings},
    stop::Stop,
    traffic::Traffic,
    udp::Udp,
    wire::Wire,
    worker::Worker,
};

/// How often a checkpoint is reported.
const CHECKPOINT: Duration = Duration::from_millis(50);

/// Tries every probe, and reports open ports and checkpoints as they come.
///
/// It blocks the calling thread, which reads the results, and starts `settings.threads` scanning threads. `probes` is
/// pulled a few hundred at a time, never as a whole. `on_event` is called on the calling thread; while it blocks, the
/// scan goes on until some ten thousand open ports or verdicts wait for it. The soft limit of open files is raised to the hard one, for the
/// whole process.
///
/// A port of this very host above 1023 that connects is connected to once more, as a connection may meet another one
/// of the scan itself.
///
/// ```
/// use std::net::{Ipv4Addr, SocketAddr, TcpListener};
/// use portscan::{Event, Probe, Settings, Stop, scan};
///
/// let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
/// let port = listener.local_addr()?.port();
/// let probes = (0..10).map(|number| Probe {
///     number,
///     address: SocketAddr::from(([127, 0, 0, 1], port)),
/// });
/// let mut open = 0;
/// let summary = scan(&Settings::default(), probes, &Stop::new(), |event| {
///     if let Event::Open(_) = event {
///         open += 1;
///     }
/// })?;
/// assert_eq!((open, summary.tally.open), (10, 10));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// - [`Error::Setup`] when the kernel gives no epoll or no thread.
/// - [`Error::NoRawSockets`] when the method takes raw sockets and this process has no right to them.
/// - [`Error::NotAscending`] when a probe's number is not higher than the one before; probes before it may have been
///   reported.
/// - [`Error::Starved`] when for 30 s not one connection could be started.
/// - [`Error::Wait`] when epoll fails.
///
/// What was settled before an error is reported, in a last [`Event::Settled`].
///
/// # Panics
/// When `probes` or `on_event` panic; all threads have ended then.
pub fn scan(
    settings: &Settings,
    probes: impl Iterator<Item = Probe> + Send,
    stop: &Stop,
    on_event: impl FnMut(Event) + Send,
) -> Result<Summary, Error> {
    match settings.method {
        Method::Connect => {
            let wires = open_wires(settings.threads)?;
            let allowed = files::allowance();
            let within = Settings { window: settings.window.min(allowed), ..settings.clone() };
            let mut summary = run(wires, &within, probes, stop, on_event)?;
            let files_limit = (allowed < settings.window).then_some(Shortage::Files);
            summary.window_limited = summary.window_limited.or(files_limit);
            Ok(summary)
        }
        Method::Syn => scan_raw(Kind::Syn, settings, probes, stop, on_event),
        Method::Fin => scan_raw(Kind::Fin, settings, probes, stop, on_event),
        Method::Null => scan_raw(Kind::Null, settings, probes, stop, on_event),
        Method::Xmas => scan_raw(Kind::Xmas, settings, probes, stop, on_event),
        Method::Udp => {
            let wires = (0..settings.threads.max(1)).map(|_| Udp::default()).collect();
            run(wires, settings, probes, stop, on_event)
        }
    }
}

/// Scans by one kind of raw packets.
pub(crate) fn scan_raw(
    kind: Kind,
    settings: &Settings,
    probes: impl Iterator<Item = Probe> + Send,
    stop: &Stop,
    on_event: impl FnMut(Event),
) -> Result<Summary, Error> {
    can_send_raw()?;
    let wires = (0..settings.threads.max(1)).map(|_| Raw::new(kind)).collect();
    run(wires, settings, probes, stop, on_event)
}

/// At least one, and fewer than asked for where the machine gives no more.
fn open_wires(threads: usize) -> Result<Vec<Kernel>, Error> {
    let mut wires = vec![Kernel::new().map_err(Error::Setup)?];
    wires.extend((1..threads).map_while(|_| Kernel::new().ok()));
    Ok(wires)
}

fn run<W: Wire + Send>(
    wires: Vec<W>,
    settings: &Settings,
    probes: impl Iterator<Item = Probe> + Send,
    stop: &Stop,
    on_event: impl FnMut(Event),
) -> Result<Summary, Error> {
    let started = Instant::now();
    let share = (settings.window / wires.len().max(1)).max(1);
    let desk = Desk::new(probes, settings.spread, wires.len());
    let traffic = Arc::new(Traffic::new(settings));
    let workers =
        wires.into_iter().map(|wire| Worker::new(wire, settings, share, Arc::clone(&traffic))).collect();
    let tally = employ(&desk, workers, stop, on_event);
    let outcome = desk.finish();
    match outcome.failure {
        Some(failure) => Err(failure),
        None => Ok(Summary {
            tally,
            stopped: !outcome.complete,
            retries: outcome.retries,
            dropped: outcome.dropped,
            starved: traffic.starved(),
            icmp_limited: outcome.icmp_limited,
            window_limited: outcome.shortage,
            elapsed: started.elapsed(),
        }),
    }
}

fn employ<I: Iterator<Item = Probe> + Send, W: Wire + Send>(
    desk: &Desk<I>,
    workers: Vec<Worker<W>>,
    stop: &Stop,
    on_event: impl FnMut(Event),
) -> Tally {
    thread::scope(|scope| {
        let _closing = CloseOnDrop(desk);
        let start = |worker| thread::Builder::new().spawn_scoped(scope, move || work(desk, worker, stop));
        let mut threads = Vec::new();
        for worker in workers {
            match start(worker) {
                Ok(thread) => threads.push(thread),
                Err(error) => desk.leave(&mut Report::default(), Some(Error::Setup(error))),
            }
        }
        let tally = report(desk, on_event);
        pass_panics_on(threads);
        tally
    })
}

fn pass_panics_on(threads: Vec<ScopedJoinHandle<'_, ()>>) {
    for thread in threads {
        if let Err(payload) = thread.join() {
            panic::resume_unwind(payload);
        }
    }
}

fn work<I: Iterator<Item = Probe>, W: Wire>(desk: &Desk<I>, worker: Worker<W>, stop: &Stop) {
    let mut leaving = Leaving { desk, worker, failure: None };
    while !stop.is_stopped() && !desk.is_closed() {
        match leaving.worker.turn(desk) {
            Ok(true) => {}
            Ok(false) => return,
            Err(failure) => {
                leaving.failure = Some(failure);
                return;
            }
        }
    }
}

/// Passes events on until the last worker has left.
fn report<I: Iterator<Item = Probe>>(desk: &Desk<I>, mut on_event: impl FnMut(Event)) -> Tally {
    let mut due = Instant::now() + CHECKPOINT;
    loop {
        let News { opened, shapes, verdicts, below, tally, last } =
            desk.news(due.saturating_duration_since(Instant::now()));
        for (address, shape) in shapes {
            on_event(Event::Shape { address, shape });
        }
        for probe in opened {
            on_event(Event::Open(probe));
        }
        for (number, state) in verdicts {
            on_event(Event::Verdict { number, state });
        }
        let now = Instant::now();
        if last || now >= due {
            due = now + CHECKPOINT;
            on_event(Event::Settled { below, tally });
        }
        if last {
            return tally;
        }
    }
}

/// Sends the workers home when the calling thread leaves, be it by a panic of `on_event`.
struct CloseOnDrop<'a, I: Iterator<Item = Probe>>(&'a Desk<I>);

impl<I: Iterator<Item = Probe>> Drop for CloseOnDrop<'_, I> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// A worker at work; it signs off however it leaves, so that nobody waits for it.
struct Leaving<'a, I: Iterator<Item = Probe>, W: Wire> {
    desk: &'a Desk<I>,
    worker: Worker<W>,
    failure: Option<Error>,
}

impl<I: Iterator<Item = Probe>, W: Wire> Drop for Leaving<'_, I, W> {
    fn drop(&mut self) {
        self.desk.leave(self.worker.last_report(), self.failure.take());
    }
}
