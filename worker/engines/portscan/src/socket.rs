use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    os::fd::OwnedFd,
    time::Duration,
};

use rustix::{
    io::Errno,
    net::{self, AddressFamily, SocketFlags, SocketType, sockopt},
};

use crate::wire::Reply;

/// Ports below this are not given out as local ports by any usual configuration.
const FIRST_LOCAL_PORT: u16 = 1024;

fn family(v6: bool) -> AddressFamily {
    if v6 { AddressFamily::INET6 } else { AddressFamily::INET }
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

/// Whether this machine has an address to speak to `peer` from. No packet is sent.
///
/// EADDRNOTAVAIL says either that there is none, which lasts, or that all local ports are taken, which passes.
pub(crate) fn has_source(peer: SocketAddr) -> bool {
    let unbound: SocketAddr =
        if peer.is_ipv6() { (Ipv6Addr::UNSPECIFIED, 0).into() } else { (Ipv4Addr::UNSPECIFIED, 0).into() };
    let Ok(socket) = open_of(SocketType::DGRAM, peer.is_ipv6()) else { return true };
    let Ok(()) = net::bind(&socket, &unbound) else { return true };
    net::connect(&socket, &peer) != Err(Errno::ADDRNOTAVAIL)
}
