use std::{
    collections::VecDeque,
    mem,
    net::{IpAddr, SocketAddr},
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::{
    error::Error,
    event::{Shortage, Tally},
    ledger::Ledger,
    probe::{Probe, State},
    shape::Shape,
    slots::Flight,
};

/// Where workers fetch probes and hand in results, and where the calling thread reads the news.
///
/// One lock for all of it, taken once per chunk: an open port is always in the same news as, or in earlier news than,
/// the checkpoint that covers it.
pub(crate) struct Desk<I> {
    books: Mutex<Books<I>>,
    news: Condvar,
    closed: AtomicBool,
}

struct Books<I> {
    probes: I,
    next: Option<Probe>,
    last: Option<u64>,
    exhausted: bool,
    spread: u64,
    ledger: Ledger,
    opened: Vec<Probe>,
    shapes: Vec<(SocketAddr, Shape)>,
    retries: u64,
    dropped: u64,
    icmp_limited: Option<IpAddr>,
    shortage: Option<Shortage>,
    workers: usize,
    failure: Option<Error>,
}

/// Open ports that nobody fetched yet; with more than this, no probes are handed out.
const UNREAD: usize = 16_384;
/// The same for verdicts: more than the fastest scan gives between two checkpoints.
const UNREAD_VERDICTS: usize = 65_536;

/// What a worker hands in.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) settled: Vec<(u64, State)>,
    pub(crate) opened: Vec<Probe>,
    pub(crate) shapes: Vec<(SocketAddr, Shape)>,
    pub(crate) retries: u64,
    pub(crate) dropped: u64,
    pub(crate) icmp_limited: Option<IpAddr>,
    pub(crate) shortage: Option<Shortage>,
}

/// Whether there is more to fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Supply {
    More,
    /// Not before something older is settled, or news are read.
    Later,
    Exhausted,
}

/// What the calling thread reads.
#[derive(Debug)]
pub(crate) struct News {
    pub(crate) opened: Vec<Probe>,
    pub(crate) shapes: Vec<(SocketAddr, Shape)>,
    pub(crate) verdicts: Vec<(u64, State)>,
    pub(crate) below: u64,
    pub(crate) tally: Tally,
    /// No worker is left, so these are the last news.
    pub(crate) last: bool,
}

/// How it ended.
pub(crate) struct Outcome {
    pub(crate) complete: bool,
    pub(crate) retries: u64,
    pub(crate) dropped: u64,
    pub(crate) icmp_limited: Option<IpAddr>,
    pub(crate) shortage: Option<Shortage>,
    pub(crate) failure: Option<Error>,
}

impl<I: Iterator<Item = Probe>> Desk<I> {
    pub(crate) fn new(probes: I, spread: u64, workers: usize) -> Self {
        let books = Books {
            probes,
            next: None,
            last: None,
            exhausted: false,
            spread,
            ledger: Ledger::default(),
            opened: Vec::new(),
            shapes: Vec::new(),
            retries: 0,
            dropped: 0,
            icmp_limited: None,
            shortage: None,
            workers,
            failure: None,
        };
        Self { books: Mutex::new(books), news: Condvar::new(), closed: AtomicBool::new(false) }
    }

    fn books(&self) -> MutexGuard<'_, Books<I>> {
        // A panic of the caller's iterator ends the scan and is passed on; nothing reads half-done books after it.
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands `report` in and fetches up to `wanted` probes into `queue`.
    pub(crate) fn exchange(
        &self,
        report: &mut Report,
        wanted: usize,
        queue: &mut VecDeque<Flight>,
    ) -> Supply {
        if wanted == 0 && report.settled.is_empty() {
            return Supply::More;
        }
        let mut books = self.books();
        if books.take(report) {
            self.news.notify_one();
        }
        books.hand_out(wanted, queue)
    }

    /// A worker is done: for good, or because it failed, which sends the others home.
    pub(crate) fn leave(&self, report: &mut Report, failure: Option<Error>) {
        if failure.is_some() {
            self.close();
        }
        let mut books = self.books();
        books.take(report);
        books.workers = books.workers.saturating_sub(1);
        books.failure = books.failure.take().or(failure);
        self.news.notify_one();
    }

    /// Tells the workers to go home.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Waits for an open port or the end, but no longer than `patience`.
    pub(crate) fn news(&self, patience: Duration) -> News {
        let idle = |books: &mut Books<I>| books.opened.is_empty() && books.workers > 0;
        let waited = self.news.wait_timeout_while(self.books(), patience, idle);
        let mut books = waited.unwrap_or_else(PoisonError::into_inner).0;
        News {
            opened: mem::take(&mut books.opened),
            shapes: mem::take(&mut books.shapes),
            verdicts: books.ledger.take_verdicts(),
            below: books.ledger.below(),
            tally: books.ledger.tally(),
            last: books.workers == 0,
        }
    }

    pub(crate) fn finish(self) -> Outcome {
        let books = self.books.into_inner().unwrap_or_else(PoisonError::into_inner);
        Outcome {
            complete: books.exhausted && books.ledger.lowest_unsettled().is_none(),
            retries: books.retries,
            dropped: books.dropped,
            icmp_limited: books.icmp_limited,
            shortage: books.shortage,
            failure: books.failure,
        }
    }
}

impl<I: Iterator<Item = Probe>> Books<I> {
    /// Whether there are open ports among it.
    fn take(&mut self, report: &mut Report) -> bool {
        let found = !report.opened.is_empty();
        self.opened.append(&mut report.opened);
        self.shapes.append(&mut report.shapes);
        for (line, state) in report.settled.drain(..) {
            self.ledger.settle(line, state);
        }
        self.retries += mem::take(&mut report.retries);
        self.dropped += mem::take(&mut report.dropped);
        self.icmp_limited = self.icmp_limited.or(report.icmp_limited.take());
        self.shortage = self.shortage.or(report.shortage.take());
        found
    }

    fn hand_out(&mut self, wanted: usize, queue: &mut VecDeque<Flight>) -> Supply {
        for _ in 0..wanted {
            if self.opened.len() > UNREAD || self.ledger.unread_verdicts() > UNREAD_VERDICTS {
                return Supply::Later;
            }
            let Some(probe) = self.next.take().or_else(|| self.pull()) else { return Supply::Exhausted };
            let lowest = self.ledger.lowest_unsettled();
            let too_far = lowest.is_some_and(|lowest| probe.number - lowest > self.spread);
            if too_far {
                self.next = Some(probe);
                return Supply::Later;
            }
            let line = self.ledger.open_line(&probe);
            queue.push_back(Flight::new(probe, line));
        }
        Supply::More
    }

    fn pull(&mut self) -> Option<Probe> {
        if self.exhausted || self.failure.is_some() {
            return None;
        }
        let pulled = self.probes.next();
        self.exhausted = pulled.is_none();
        let probe = pulled?;
        if let Some(after) = self.last.filter(|last| *last >= probe.number) {
            self.failure = Some(Error::NotAscending { number: probe.number, after });
            return None;
        }
        self.last = Some(probe.number);
        Some(probe)
    }
}
