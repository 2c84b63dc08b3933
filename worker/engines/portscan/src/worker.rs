use std::{collections::VecDeque, mem, sync::Arc, time::Duration};

use crate::{
    desk::{Desk, Report, Supply},
    doubts::Doubts,
    error::Error,
    event::Shortage,
    host_budget::HostBudget,
    probe::{Probe, State},
    settings::Settings,
    slots::{Flight, Slots},
    traffic::Traffic,
    window::Window,
    wire::{Reply, Wire},
};

/// One scanning thread's work, a turn at a time.
pub(crate) struct Worker<W> {
    wire: W,
    traffic: Arc<Traffic>,
    hosts: Option<HostBudget>,
    window: Window,
    slots: Slots,
    /// Probes to start for the first time, or once more for what did not count.
    queue: VecDeque<Flight>,
    /// Those that were silent, to be tried again.
    silent: VecDeque<Flight>,
    is_silents_turn: bool,
    doubts: Doubts,
    /// How long a probe is doubted.
    doubt: Duration,
    report: Report,
    ready: Vec<usize>,
    /// Nothing is started before this, after a shortage or for the rate.
    resume_at: Duration,
    sweep_at: Duration,
    starving: Option<(Duration, Shortage)>,
    /// How many addresses had answered when deadlines were last set anew.
    met: usize,
}

/// Probes fetched at once.
const CHUNK: usize = 256;
/// No wait is longer, so that a stop is seen.
const TICK: Duration = Duration::from_millis(50);
/// How often deadlines are looked at, and so how late a timeout may be seen.
const SWEEP: Duration = Duration::from_millis(10);
/// How long to wait when others have to settle something first.
const YIELD: Duration = Duration::from_millis(2);
/// How long nothing is started after the machine ran short.
const PAUSE: Duration = Duration::from_millis(5);
/// How long to wait at least when the rate allows nothing, so that packets leave in handfuls.
const HANDFUL: Duration = Duration::from_millis(1);
/// Probes looked at in one turn whose hosts must not be sent more now.
const HELD_BACK: usize = 64;
/// How long to put up with a machine that lets us start nothing at all.
const STARVED: Duration = Duration::from_secs(30);
/// Attempts that may come to nothing before the probe counts as silent.
const VOIDS: u32 = 16;

impl<W: Wire> Worker<W> {
    /// `window` is this worker's share of connections in flight.
    pub(crate) fn new(wire: W, settings: &Settings, window: usize, traffic: Arc<Traffic>) -> Self {
        Self {
            wire,
            traffic,
            hosts: settings.hosts.clone(),
            window: Window::new(window),
            slots: Slots::default(),
            queue: VecDeque::new(),
            silent: VecDeque::new(),
            is_silents_turn: false,
            doubts: Doubts::default(),
            doubt: settings.max_timeout,
            report: Report::default(),
            ready: Vec::new(),
            resume_at: Duration::ZERO,
            sweep_at: Duration::ZERO,
            starving: None,
            met: 0,
        }
    }

    /// Starts what may be started and takes in what is answered or late; `false` once there is nothing left to do.
    pub(crate) fn turn<I: Iterator<Item = Probe>>(&mut self, desk: &Desk<I>) -> Result<bool, Error> {
        self.wire.take_shapes(&mut self.report.shapes);
        let room = self.window.room(self.slots.in_flight() + self.waiting());
        let wanted = room.min(CHUNK.saturating_sub(self.queue.len()));
        let supply = desk.exchange(&mut self.report, wanted, &mut self.queue);
        let is_idle = self.waiting() == 0 && self.slots.in_flight() == 0;
        if is_idle && supply == Supply::Exhausted && self.doubts.is_empty() {
            return Ok(false);
        }
        self.decide_doubts(is_idle && supply != Supply::More);
        self.launch();
        self.collect(supply)?;
        self.sweep();
        self.check_starving()?;
        Ok(true)
    }

    /// What was not handed in yet.
    pub(crate) fn last_report(&mut self) -> &mut Report {
        self.wire.take_shapes(&mut self.report.shapes);
        self.report.dropped += self.wire.dropped();
        self.report.icmp_limited = self.wire.icmp_limited();
        &mut self.report
    }

