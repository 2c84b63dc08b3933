//! What the engine has settled and found since the last report.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    mem,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use portscan::{Event, Probe, State, System};
use shared::{
    event::{FoundPort, FoundService},
    job::report::Report,
    ports::PortSet,
    scan::{
        Protocol, ScanRequest,
        plan::{Plan, Unit},
        warning::{Warning, WarningCode},
    },
    store::scans::HostTally,
};
use tokio::sync::Notify;

use super::{
    openings::{Decided, Openings},
    order::Order,
};

/// Written by the engine's thread, emptied by the reporter. The engine's numbers are positions of the order.
#[derive(Debug)]
pub(super) struct Ledger {
    plan: Plan,
    ports: PortSet,
    protocol: Protocol,
    order: Order,
    known: HashSet<i64>,
    absent: HashSet<IpAddr>,
    asks_for_systems: bool,
    pages: Mutex<Pages>,
    /// Rung for an open port: people wait for those.
    pub(super) found: Notify,
}

/// What is known of a shard before it is tried.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Units that were found open before.
    pub(super) open: HashSet<i64>,
    /// Addresses where nobody is.
    pub(super) absent: HashSet<IpAddr>,
    /// Addresses where every port is open.
    pub(super) all_open: Vec<IpAddr>,
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
    openings: Openings,
    /// What the answers of open ports look like, until somebody asks.
    systems: HashMap<SocketAddr, System>,
}

/// Open ports that may wait for their services to be found out; of more than these, the answers' looks are forgotten.
const SYSTEMS: usize = 65_536;

type Hosts = BTreeMap<IpAddr, HostTally>;

impl Ledger {
    pub(super) fn new(
        plan: Plan,
        request: &ScanRequest,
        order: Order,
        position: i64,
        known: Known,
    ) -> Arc<Self> {
        let Known { open, absent, all_open } = known;
        let skipped = absent
            .iter()
            .min()
            .map(|first| Warning { code: WarningCode::HostsSkipped, address: Some(*first) });
        let report = Report { position, warnings: skipped.into_iter().collect(), ..Report::default() };
        let openings = Openings::new(all_open);
        let (hosts, ahead, systems) = (Hosts::new(), Hosts::new(), HashMap::new());
        let pages = Mutex::new(Pages { report, hosts, ahead, openings, systems });
        Arc::new(Self {
            plan,
            ports: request.ports.clone(),
            protocol: request.scan_type.protocol(),
            order,
            known: open,
            absent,
            asks_for_systems: request.options.os_detection,
            pages,
            found: Notify::new(),
        })
    }

    /// What to try at a position: nothing where the answer is known, or nobody is there.
    pub(super) fn probe(&self, position: i64) -> Option<Probe> {
        let (number, Unit { address, .. }) = self.unit(position)?;
        let is_known = self.known.contains(&number) || self.absent.contains(&address.ip());
        let number = u64::try_from(position).ok().filter(|_| !is_known)?;
        Some(Probe { number, address })
    }

    /// The number of the unit at a position, and the unit.
    fn unit(&self, position: i64) -> Option<(i64, Unit<'_>)> {
        let number = self.order.unit(position)?;
        Some((number, self.plan.unit(&self.ports, number)?))
    }

    /// Notes one event of the engine.
    pub(super) fn note(&self, event: Event) {
        let mut pages = self.pages();
        match event {
            Event::Open(probe) => {
                let Some((unit, Unit { address, host, .. })) = self.at(probe.number) else { return };
                let (address, port, protocol) = (address.ip(), address.port(), self.protocol);
                let port = FoundPort { address, host: host.to_owned(), port, protocol, unit };
                let told = pages.openings.open(probe.number, port);
                pages.report.found.extend(told);
                self.found.notify_one();
            }
            Event::Shape { address, shape } => {
                if self.asks_for_systems
                    && pages.systems.len() < SYSTEMS
                    && let Some(system) = shape.system()
                {
                    pages.systems.insert(address, system);
                }
            }
            Event::Verdict { number, state } => self.count(&mut pages, number, state),
            Event::Settled { below, .. } => {
                self.advance(&mut pages, i64::try_from(below).unwrap_or(i64::MAX));
            }
        }
    }

    /// Hosts with suspiciously many open ports, each once. Nothing is taken until all are decided on.
    pub(super) fn take_suspects(&self) -> Vec<IpAddr> {
        self.pages().openings.take_suspects()
    }

    /// Takes the open ports of all suspects for what they seem.
    pub(super) fn believe_all(&self) {
        let mut pages = self.pages();
        let found = pages.openings.believe_all();
        pages.report.found.extend(found);
    }

    /// Notes whether a suspect opens whatever port is tried.
    pub(super) fn decide(&self, address: IpAddr, opens_every_port: bool) {
        let mut pages = self.pages();
        let Decided { found, counted } = pages.openings.decide(address, opens_every_port);
        pages.report.found.extend(found);
        if !opens_every_port {
            return;
        }
        pages.systems.retain(|open, _| open.ip() != address);
        let name = self.plan.host(address).unwrap_or_default();
        host(&mut pages.hosts, address, name).all_ports_open = true;
        host(&mut pages.ahead, address, name).tally.open += counted;
        drop(pages);
        self.warn(Warning { code: WarningCode::AllPortsOpen, address: Some(address) });
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
        self.advance(&mut self.pages(), end);
    }

    /// Settles what is ahead of the checkpoint, once the engine has reported its last.
    pub(super) fn settle_ahead(&self) {
        self.advance(&mut self.pages(), 0);
    }

    /// Notes what runs on open ports.
    pub(super) fn identified(&self, services: Vec<FoundService>) {
        self.pages().report.services.extend(services);
    }

