use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    ops::{Add, AddAssign},
    time::Duration,
};

use crate::{
    probe::{Probe, State},
    shape::Shape,
};

/// What a scan reports while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// An open port, at once, in whatever order they answer; always before the `Settled` that covers it.
    Open(Probe),
    /// What the answer of an open port looked like, by [`Method::Syn`](crate::Method::Syn); always before the `Open` of that
    /// port.
    Shape {
        /// Whose it is.
        address: SocketAddr,
        /// How.
        shape: Shape,
    },
    /// The final state of one probe, in the order of their numbers; always before the `Settled` that covers it.
    Verdict {
        /// The probe's number.
        number: u64,
        /// What it turned out to be.
        state: State,
    },
    /// Everything below `below` is settled: a checkpoint. At most every 50 ms, and once at the end.
    ///
    /// A scan started again with the probes from `below` on repeats nothing that is counted here. It may repeat
    /// probes above `below`, so an open port may be reported once more then.
    Settled {
        /// The lowest number not settled yet; never falls.
        below: u64,
        /// What the probes handed out below it turned out to be, since this scan began.
        tally: Tally,
    },
}

/// How many probes ended in which state.
///
/// ```
/// use portscan::Tally;
///
/// let before = Tally { open: 1, closed: 2, filtered: 3 };
/// let after = before + Tally { open: 1, ..Tally::default() };
/// assert_eq!(after.total(), 7);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Open ports.
    pub open: u64,
    /// Closed ports.
    pub closed: u64,
    /// Filtered ports.
    pub filtered: u64,
}

impl Tally {
    /// The number of probes counted.
    #[must_use]
    pub fn total(self) -> u64 {
        self.open + self.closed + self.filtered
    }

    pub(crate) fn count(&mut self, state: State) {
        match state {
            State::Open => self.open += 1,
            State::Closed => self.closed += 1,
            State::Filtered => self.filtered += 1,
        }
    }
}

impl Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            open: self.open + other.open,
            closed: self.closed + other.closed,
            filtered: self.filtered + other.filtered,
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// What the machine ran short of, so that fewer connections were in flight than the settings allow.
///
/// It makes a scan slower, never less exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shortage {
    /// Open files: the limit of the process or of the machine.
    Files,
    /// Local ports to connect from.
    Ports,
    /// Kernel memory for sockets.
    Memory,
}

impl fmt::Display for Shortage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Files => "open files",
            Self::Ports => "local ports",
            Self::Memory => "socket memory",
        })
    }
}

/// How a scan went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The tally of the last `Settled`: after a stop, probes settled out of order are not in it.
    pub tally: Tally,
    /// Whether it was stopped before everything was settled.
    pub stopped: bool,
    /// Attempts made after the first of a probe.
    pub retries: u64,
    /// Answers that came faster than they were read and were lost here. They are asked for again like any that are
    /// lost on the way, so a few are no harm; many may leave ports filtered that are not.
    pub dropped: u64,
    /// Whether it once waited a second or longer for a [budget](crate::Budget) that it shares with others.
    pub starved: bool,
    /// A host that was seen to limit the ICMP errors by which closed ports are told: most that are closed there are
    /// called filtered.
    pub icmp_limited: Option<IpAddr>,
    /// What kept the window smaller than asked for, if anything did.
    pub window_limited: Option<Shortage>,
    /// Wall time of the scan.
    pub elapsed: Duration,
}

impl Summary {
    /// Why the result may be less exact than usual, if there is a reason.
    ///
    /// Lost answers matter only where ports stayed silent: all others were heard.
    #[must_use]
    pub fn degraded(&self) -> Option<Degraded> {
        if self.dropped > 0 && self.tally.filtered > 0 {
            Some(Degraded::AnswersDropped)
        } else {
            self.starved.then_some(Degraded::Starved)
        }
    }
}

/// Why a result may be less exact than usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Degraded {
    /// Answers came faster than this machine could read them.
    AnswersDropped,
    /// Other scans took the budget, so that retries came late.
    Starved,
}

impl fmt::Display for Degraded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::AnswersDropped => "answers came faster than they could be read; open ports may be missed",
            Self::Starved => "the packet budget was too small for all scans; open ports may be missed",
        })
    }
}