    fn launch(&mut self) {
        let now = self.wire.now();
        let wanted = self.window.room(self.slots.in_flight()).min(self.waiting());
        if wanted == 0 || now < self.resume_at {
            return;
        }
        let grant = self.traffic.grant(now, wanted);
        if grant.packets < wanted {
            self.resume_at = grant.more.max(now + HANDFUL);
        }
        let (mut first, mut left) = (0, grant.packets);
        let mut held_back = 0;
        while left > 0
            && let Some(mut flight) = self.next_allowed(now, &mut held_back)
        {
            left -= 1;
            flight.sample = grant.sample;
            first += u32::from(flight.is_fresh());
            if self.start(flight) == Start::Refused {
                break;
            }
        }
        self.traffic.sent(grant, first, left, self.wire.now());
    }

    /// The next one to start whose host may be sent a packet now. Others go behind the rest of their queue.
    fn next_allowed(&mut self, now: Duration, held_back: &mut usize) -> Option<Flight> {
        while *held_back < HELD_BACK {
            let flight = self.next()?;
            let address = flight.probe.address.ip();
            if self.hosts.as_ref().is_none_or(|hosts| hosts.take(now, address).is_ok()) {
                return Some(flight);
            }
            *held_back += 1;
            self.resume_at = now + HANDFUL;
            let queue = if flight.attempt == 1 { &mut self.queue } else { &mut self.silent };
            queue.push_back(flight);
        }
        None
    }

    /// How many there are to start.
    fn waiting(&self) -> usize {
        self.queue.len() + self.silent.len()
    }

    /// The next one to start: of both kinds in turn, as only first attempts tell whether the rate is right.
    fn next(&mut self) -> Option<Flight> {
        self.is_silents_turn = !self.is_silents_turn;
        let (first, second) = if self.is_silents_turn {
            (&mut self.silent, &mut self.queue)
        } else {
            (&mut self.queue, &mut self.silent)
        };
        first.pop_front().or_else(|| second.pop_front())
    }

    fn start(&mut self, mut flight: Flight) -> Start {
        let address = flight.probe.address;
        let slot = self.slots.take(address.is_ipv6(), self.window.most());
        flight.started = self.wire.now();
        if flight.attempt == 1 {
            flight.begun = flight.started;
        }
        let reply = self.wire.connect(slot, address);
        let mut trip = Duration::ZERO;
        if reply == Reply::Pending {
            self.traffic.time(&mut flight);
        } else if flight.is_fresh() {
            // An answer that is there at once may have taken its time, if this process was the one that paused.
            trip = self.wire.now().saturating_sub(flight.started);
        }
        self.take_in(slot, flight, reply, trip);
        if matches!(reply, Reply::Short(_)) {
            return Start::Refused;
        }
        self.starving = None;
        Start::Done
    }

    /// Takes in what the connection of a slot came to; `trip` is the time it took.
    fn take_in(&mut self, slot: usize, flight: Flight, reply: Reply, trip: Duration) {
        if reply == Reply::Pending {
            self.slots.occupy(slot, flight);
            return;
        }
        let address = flight.probe.address;
        self.slots.give_back(slot, address.is_ipv6());
        if let Reply::Short(shortage) = reply {
            self.hold_back(flight, shortage);
            return;
        }
        self.window.finish();
        if matches!(reply, Reply::Open | Reply::Doubtful | Reply::Refused) {
            self.traffic.answered(&flight, trip, self.wire.now());
        }
        self.conclude(flight, reply);
    }

    fn conclude(&mut self, mut flight: Flight, reply: Reply) {
        match reply {
            Reply::Open => self.settle(&flight, State::Open),
            Reply::Doubtful if flight.doubted => self.settle(&flight, State::Open),
            Reply::Refused => self.settle(&flight, State::Closed),
            Reply::Doubtful => {
                flight.doubted = true;
                self.queue.push_front(flight);
            }
            Reply::Void if flight.voids < VOIDS => {
                flight.voids += 1;
                self.queue.push_front(flight);
            }
            Reply::Void | Reply::Unreachable | Reply::Pending | Reply::Short(_) => {
                self.settle(&flight, flight.state_if_silent());
            }
        }
    }

    fn settle(&mut self, flight: &Flight, state: State) {
        if state == State::Open {
            self.report.opened.push(flight.probe);
        }
        self.report.settled.push((flight.line, state));
    }

