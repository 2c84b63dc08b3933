//! What the engine has settled and found since the last report.

use std::sync::{Arc, Mutex, PoisonError};

use portscan::{Event, State};
use shared::{
    event::{FoundPort, Tally},
    job::report::Report,
    ports::PortSet,
    scan::plan::{Plan, Unit},
    store::scans::HostTally,
};
use tokio::sync::Notify;

/// Written by the engine's thread, emptied by the reporter.
#[derive(Debug)]
pub(super) struct Ledger {
    plan: Plan,
    ports: PortSet,
    pending: Mutex<Report>,
    /// Rung for an open port: people wait for those.
    pub(super) found: Notify,
}

impl Ledger {
    pub(super) fn new(plan: Plan, ports: PortSet, position: i64) -> Arc<Self> {
        let pending = Mutex::new(Report { position, ..Report::default() });
        Arc::new(Self { plan, ports, pending, found: Notify::new() })
    }

    /// The unit of that number.
    pub(super) fn unit(&self, number: i64) -> Option<Unit<'_>> {
        self.plan.unit(&self.ports, number)
    }

    /// Notes one event of the engine.
    pub(super) fn note(&self, event: Event) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Open(probe) => {
                let unit = i64::try_from(probe.number).unwrap_or(i64::MAX);
                let host = self.unit(unit).map(|unit| unit.host.to_owned()).unwrap_or_default();
                let (address, port) = (probe.address.ip(), probe.address.port());
                pending.found.push(FoundPort { address, host, port, unit });
                self.found.notify_one();
            }
            Event::Verdict { number, state } => self.settle(&mut pending, number, state),
            Event::Settled { below, .. } => advance(&mut pending, i64::try_from(below).unwrap_or(i64::MAX)),
        }
    }

    /// Settles what is left below `end`: units known to be open, which nobody tried again.
    pub(super) fn settle_below(&self, end: i64) {
        advance(&mut self.pending.lock().unwrap_or_else(PoisonError::into_inner), end);
    }

    fn settle(&self, pending: &mut Report, number: u64, state: State) {
        let tally = match state {
            // Counted when the port itself is stored.
            State::Open => return,
            State::Closed => Tally { closed: 1, ..Tally::default() },
            State::Filtered => Tally { filtered: 1, ..Tally::default() },
        };
        let Some(unit) = i64::try_from(number).ok().and_then(|number| self.unit(number)) else { return };
        let address = unit.address.ip();
        // Units come address by address, so the last host is nearly always the right one.
        if let Some(host) = pending.hosts.iter_mut().rev().find(|host| host.address == address) {
            host.tally.closed += tally.closed;
            host.tally.filtered += tally.filtered;
            return;
        }
        pending.hosts.push(HostTally { address, host: unit.host.to_owned(), tally });
    }

    /// Takes what is pending; `None` when nothing has changed.
    pub(super) fn take(&self) -> Option<Report> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        if pending.settled == 0 && pending.found.is_empty() {
            return None;
        }
        let position = pending.position;
        Some(std::mem::replace(&mut *pending, Report { position, ..Report::default() }))
    }
}

/// Moves the checkpoint. Units that were known to be open are settled on the way, though nobody tried them again.
fn advance(pending: &mut Report, below: i64) {
    // Before the first probe is handed out, the engine's own checkpoint is 0.
    if below > pending.position {
        pending.settled += below - pending.position;
        pending.position = below;
    }
}
