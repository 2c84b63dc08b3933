use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    os::fd::OwnedFd,
    time::Duration,
};

use rustix::{
    io::Errno,
    net::{self, AddressFamily, SocketFlags, SocketType, sockopt},
};

use crate::{event::Shortage, wire::Reply};

/// Ports below this are not given out as local ports by any usual configuration.
const FIRST_LOCAL_PORT: u16 = 1024;

fn family(v6: bool) -> AddressFamily {
    if v6 { AddressFamily::INET6 } else { AddressFamily::INET }
}

/// An address as the kernel sends to it: an IPv4 address in the form of IPv6 is an IPv4 address.
pub(crate) fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => (ip, address.port()).into(),
        IpAddr::V6(_) => address,
    }
}

fn open_of(kind: SocketType, v6: bool) -> Result<OwnedFd, Errno> {
    net::socket_with(family(v6), kind, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC, None)
}

/// A TCP socket that closes by RST: an open port is left without `TIME_WAIT` on our side.
pub(crate) fn open(v6: bool) -> Result<OwnedFd, Errno> {
    let socket = open_of(SocketType::STREAM, v6)?;
    sockopt::set_socket_linger(&socket, Some(Duration::ZERO))?;
    Ok(socket)
}

/// Tells whom a connected socket has met.
///
/// On the scanner's own host, a local port of ours may be the very port that is tried. A connection may then meet
/// itself, or another connection of ours that tries the opposite; both look open though nobody listens.
pub(crate) fn judge_connected(socket: &OwnedFd, peer: SocketAddr) -> Reply {
    // Without a local address the connection is gone again: nothing is proven.
    let local = net::getsockname(socket).ok().and_then(|local| SocketAddr::try_from(local).ok());
    match local {
        None => Reply::Void,
        Some(local) if local.ip() != peer.ip() => Reply::Open,
        Some(local) if local.port() == peer.port() => Reply::Void,
        Some(_) if peer.port() < FIRST_LOCAL_PORT => Reply::Open,
        Some(_) => Reply::Doubtful,
    }
}

/// Whether this machine has an address to speak to `peer` from.
///
/// EADDRNOTAVAIL says either that there is none, which lasts, or that all local ports are taken, which passes.
pub(crate) fn has_source(peer: SocketAddr) -> bool {
    !matches!(route(peer), Err(Errno::ADDRNOTAVAIL))
}

/// The address that this machine speaks to `peer` from.
pub(crate) fn source(peer: SocketAddr) -> Result<IpAddr, Errno> {
    let local = net::getsockname(route(peer)?)?;
    SocketAddr::try_from(local).map(|local| local.ip()).map_err(|_| Errno::INVAL)
}

/// What it means that a packet could not be sent.
pub(crate) fn judge_sending(error: Errno) -> Reply {
    match error {
        Errno::MFILE | Errno::NFILE => Reply::Short(Shortage::Files),
        Errno::AGAIN | Errno::NOBUFS | Errno::NOMEM => Reply::Short(Shortage::Memory),
        Errno::ADDRINUSE => Reply::Short(Shortage::Ports),
        _ => Reply::Unreachable,
    }
}

/// A UDP socket connected to `peer`: the kernel has looked up the way there, and no packet is sent.
fn route(peer: SocketAddr) -> Result<OwnedFd, Errno> {
    let socket = open_of(SocketType::DGRAM, peer.is_ipv6())?;
    net::connect(&socket, &peer)?;
    Ok(socket)
}

/// Takes a local TCP port that is free on all addresses, for as long as the socket lives. Nobody listens there.
pub(crate) fn reserve_port(v6: bool) -> Result<(OwnedFd, u16), Errno> {
    let socket = open_of(SocketType::STREAM, v6)?;
    let unbound: SocketAddr =
        if v6 { (Ipv6Addr::UNSPECIFIED, 0).into() } else { (Ipv4Addr::UNSPECIFIED, 0).into() };
    net::bind(&socket, &unbound)?;
    let local = SocketAddr::try_from(net::getsockname(&socket)?).map_err(|_| Errno::INVAL)?;
    Ok((socket, local.port()))
}
