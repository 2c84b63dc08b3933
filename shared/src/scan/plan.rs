//! The plan of a scan: its addresses, and the order in which units are tried.

use std::{
    net::{IpAddr, SocketAddr},
    ops::Range,
};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::{event::UnresolvedHost, ports::PortSet};

/// What is scanned, after names were resolved. Stored with the scan as JSON; never a list of every address.
///
/// A *unit* is one port of one address. Units are numbered from 0: all ports of the first address, then all of the
/// next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    blocks: Vec<Block>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unresolved: Vec<UnresolvedHost>,
}

/// Neighbouring addresses that were given as one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Block {
    net: IpNet,
    host: String,
}

/// One unit of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit<'a> {
    /// What to try.
    pub address: SocketAddr,
    /// The target as it was given.
    pub host: &'a str,
    /// Whether that is one of many addresses of a block, and not an address or name that was given by itself.
    pub of_block: bool,
}

impl Plan {
    /// Plans the given blocks, each with the target that named it; addresses that come twice are planned once.
    #[must_use]
    pub fn new(blocks: impl IntoIterator<Item = (IpNet, String)>) -> Self {
        let mut kept: Vec<Block> = Vec::new();
        for (net, host) in blocks {
            let net = net.trunc();
            // Two CIDR blocks either nest or have nothing in common.
            if kept.iter().any(|block| block.net.contains(&net)) {
                continue;
            }
            kept.retain(|block| !net.contains(&block.net));
            kept.push(Block { net, host });
        }
        Self { blocks: kept, unresolved: Vec::new() }
    }

    /// The same plan, with the hosts that it had to leave out.
    #[must_use]
    pub fn leaving_out(self, unresolved: Vec<UnresolvedHost>) -> Self {
        Self { unresolved, ..self }
    }

    /// The hosts that are not scanned, because their names have no address.
    #[must_use]
    pub fn unresolved(&self) -> &[UnresolvedHost] {
        &self.unresolved
    }

    /// How many addresses are scanned.
    #[must_use]
    pub fn addresses(&self) -> i64 {
        self.blocks.iter().fold(0, |sum: i64, block| sum.saturating_add(size(block.net)))
    }

    /// How many units there are with `ports`.
    #[must_use]
    pub fn units(&self, ports: &PortSet) -> i64 {
        self.addresses().saturating_mul(width(ports))
    }

    /// Whether nothing of it leaves the machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.blocks
            .iter()
            .all(|Block { net, .. }| net.network().is_loopback() && net.broadcast().is_loopback())
    }

    /// The target that an address was given by.
    #[must_use]
    pub fn host(&self, address: IpAddr) -> Option<&str> {
        self.blocks.iter().find(|block| block.net.contains(&address)).map(|block| block.host.as_str())
    }

    /// A unit of each address that has some among `units`.
    pub fn hosts<'a>(&'a self, ports: &'a PortSet, units: &Range<i64>) -> impl Iterator<Item = Unit<'a>> {
        let width = width(ports).max(1);
        let (first, end) = (units.start / width, units.end.saturating_add(width - 1) / width);
        (first..end).filter_map(move |nth| self.unit(ports, nth.saturating_mul(width)))
    }

    /// The unit of that number.
    #[must_use]
    pub fn unit(&self, ports: &PortSet, number: i64) -> Option<Unit<'_>> {
        let port = ports.get(usize::try_from(number.checked_rem(width(ports))?).ok()?)?;
        let mut nth = number / width(ports);
        for block in &self.blocks {
            if nth < size(block.net) {
                let address = offset(block.net.network(), nth)?;
                let of_block = size(block.net) > 1;
                return Some(Unit { address: SocketAddr::new(address, port), host: &block.host, of_block });
            }
            nth -= size(block.net);
        }
        None
    }
}

fn width(ports: &PortSet) -> i64 {
    i64::try_from(ports.len()).unwrap_or(i64::MAX)
}

fn size(net: IpNet) -> i64 {
    let free_bits = u32::from(net.max_prefix_len() - net.prefix_len());
    1_i64.checked_shl(free_bits).filter(|_| free_bits < 63).unwrap_or(i64::MAX)
}

fn offset(first: IpAddr, nth: i64) -> Option<IpAddr> {
    match first {
        IpAddr::V4(first) => {
            u32::from(first).checked_add(u32::try_from(nth).ok()?).map(|sum| IpAddr::V4(sum.into()))
        }
        IpAddr::V6(first) => {
            u128::from(first).checked_add(u128::try_from(nth).ok()?).map(|sum| IpAddr::V6(sum.into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn plan(nets: &[&str]) -> Plan {
        Plan::new(nets.iter().map(|net| (net.parse().unwrap(), (*net).to_owned())))
    }

    #[test]
    fn an_address_in_two_blocks_is_planned_once() {
        assert_eq!(plan(&["127.0.0.1/32", "127.0.0.0/30", "127.0.0.2/32", "::1/128"]).addresses(), 5);
    }

    #[test]
    fn only_loopback_is_local() {
        assert!(plan(&["127.0.0.1/32", "127.0.0.0/8", "::1/128"]).is_local());
        for net in ["0.0.0.0/0", "126.0.0.0/7", "198.51.100.1/32", "::/127", "::1/127", "2001:db8::1/128"] {
            assert!(!plan(&["127.0.0.1/32", net]).is_local(), "{net}");
        }
    }

    #[test]
    fn a_block_of_every_address_has_a_size() {
        assert_eq!(plan(&["::/0"]).addresses(), i64::MAX);
        assert_eq!(plan(&["0.0.0.0/0"]).addresses(), 1 << 32);
    }

    #[test]
    fn the_hosts_of_some_units_are_those_that_the_units_are_of() {
        let plan = plan(&["127.0.0.8/30", "127.0.0.1/32"]);
        let ports = PortSet::parse("1-10").unwrap();
        let hosts = |units: Range<i64>| -> Vec<(String, bool)> {
            let hosts = plan.hosts(&ports, &units);
            hosts.map(|unit| (unit.address.ip().to_string(), unit.of_block)).collect()
        };
        let host = |address: &str, of_block| (address.to_owned(), of_block);
        assert_eq!(hosts(9..11), [host("127.0.0.8", true), host("127.0.0.9", true)]);
        assert_eq!(hosts(30..40), [host("127.0.0.11", true)]);
        assert_eq!(hosts(40..50), [host("127.0.0.1", false)]);
        assert_eq!(hosts(20..20), []);
    }

    proptest! {
        #[test]
        fn every_unit_is_visited_once(first in 20_u8..=32, second in 118_u8..=128, ports in 1_u16..50) {
            let plan = plan(&[&format!("127.0.0.0/{}", first.max(26)), &format!("::/{}", second.max(124))]);
            let ports = PortSet::parse(&format!("1-{ports}")).unwrap();
            let units = plan.units(&ports);
            let visited: HashSet<SocketAddr> = (0..units).map(|number| plan.unit(&ports, number).unwrap().address).collect();
            prop_assert_eq!(i64::try_from(visited.len()).unwrap(), units);
            prop_assert_eq!(plan.unit(&ports, units), None);
        }
    }
}
