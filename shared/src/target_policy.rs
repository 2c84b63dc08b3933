//! Which addresses the operator lets users aim at.
//!
//! Everything here is a function of the address: nothing resolves a name or opens a socket.

mod rules;

use std::net::IpAddr;

use ipnet::IpNet;

use crate::invalid::Invalid;
use crate::target::{Target, canonical};

use rules::{Rule, overlap};

/// What may be scanned. `deny` goes before `allow`, and `allow` before the base.
///
/// An IPv4-mapped IPv6 address or block is treated as the IPv4 one inside. What `deny` and the base
/// say of an IPv4 address also holds for the same address behind NAT64 (`64:ff9b::/96`) or 6to4 (`2002::/16`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetPolicy {
    /// What is refused when neither list says otherwise.
    pub base: Base,
    /// Permitted whatever the base says.
    pub allow: Vec<IpNet>,
    /// Refused whatever else is said.
    pub deny: Vec<IpNet>,
}

/// What is refused when no list of the operator says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// Refuses only what no port scan is meant for: link-local, cloud metadata, multicast, broadcast, unspecified.
    Trusting,
    /// Refuses also every address that is not public: private, loopback, documentation, translated, reserved.
    PublicOnly,
}

/// A target that is well formed, but that the policy does not permit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Target `{address_or_block}` is refused: {reason}{hint}")]
pub struct Refusal {
    /// The address or block that was checked.
    pub address_or_block: String,
    /// Which rule refused it.
    pub reason: &'static str,
    /// What the operator may do about it; empty where there is nothing to say.
    pub hint: &'static str,
}

const HINT: &str = "; the operator may permit it with VEDETTE_TARGETS_ALLOW";

impl TargetPolicy {
    /// Checks a target; host names pass, since their addresses are checked once they are resolved.
    ///
    /// # Errors
    /// [`Refusal`] for an address or block that is not permitted.
    pub fn check(&self, target: &Target) -> Result<(), Refusal> {
        match target {
            Target::Address(address) => self.check_address(*address),
            Target::Block(net) => self.check_block(*net),
            Target::Host(_) => Ok(()),
        }
    }

    /// Checks one address.
    ///
    /// # Errors
    /// [`Refusal`] if it is not permitted.
    pub fn check_address(&self, address: IpAddr) -> Result<(), Refusal> {
        let fault = self.fault(IpNet::from(address));
        fault.map_or(Ok(()), |reason| Err(self.refusal(address.to_string(), reason)))
    }

    /// Checks every address of a block at once: it passes only if each of them does.
    ///
    /// # Errors
    /// [`Refusal`] if a part of it is not permitted.
    pub fn check_block(&self, net: IpNet) -> Result<(), Refusal> {
        let fault = self.fault(net);
        fault.map_or(Ok(()), |reason| Err(self.refusal(net.to_string(), reason)))
    }

    /// Finds the first rule that refuses a part of the block.
    fn fault(&self, net: IpNet) -> Option<&'static str> {
        let net = canonical(net);
        if self
            .deny
            .iter()
            .flat_map(|denied| rules::forms(*denied))
            .any(|denied| overlap(denied, net).is_some())
        {
            return Some(rules::DENIED);
        }
        let allowed: Vec<IpNet> = self.allow.iter().map(|net| canonical(*net)).collect();
        let allowed = IpNet::aggregate(&allowed);
        let permits = |part: IpNet| allowed.iter().any(|allow| allow.contains(&part));
        let refuses = |rule: &Rule| rule.parts_of(net).any(|part| !permits(part));
        self.base_rules().find(refuses).map(|rule| rule.reason)
    }

    fn base_rules(&self) -> impl Iterator<Item = Rule> {
        let more = match self.base {
            Base::Trusting => [].as_slice(),
            Base::PublicOnly => rules::NOT_PUBLIC,
        };
        rules::NEVER.iter().chain(more).copied()
    }

    fn refusal(&self, address_or_block: String, reason: &'static str) -> Refusal {
        let hint = match self.base {
            Base::PublicOnly if reason != rules::DENIED => HINT,
            Base::PublicOnly | Base::Trusting => "",
        };
        Refusal { address_or_block, reason, hint }
    }
}

/// Reads a list of addresses and blocks, such as `10.0.0.0/8, 2001:db8::1`; an empty text is an empty list.
///
/// Shape: addresses and blocks of [`Target::parse`] with commas between, spaces around them allowed.
///
/// # Errors
/// [`Invalid`] with the field `nets` for anything else; the message names the part that failed.
pub fn parse_nets(text: &str) -> Result<Vec<IpNet>, Invalid> {
    if text.trim_matches(' ').is_empty() {
        return Ok(Vec::new());
    }
    text.split(',').map(|part| parse_net(part.trim_matches(' '))).collect()
}

/// Reads one address or block, such as `10.0.0.0/8`.
///
/// # Errors
/// [`Invalid`] with the field `nets` for anything else.
pub fn parse_net(text: &str) -> Result<IpNet, Invalid> {
    match Target::parse(text) {
        Ok(Target::Address(address)) => Ok(IpNet::from(address)),
        Ok(Target::Block(net)) => Ok(net),
        Ok(Target::Host(_)) => Err(Invalid::part(
            "nets",
            "Network",
            text,
            "is a host name: give addresses and blocks such as 10.0.0.0/8",
        )),
        Err(error) => Err(Invalid { field: "nets", ..error }),
    }
}

#[cfg(test)]
mod tests;
