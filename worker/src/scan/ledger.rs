//! What the engine has settled and found since the last report.

use std::{
    collections::BTreeMap,
    mem,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use portscan::{Event, State};
use shared::{
    event::{FoundPort, FoundService, Tally},
    job::report::Report,
    ports::PortSet,
    scan::{
        Protocol, ScanRequest,
        plan::{Plan, Unit},
        warning::Warning,
    },
    store::scans::HostTally,
};
use tokio::sync::Notify;

use super::order::Order;

/// Written by the engine's thread, emptied by the reporter. The engine's numbers are positions of the order.
#[derive(Debug)]
pub(super) struct Ledger {
    plan: Plan,
    ports: PortSet,
    protocol: Protocol,
    order: Order,
    pages: Mutex<Pages>,
    /// Rung for an open port: people wait for those.
    pub(super) found: Notify,
}

/// What was noted and not taken yet.
#[derive(Debug)]
struct Pages {
    /// Without its hosts.
    report: Report,
    hosts: Hosts,
    /// Verdicts that no checkpoint covers yet. Stored before it does, they would be counted again by whoever goes on
    /// from the checkpoint.
    ahead: Hosts,
}

type Hosts = BTreeMap<IpAddr, HostTally>;

impl Ledger {
    pub(super) fn new(plan: Plan, request: &ScanRequest, order: Order, position: i64) -> Arc<Self> {
        let report = Report { position, ..Report::default() };
        let pages = Mutex::new(Pages { report, hosts: Hosts::new(), ahead: Hosts::new() });
        let (ports, protocol) = (request.ports.clone(), request.scan_type.protocol());
        Arc::new(Self { plan, ports, protocol, order, pages, found: Notify::new() })
    }

    /// The number of the unit at a position, and the unit.
    pub(super) fn unit(&self, position: i64) -> Option<(i64, Unit<'_>)> {
        let number = self.order.unit(position)?;
        Some((number, self.plan.unit(&self.ports, number)?))
    }

    /// Notes one event of the engine.
    pub(super) fn note(&self, event: Event) {
        let mut pages = self.pages();
        match event {
            Event::Open(probe) => {
                let Some((unit, Unit { address, host })) = self.at(probe.number) else { return };
                let (address, port, protocol) = (address.ip(), address.port(), self.protocol);
                pages.report.found.push(FoundPort { address, host: host.to_owned(), port, protocol, unit });
                self.found.notify_one();
            }
            Event::Verdict { number, state } => self.count(&mut pages.ahead, number, state),
            Event::Settled { below, .. } => pages.advance(i64::try_from(below).unwrap_or(i64::MAX)),
        }
    }

    /// Has readers of the results know something.
    pub(super) fn warn(&self, warning: Warning) {
        let warnings = &mut self.pages().report.warnings;
        if warnings.iter().all(|known| known.code != warning.code) {
            warnings.push(warning);
        }
    }

    /// Settles what is left below `end`: units known to be open, which nobody tried again.
    pub(super) fn settle_below(&self, end: i64) {
        self.pages().advance(end);
    }

    /// Notes what runs on open ports.
    pub(super) fn identified(&self, services: Vec<FoundService>) {
        self.pages().report.services.extend(services);
    }

    /// Takes what is pending; `None` when nothing has changed.
    pub(super) fn take(&self) -> Option<Report> {
        let mut pages = self.pages();
        let Report { settled, found, services, warnings, .. } = &pages.report;
        if *settled == 0 && found.is_empty() && services.is_empty() && warnings.is_empty() {
            return None;
        }
        let rest = Report { position: pages.report.position, ..Report::default() };
        let hosts = mem::take(&mut pages.hosts).into_values().collect();
        Some(Report { hosts, ..mem::replace(&mut pages.report, rest) })
    }

    fn at(&self, number: u64) -> Option<(i64, Unit<'_>)> {
        self.unit(i64::try_from(number).ok()?)
    }

    fn count(&self, hosts: &mut Hosts, number: u64, state: State) {
        let tally = match state {
            // Counted when the port itself is stored.
            State::Open => return,
            State::Closed => Tally { closed: 1, ..Tally::default() },
            State::Filtered => Tally { filtered: 1, ..Tally::default() },
        };
        if let Some((_, unit)) = self.at(number) {
            add(hosts, unit.address.ip(), unit.host, tally);
        }
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pages {
    /// Moves the checkpoint over what is ahead of it. Units that were known to be open are settled on the way, though
    /// nobody tried them again.
    fn advance(&mut self, below: i64) {
        for (address, host) in mem::take(&mut self.ahead) {
            add(&mut self.hosts, address, &host.host, host.tally);
        }
        // Before the first probe is handed out, the engine's own checkpoint is 0.
        if below > self.report.position {
            self.report.settled += below - self.report.position;
            self.report.position = below;
        }
    }
}

fn add(hosts: &mut Hosts, address: IpAddr, name: &str, tally: Tally) {
    let none = || HostTally { address, host: name.to_owned(), tally: Tally::default() };
    let host = hosts.entry(address).or_insert_with(none);
    host.tally.closed += tally.closed;
    host.tally.filtered += tally.filtered;
}

#[cfg(test)]
mod tests {
    use portscan::Probe;

    use super::*;

    #[test]
    fn nothing_is_counted_before_a_checkpoint_covers_it() {
        let plan = Plan::new([("127.0.0.1/32".parse().unwrap(), "127.0.0.1".to_owned())]);
        let request = serde_json::from_str(r#"{"target": "127.0.0.1", "ports": "1-10"}"#).unwrap();
        let ledger = Ledger::new(plan, &request, Order::new(0..10, 1), 0);
        ledger.note(Event::Verdict { number: 0, state: State::Closed });
        ledger.note(Event::Open(Probe { number: 5, address: ([127, 0, 0, 1], 6).into() }));
        let early = ledger.take().unwrap();
        assert_eq!((early.position, early.settled, early.found.len(), early.hosts.len()), (0, 0, 1, 0));
        ledger.note(Event::Settled { below: 1, tally: portscan::Tally::default() });
        let report = ledger.take().unwrap();
        assert_eq!((report.position, report.settled, report.hosts[0].tally.closed), (1, 1, 1));
        assert_eq!(ledger.take(), None);
    }
}
