//! From where a key may be used.

use std::{fmt, net::IpAddr};

use ipnet::IpNet;

use crate::{
    error::{Invalid, Result},
    target_policy::{parse_net, parse_nets},
};

/// The blocks that a key may be used from; none means everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses(Vec<IpNet>);

impl Addresses {
    /// Reads addresses and CIDR blocks with commas between; an empty text is everywhere.
    ///
    /// # Errors
    /// `Invalid` that names the part which is neither.
    pub fn parse(text: &str) -> Result<Self> {
        Ok(Self(parse_nets(text).map_err(invalid)?))
    }

    /// Takes addresses and CIDR blocks one by one; none is everywhere.
    ///
    /// # Errors
    /// `Invalid` that names the one which is neither.
    pub fn from_blocks(blocks: &[String]) -> Result<Self> {
        let nets = blocks.iter().map(|block| parse_net(block)).collect::<std::result::Result<_, _>>();
        Ok(Self(nets.map_err(invalid)?))
    }

    /// Whether a key may be used from there. An IPv4 address inside an IPv6 one is the IPv4 address.
    #[must_use]
    pub fn allow(&self, from: IpAddr) -> bool {
        let from = from.to_canonical();
        self.0.is_empty() || self.0.iter().any(|net| net.contains(&from))
    }

    /// Whether a key may be used from everywhere.
    #[must_use]
    pub fn are_everywhere(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every place of the other is one of these.
    #[must_use]
    pub fn cover(&self, other: &Self) -> bool {
        let is_covered = |net: &IpNet| self.0.iter().any(|own| own.contains(net));
        self.0.is_empty() || (!other.0.is_empty() && other.0.iter().all(is_covered))
    }

    /// The blocks, as text.
    pub fn blocks(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(ToString::to_string)
    }
}

fn invalid(error: Invalid) -> Invalid {
    Invalid { field: "allowed_addresses", ..error }
}

impl fmt::Display for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.blocks().collect::<Vec<_>>().join(","))
    }
}

impl TryFrom<String> for Addresses {
    type Error = String;

    fn try_from(text: String) -> std::result::Result<Self, String> {
        Self::parse(&text).map_err(|error| format!("unreadable addresses in the database: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_holds_within_its_blocks_and_without_any_everywhere() {
        let allows = |list: &str, from: &str| Addresses::parse(list).unwrap().allow(from.parse().unwrap());
        assert!(allows("", "192.0.2.1") && allows("", "::1"));
        assert!(allows("192.0.2.0/24", "192.0.2.1") && !allows("192.0.2.0/24", "192.0.3.1"));
        assert!(allows("192.0.2.0/24", "::ffff:192.0.2.1") && !allows("192.0.2.0/24", "::1"));
        assert!(allows("192.0.2.7, 2001:db8::/32", "2001:db8::5") && allows("192.0.2.7", "192.0.2.7"));
        assert!(Addresses::parse("example.com").is_err() && Addresses::parse("10.0.0.0/33").is_err());
    }

    #[test]
    fn blocks_cover_what_lies_in_them_and_nothing_covers_everywhere_but_everywhere() {
        let covers =
            |one: &str, other: &str| Addresses::parse(one).unwrap().cover(&Addresses::parse(other).unwrap());
        assert!(covers("", "") && covers("", "192.0.2.1") && !covers("192.0.2.1", ""));
        assert!(covers("192.0.2.0/24,::1", "192.0.2.128/25,192.0.2.1") && covers("::1", "::1"));
        assert!(!covers("192.0.2.0/25", "192.0.2.0/24") && !covers("192.0.2.0/24", "192.0.2.1,::1"));
    }

    #[test]
    fn blocks_are_taken_one_by_one() {
        let read = |blocks: &[&str]| {
            Addresses::from_blocks(&blocks.iter().map(|block| (*block).to_owned()).collect::<Vec<_>>())
        };
        assert!(read(&[]).unwrap().are_everywhere());
        assert_eq!(read(&["192.0.2.7", "::1"]).unwrap(), Addresses::parse("192.0.2.7,::1").unwrap());
        for wrong in [&[""][..], &["192.0.2.7,::1"], &["::1", " "], &["example.com"]] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_text_reads_back() {
        let addresses = Addresses::parse("192.0.2.7,2001:db8::/32").unwrap();
        assert_eq!(Addresses::parse(&addresses.to_string()).unwrap(), addresses);
    }
}