    /// The machine is short of something: later, with a smaller window.
    fn hold_back(&mut self, flight: Flight, shortage: Shortage) {
        let now = self.wire.now();
        let in_flight = self.slots.in_flight();
        self.report.shortage = Some(shortage);
        self.window.shrink(in_flight);
        self.resume_at = now + PAUSE;
        if in_flight == 0 {
            self.starving.get_or_insert((now, shortage));
        }
        if shortage != Shortage::Ports {
            for slot in self.slots.idle() {
                self.wire.discard(slot);
            }
        }
        self.queue.push_front(flight);
    }

    fn collect(&mut self, supply: Supply) -> Result<(), Error> {
        let limit = self.patience(supply);
        if limit.is_zero() && self.slots.in_flight() == 0 {
            return Ok(());
        }
        let mut ready = mem::take(&mut self.ready);
        self.wire.wait(limit, &mut ready).map_err(Error::Wait)?;
        let now = self.wire.now();
        for slot in ready.drain(..) {
            if let Some(flight) = self.slots.vacate(slot) {
                let reply = self.wire.check(slot, flight.probe.address);
                let trip = now.saturating_sub(flight.started);
                self.take_in(slot, flight, reply, trip);
            }
        }
        self.ready = ready;
        Ok(())
    }

    /// How long there is nothing to do but wait.
    fn patience(&self, supply: Supply) -> Duration {
        if !self.report.settled.is_empty() {
            return Duration::ZERO;
        }
        let now = self.wire.now();
        let until_sweep = self.sweep_at.saturating_sub(now);
        let limit = if self.slots.in_flight() == 0 { TICK } else { TICK.min(until_sweep) };
        if self.window.room(self.slots.in_flight()) == 0 {
            return limit;
        }
        if self.waiting() > 0 {
            return limit.min(self.resume_at.saturating_sub(now));
        }
        match supply {
            Supply::More => Duration::ZERO,
            Supply::Later => limit.min(YIELD),
            Supply::Exhausted => limit,
        }
    }

    /// Gives up the attempts that took too long.
    fn sweep(&mut self) {
        let now = self.wire.now();
        if self.slots.in_flight() == 0 || now < self.sweep_at {
            return;
        }
        self.sweep_at = now + SWEEP;
        self.met = self.traffic.time_again(self.slots.flights_mut(), self.met);
        let mut late = mem::take(&mut self.ready);
        late.extend(self.slots.late(now));
        for slot in late.drain(..) {
            if let Some(flight) = self.slots.vacate(slot) {
                self.expire(slot, flight, now);
            }
        }
        self.ready = late;
    }

    fn expire(&mut self, slot: usize, mut flight: Flight, now: Duration) {
        // A last look: after a pause of this process, the answers are there and only unread.
        let reply = self.wire.check(slot, flight.probe.address);
        if reply != Reply::Pending {
            let trip = now.saturating_sub(flight.started);
            self.take_in(slot, flight, reply, trip);
            return;
        }
        self.wire.abandon(slot);
        self.slots.give_back(slot, flight.probe.address.is_ipv6());
        self.window.finish();
        self.traffic.silent(&mut flight);
        if self.traffic.is_believed(&flight) {
            self.doubts.add(flight, now + self.doubt);
        } else {
            self.try_again(flight);
        }
    }

    /// Believes those that were doubted long enough; with `all`, those that are left. Where more is lost than was known
    /// at the last attempt, they get another one.
    fn decide_doubts(&mut self, all: bool) {
        let now = self.wire.now();
        while let Some(flight) = self.doubts.next(now, all) {
            if self.traffic.is_believed(&flight) {
                self.settle(&flight, flight.state_if_silent());
            } else {
                self.try_again(flight);
            }
        }
    }

    fn try_again(&mut self, mut flight: Flight) {
        flight.attempt += 1;
        self.report.retries += 1;
        self.silent.push_back(flight);
    }

    fn check_starving(&self) -> Result<(), Error> {
        let Some((since, shortage)) = self.starving else { return Ok(()) };
        let waited = self.wire.now().saturating_sub(since);
        if waited < STARVED { Ok(()) } else { Err(Error::Starved { shortage, waited }) }
    }
}

#[derive(PartialEq, Eq)]
enum Start {
    Done,
    /// By the machine, not by the target.
    Refused,
}
