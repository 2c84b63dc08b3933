//! Hosts that seem to open every port: what is told of them, and what only counted.

use std::{
    collections::{HashMap, HashSet},
    mem,
    net::IpAddr,
};

use shared::event::FoundPort;

/// So many open ports of one host in one shard are suspicious.
const MANY: usize = 200;

/// The open ports of each host of a shard, for as long as it takes to know what they mean.
#[derive(Debug, Default)]
pub(super) struct Openings {
    hosts: HashMap<IpAddr, Host>,
    /// Suspects that nobody has looked into yet.
    suspects: Vec<IpAddr>,
}

#[derive(Debug, Default)]
struct Host {
    standing: Standing,
    /// Positions of the ports that were told, and so are counted when they are stored.
    told: HashSet<u64>,
    /// Open ports that wait for the decision.
    held: Vec<FoundPort>,
    /// Verdicts of those.
    settled: i64,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Standing {
    #[default]
    Usual,
    /// Too many are open: it is looked into.
    Suspect,
    Cleared,
    /// Whatever is tried is open.
    Open,
}

/// What was held back of a host until its standing was known.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Decided {
    /// To be told.
    pub(super) found: Vec<FoundPort>,
    /// Only to be counted.
    pub(super) counted: i64,
}

impl Openings {
    /// With hosts that are known to open every port.
    pub(super) fn new(all_open: impl IntoIterator<Item = IpAddr>) -> Self {
        let open = |address| (address, Host { standing: Standing::Open, ..Host::default() });
        Self { hosts: all_open.into_iter().map(open).collect(), suspects: Vec::new() }
    }

    /// Takes in an open port at a position; gives it back if it is to be told now.
    pub(super) fn open(&mut self, position: u64, port: FoundPort) -> Option<FoundPort> {
        let host = self.hosts.entry(port.address).or_default();
        match host.standing {
            Standing::Cleared => return Some(port),
            Standing::Open => return None,
            Standing::Suspect => {
                host.held.push(port);
                return None;
            }
            Standing::Usual => {}
        }
        host.told.insert(position);
        if host.told.len() >= MANY {
            host.standing = Standing::Suspect;
            self.suspects.push(port.address);
        }
        Some(port)
    }

    /// Takes in the verdict that the port at a position is open; whether it is to be counted now, as it is never stored.
    pub(super) fn settle(&mut self, position: u64, address: IpAddr) -> bool {
        let Some(host) = self.hosts.get_mut(&address) else { return false };
        let is_told = host.told.contains(&position);
        host.settled += i64::from(host.standing == Standing::Suspect && !is_told);
        host.standing == Standing::Open && !is_told
    }

    /// The suspects to look into.
    pub(super) fn take_suspects(&mut self) -> Vec<IpAddr> {
        mem::take(&mut self.suspects)
    }

    /// Whether something is held back until a suspect is decided on.
    pub(super) fn is_undecided(&self) -> bool {
        self.hosts.values().any(|host| host.standing == Standing::Suspect)
    }

    /// Clears all suspects; gives what was held back of them.
    pub(super) fn believe_all(&mut self) -> Vec<FoundPort> {
        let suspects = self.hosts.iter().filter(|(_, host)| host.standing == Standing::Suspect);
        let addresses: Vec<IpAddr> = suspects.map(|(address, _)| *address).collect();
        addresses.into_iter().flat_map(|address| self.decide(address, false).found).collect()
    }

    /// Decides on a suspect.
    pub(super) fn decide(&mut self, address: IpAddr, opens_every_port: bool) -> Decided {
        let Some(host) = self.hosts.get_mut(&address) else { return Decided::default() };
        let (held, settled) = (mem::take(&mut host.held), mem::take(&mut host.settled));
        if opens_every_port {
            host.standing = Standing::Open;
            Decided { found: Vec::new(), counted: settled }
        } else {
            host.standing = Standing::Cleared;
            Decided { found: held, counted: 0 }
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::scan::Protocol;

    use super::*;

    const HOST: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(198, 18, 0, 2));

    fn port(number: u16) -> FoundPort {
        let (host, protocol) = ("host".to_owned(), Protocol::Tcp);
        FoundPort { address: HOST, host, port: number, protocol, unit: number.into() }
    }

    /// With one more than enough open ports, all settled; how many were told.
    fn suspicious() -> (Openings, usize) {
        let mut openings = Openings::default();
        let numbers = 1..=u16::try_from(MANY).expect("few") + 1;
        let told = numbers.clone().filter_map(|number| openings.open(number.into(), port(number))).count();
        assert!(numbers.into_iter().all(|number| !openings.settle(number.into(), HOST)));
        (openings, told)
    }

    #[test]
    fn a_host_with_many_open_ports_is_looked_into_once() {
        let (mut openings, told) = suspicious();
        assert_eq!((told, openings.is_undecided(), openings.take_suspects()), (MANY, true, vec![HOST]));
        assert!(openings.take_suspects().is_empty());
    }

    #[test]
    fn what_was_held_back_of_a_host_that_is_cleared_is_told() {
        let (mut openings, _) = suspicious();
        assert_eq!(openings.decide(HOST, false), Decided { found: vec![port(201)], counted: 0 });
        assert!(openings.open(202, port(202)).is_some() && !openings.settle(202, HOST));
        assert!(!openings.is_undecided() && openings.take_suspects().len() == 1);
    }

    #[test]
    fn of_a_host_that_opens_every_port_the_rest_is_only_counted() {
        let (mut openings, _) = suspicious();
        assert_eq!(openings.decide(HOST, true), Decided { found: Vec::new(), counted: 1 });
        assert!(openings.open(202, port(202)).is_none() && openings.settle(202, HOST));
        assert!(!openings.settle(1, HOST), "it is counted when it is stored");
    }

    #[test]
    fn what_is_known_of_a_host_is_not_looked_into_again() {
        let mut openings = Openings::new([HOST]);
        assert!(openings.open(1, port(1)).is_none() && openings.settle(1, HOST));
        assert!(!openings.is_undecided() && openings.take_suspects().is_empty());
    }
}