    /// Takes what the answer of an open port looks like, if that is known.
    pub(super) fn take_system(&self, address: SocketAddr) -> Option<System> {
        self.pages().systems.remove(&address)
    }

    /// Takes what is pending; `None` when nothing has changed, or a suspect is not decided on.
    pub(super) fn take(&self) -> Option<Report> {
        let mut pages = self.pages();
        if pages.openings.is_undecided() {
            return None;
        }
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

    fn count(&self, pages: &mut Pages, number: u64, state: State) {
        let Some((_, unit)) = self.at(number) else { return };
        let address = unit.address.ip();
        match state {
            State::Open if pages.openings.settle(number, address) => {
                host(&mut pages.ahead, address, unit.host).tally.open += 1;
            }
            // Counted when the port itself is stored.
            State::Open => {}
            State::Closed => host(&mut pages.ahead, address, unit.host).tally.closed += 1,
            State::Filtered => host(&mut pages.ahead, address, unit.host).tally.filtered += 1,
        }
    }

    /// Moves the checkpoint over what is ahead of it. Units that were known to be open, and those of hosts that are not
    /// there, are settled on the way, though nobody tried them.
    fn advance(&self, pages: &mut Pages, below: i64) {
        for (address, ahead) in mem::take(&mut pages.ahead) {
            let tally = &mut host(&mut pages.hosts, address, &ahead.host).tally;
            tally.open += ahead.tally.open;
            tally.closed += ahead.tally.closed;
            tally.filtered += ahead.tally.filtered;
        }
        let passed = pages.report.position..below;
        // Before the first probe is handed out, the engine's own checkpoint is 0.
        if passed.is_empty() {
            return;
        }
        pages.report.settled += below - pages.report.position;
        pages.report.position = below;
        if self.absent.is_empty() {
            return;
        }
        for (_, unit) in passed.filter_map(|position| self.unit(position)) {
            let address = unit.address.ip();
            if self.absent.contains(&address) {
                let host = host(&mut pages.hosts, address, unit.host);
                host.tally.filtered += 1;
                host.skipped += 1;
            }
        }
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is counted of a host.
fn host<'a>(hosts: &'a mut Hosts, address: IpAddr, name: &str) -> &'a mut HostTally {
    hosts.entry(address).or_insert_with(|| HostTally::new(address, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_counted_before_a_checkpoint_covers_it() {
        let plan = Plan::new([("127.0.0.1/32".parse().unwrap(), "127.0.0.1".to_owned())]);
        let request = serde_json::from_str(r#"{"target": "127.0.0.1", "ports": "1-10"}"#).unwrap();
        let ledger = Ledger::new(plan, &request, Order::new(0..10, 1), 0, Known::default());
        ledger.note(Event::Verdict { number: 0, state: State::Closed });
        ledger.note(Event::Open(Probe { number: 5, address: ([127, 0, 0, 1], 6).into() }));
        let early = ledger.take().unwrap();
        assert_eq!((early.position, early.settled, early.found.len(), early.hosts.len()), (0, 0, 1, 0));
        ledger.note(Event::Settled { below: 1, tally: portscan::Tally::default() });
        let report = ledger.take().unwrap();
        assert_eq!((report.position, report.settled, report.hosts[0].tally.closed), (1, 1, 1));
        assert_eq!(ledger.take(), None);
    }

    #[test]
    fn the_units_of_a_host_that_is_not_there_are_settled_as_filtered_and_never_tried() {
        let plan = Plan::new([("198.51.100.0/31".parse().unwrap(), "198.51.100.0/31".to_owned())]);
        let request = serde_json::from_str(r#"{"target": "198.51.100.0/31", "ports": "1-10"}"#).unwrap();
        let gone: IpAddr = "198.51.100.1".parse().unwrap();
        let known = Known { absent: HashSet::from([gone]), ..Known::default() };
        let ledger = Ledger::new(plan, &request, Order::new(0..20, 1), 0, known);
        let probes: Vec<Probe> = (0..20).filter_map(|position| ledger.probe(position)).collect();
        assert!(probes.len() == 10 && probes.iter().all(|probe| probe.address.ip() != gone));
        for probe in probes {
            ledger.note(Event::Verdict { number: probe.number, state: State::Closed });
        }
        ledger.settle_below(20);
        let report = ledger.take().unwrap();
        let told: Vec<_> =
            report.hosts.iter().map(|host| (host.tally.closed, host.tally.filtered, host.skipped)).collect();
        assert_eq!(told, [(10, 0, 0), (0, 10, 10)]);
        assert_eq!((report.settled, report.warnings[0].code), (20, WarningCode::HostsSkipped));
    }

    #[test]
    fn a_host_that_opens_every_port_is_counted_whole_and_told_in_part() {
        let plan = Plan::new([("198.51.100.7/32".parse().unwrap(), "pit.test".to_owned())]);
        let request = serde_json::from_str(r#"{"target": "pit.test", "ports": "1-1000"}"#).unwrap();
        let ledger = Ledger::new(plan, &request, Order::new(0..1000, 1), 0, Known::default());
        let mut told = 0;
        for probe in (0..1000).filter_map(|position| ledger.probe(position)) {
            ledger.note(Event::Open(probe));
            ledger.note(Event::Verdict { number: probe.number, state: State::Open });
            for suspect in ledger.take_suspects() {
                assert_eq!(ledger.take(), None, "nothing is told until it is decided on");
                ledger.decide(suspect, true);
            }
            told += ledger.take().map_or(0, |report| report.found.len());
        }
        ledger.settle_below(1000);
        let report = ledger.take().unwrap();
        let (host, counted) = (&report.hosts[0], i64::try_from(1000 - told).unwrap());
        assert_eq!((report.settled, host.tally.open, told), (1000, counted, 200));
    }
}
