//! Which TCP or UDP ports a scan covers, and in which order.

mod parse;
mod top;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::invalid::Invalid;

use parse::{Range, Spec};

/// A set of ports that is never empty, in scan order.
///
/// Scan order: the `top-N` part first, most useful port first, then the other ports ascending.
/// Each port comes once, also where it is in both parts. Two sets are equal when their canonical
/// texts are. Serialized as that text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PortSet {
    spec: Spec,
    /// The ports that are not in the `top-N` part, ascending, no two runs touching.
    runs: Vec<Run>,
    count: usize,
}

/// Consecutive ports at consecutive places of the scan order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Run {
    ports: Range,
    /// The index of the first of them, 0-based.
    start: usize,
}

impl PortSet {
    /// Reads a list of ports, such as `22-25,80` or `top-100,8443`.
    ///
    /// Shape: parts with commas between, spaces around a part allowed. A part is a decimal number
    /// from 1 to 65535, an ascending range `22-25`, or (once) `top-N` with N from 1 to 1000.
    /// No number may be named twice, except by the `top-N` part. At most 8 KiB.
    ///
    /// # Errors
    /// [`Invalid`] with the field `ports` for anything else; the message names the part that failed.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        parse::spec(text).map(Self::from_spec)
    }

    fn from_spec(spec: Spec) -> Self {
        let top = spec.top_ports();
        let mut runs = Vec::new();
        let mut count = top.len();
        for ports in spec.ranges_without(top) {
            runs.push(Run { ports, start: count });
            count += ports.len();
        }
        Self { spec, runs, count }
    }

    /// Counts the ports: 1 to 65535.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a set of ports is never empty")]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Finds the port at a 0-based place of the scan order, in logarithmic time.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<u16> {
        if let Some(port) = self.spec.top_ports().get(index) {
            return Some(*port);
        }
        let after = self.runs.partition_point(|run| run.start <= index);
        let run = self.runs.get(after.checked_sub(1)?)?;
        run.ports.nth(index.checked_sub(run.start)?)
    }

    /// Walks over the ports in scan order.
    pub fn iter(&self) -> impl Iterator<Item = u16> {
        let rest = self.runs.iter().flat_map(|run| run.ports.first..=run.ports.last);
        self.spec.top_ports().iter().copied().chain(rest)
    }

    /// Says whether the port is in the set.
    #[must_use]
    pub fn contains(&self, port: u16) -> bool {
        let after = self.runs.partition_point(|run| run.ports.first <= port);
        let run = after.checked_sub(1).and_then(|at| self.runs.get(at));
        run.is_some_and(|run| port <= run.ports.last) || self.spec.top_ports().contains(&port)
    }
}

impl Default for PortSet {
    /// The ports 1 to 1000.
    fn default() -> Self {
        Self::from_spec(Spec::of_range(Range { first: 1, last: 1000 }))
    }
}

impl fmt::Display for PortSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spec.fmt(formatter)
    }
}

impl TryFrom<String> for PortSet {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<PortSet> for String {
    fn from(ports: PortSet) -> Self {
        ports.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(text: &str) -> Vec<u16> {
        PortSet::parse(text).unwrap().iter().collect()
    }

    #[test]
    fn explicit_ports_are_scanned_in_ascending_order() {
        assert_eq!(listed("80"), [80]);
        assert_eq!(listed("443 , 22-25,80"), [22, 23, 24, 25, 80, 443]);
        assert_eq!(PortSet::parse("1-65535").unwrap().len(), 65535);
        assert_eq!(PortSet::default(), PortSet::parse("1-1000").unwrap());
    }

    #[test]
    fn top_ports_come_first_and_once() {
        assert_eq!(listed("top-3"), [80, 443, 22]);
        assert_eq!(listed("79-81,443,top-2,8443"), [80, 443, 79, 81, 8443]);
        assert_eq!(PortSet::parse("top-1000,1-65535").unwrap().len(), 65535);
        assert_eq!(PortSet::parse("top-1000").unwrap().len(), 1000);
    }

    #[test]
    fn a_place_of_the_order_finds_its_port() {
        let ports = PortSet::parse("top-2,79-82,8443").unwrap();
        let found: Vec<_> = (0..=ports.len()).map(|index| ports.get(index)).collect();
        assert_eq!(found, [Some(80), Some(443), Some(79), Some(81), Some(82), Some(8443), None]);
        assert_eq!(ports.get(usize::MAX), None);
    }

    #[test]
    fn membership_follows_both_parts() {
        let ports = PortSet::parse("top-1,20-22,65535").unwrap();
        assert!([20, 22, 80, 65535].into_iter().all(|port| ports.contains(port)));
        assert!(![0, 1, 19, 23, 81, 65534].into_iter().any(|port| ports.contains(port)));
    }

    #[test]
    fn the_text_is_canonical() {
        for (text, canonical) in
            [("80", "80"), ("25,22-24 , 80", "22-25,80"), ("7-7", "7"), (" 8443, top-100", "top-100,8443")]
        {
            assert_eq!(PortSet::parse(text).unwrap().to_string(), canonical);
        }
    }

    #[test]
    fn json_carries_the_text() {
        let ports: PortSet = serde_json::from_str("\"80, 22\"").unwrap();
        assert_eq!(serde_json::to_string(&ports).unwrap(), "\"22,80\"");
        assert!(serde_json::from_str::<PortSet>("\"0\"").is_err());
    }
}
