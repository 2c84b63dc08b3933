//! Addresses and blocks of addresses, strictly as written.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net};

use crate::invalid::Invalid;

use super::{Target, refuse};

/// The bits before the IPv4 part of an IPv4-mapped IPv6 address.
const MAPPED_BITS: u8 = 96;

const NO_PORT: &str = "has a port: give the host here and ports in `ports`";
const NO_ADDRESS: &str = "is no IPv6 address: give one such as 2001:db8::1 or [2001:db8::1]";
const NO_PREFIX: &str =
    "has a bad prefix length: give 0 to 32 for IPv4, 0 to 128 for IPv6, such as 10.0.0.0/24";
const NO_PATH: &str = "has a path or is a malformed block: give a host alone, or a block such as 10.0.0.0/24";

/// Reads an address; `None` for what may still be a host name.
pub(super) fn address(text: &str) -> Result<Option<IpAddr>, Invalid> {
    if let Some(inside) = text.strip_prefix('[') {
        return bracketed(text, inside).map(Some);
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(Some(address.to_canonical()));
    }
    if text.contains([':', ']']) {
        return Err(refuse("Target", text, colon_fault(text)));
    }
    Ok(None)
}

fn bracketed(text: &str, inside: &str) -> Result<IpAddr, Invalid> {
    let Some((inside, after)) = inside.split_once(']') else {
        return Err(refuse("Target", text, NO_ADDRESS));
    };
    match inside.parse::<Ipv6Addr>() {
        Ok(address) if after.is_empty() => Ok(IpAddr::V6(address).to_canonical()),
        Ok(_) if after.starts_with(':') => Err(refuse("Target", text, NO_PORT)),
        Ok(_) | Err(_) => Err(refuse("Target", text, NO_ADDRESS)),
    }
}

/// Tells `host:80` from a misspelt IPv6 address.
fn colon_fault(text: &str) -> &'static str {
    let port = text.split_once(':').is_some_and(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    if port { NO_PORT } else { NO_ADDRESS }
}

/// Reads a block from the two sides of its slash; one that holds a single address becomes that address.
pub(super) fn block(text: &str, address: &str, prefix: &str) -> Result<Target, Invalid> {
    let Ok(address) = address.parse::<IpAddr>() else {
        return Err(refuse("Target", text, NO_PATH));
    };
    let net = decimal(prefix).and_then(|prefix| IpNet::new(address, prefix).ok());
    let net = net.ok_or_else(|| refuse("Target", text, NO_PREFIX))?;
    let net = canonical(net);
    if net.prefix_len() == net.max_prefix_len() {
        return Ok(Target::Address(net.addr()));
    }
    Ok(Target::Block(net))
}

/// Clears the host bits, and takes the IPv4 block out of an IPv4-mapped one.
pub(crate) fn canonical(net: IpNet) -> IpNet {
    let IpAddr::V4(address) = net.addr().to_canonical() else {
        return net.trunc();
    };
    let prefix = match net {
        IpNet::V4(net) => Some(net.prefix_len()),
        IpNet::V6(net) => net.prefix_len().checked_sub(MAPPED_BITS),
    };
    let inner = prefix.and_then(|prefix| Ipv4Net::new(address, prefix).ok());
    inner.map_or(net, IpNet::V4).trunc()
}

/// Reads digits only: no sign, no leading zero.
fn decimal(text: &str) -> Option<u8> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten()
}
