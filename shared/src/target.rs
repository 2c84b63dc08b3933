//! What a scan is aimed at: addresses, blocks of addresses, host names.
//!
//! Nothing here resolves a name or opens a socket.

mod hostname;
mod literal;

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::invalid::Invalid;

pub use hostname::Hostname;
pub(crate) use literal::canonical;

/// Bytes, of the text as given and of its canonical form.
const MAX_TEXT: usize = 4 * 1024;
const MAX_ENTRIES: usize = 64;
const MAX_ADDRESSES: u64 = 65_536;

/// One thing to scan, in canonical form when it comes from [`Target::parse`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Target {
    /// One address; an IPv4-mapped IPv6 address is held as the IPv4 address.
    Address(IpAddr),
    /// More than one address: the host bits are zero.
    Block(IpNet),
    /// A name, to be resolved once, when the scan begins.
    Host(Hostname),
}

impl Target {
    /// Reads one target, such as `192.0.2.1`, `[2001:db8::1]`, `10.0.0.0/24` or `example.com`.
    ///
    /// Shape: IPv4 as four decimal numbers; IPv6 plain or in brackets, without zone; a block as
    /// `address/prefix`, whose host bits are cleared; or a host name, see [`Hostname::parse`].
    ///
    /// # Errors
    /// [`Invalid`] with the field `target` for anything else, among it schemes, ports, user names and paths.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if let Some((_, why)) = FOREIGN.iter().find(|(mark, _)| text.contains(mark)) {
            return Err(refuse("Target", text, why));
        }
        if let Some((address, prefix)) = text.split_once('/') {
            return literal::block(text, address, prefix);
        }
        if let Some(address) = literal::address(text)? {
            return Ok(Self::Address(address));
        }
        Hostname::parse(text).map(Self::Host)
    }

    /// Counts the addresses, a host name as one; `u64::MAX` where there are more than that.
    #[must_use]
    pub fn address_count(&self) -> u64 {
        match self {
            Self::Address(_) | Self::Host(_) => 1,
            Self::Block(net) => {
                let host_bits = net.max_prefix_len() - net.prefix_len();
                1_u64.checked_shl(host_bits.into()).unwrap_or(u64::MAX)
            }
        }
    }
}

/// Marks of a URL or of a scoped address, and what to say to each. The order is that of the checks.
const FOREIGN: [(&str, &str); 3] = [
    ("://", "has a scheme: give the host without it, such as example.com"),
    ("@", "has a user name: give the host alone, such as example.com"),
    ("%", "has a zone id or an escape, which are not accepted: give a plain address or name"),
];

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(formatter),
            Self::Block(net) => net.fmt(formatter),
            Self::Host(name) => name.fmt(formatter),
        }
    }
}

impl TryFrom<String> for Target {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        target.to_string()
    }
}

/// The targets of one scan, in the order given: 1 to 64 entries, at most 65,536 addresses.
///
/// Serialized as its canonical text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TargetList {
    targets: Vec<Target>,
}

impl TargetList {
    /// Reads targets such as `192.0.2.1, 2001:db8::/120,example.com`.
    ///
    /// Shape: entries of [`Target::parse`] with commas between, spaces around an entry allowed, at
    /// most 4 KiB. A host name counts as one address. No two entries may have the same canonical
    /// text; blocks may overlap, and then each counts in full.
    ///
    /// # Errors
    /// [`Invalid`] with the field `target` for anything else; the message names the entry that failed.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let mut list = Self { targets: Vec::new() };
        check_length(text)?;
        for entry in text.split(',').map(|entry| entry.trim_matches(' ')) {
            list.push(entry)?;
        }
        // One zero group costs a character more as `0` than as `::`.
        check_length(&list.to_string())?;
        Ok(list)
    }

    fn push(&mut self, entry: &str) -> Result<(), Invalid> {
        let target = Target::parse(entry)?;
        if self.targets.len() >= MAX_ENTRIES {
            return Err(refuse("Target", entry, "is one too many: give at most 64 entries"));
        }
        if self.targets.contains(&target) {
            return Err(refuse("Target", entry, "is named twice: give each target once"));
        }
        if self.address_count().saturating_add(target.address_count()) > MAX_ADDRESSES {
            let why = "makes too many addresses: give at most 65536 altogether";
            return Err(refuse("Target", entry, why));
        }
        self.targets.push(target);
        Ok(())
    }

    /// Counts the addresses of all entries, a host name as one: 1 to 65,536.
    #[must_use]
    pub fn address_count(&self) -> u64 {
        self.targets.iter().map(Target::address_count).sum()
    }

    /// Walks over the entries in the order given.
    pub fn iter(&self) -> std::slice::Iter<'_, Target> {
        self.targets.iter()
    }
}

impl<'a> IntoIterator for &'a TargetList {
    type Item = &'a Target;
    type IntoIter = std::slice::Iter<'a, Target>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for TargetList {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut comma = "";
        for target in self {
            write!(formatter, "{comma}{target}")?;
            comma = ",";
        }
        Ok(())
    }
}

impl TryFrom<String> for TargetList {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<TargetList> for String {
    fn from(list: TargetList) -> Self {
        list.to_string()
    }
}

fn check_length(text: &str) -> Result<(), Invalid> {
    if text.len() > MAX_TEXT {
        return Err(refuse("Target list", text, "is too long: give at most 4096 bytes"));
    }
    Ok(())
}

fn refuse(what: &str, value: &str, why: &str) -> Invalid {
    Invalid::part("target", what, value, why)
}

#[cfg(test)]
mod tests;
