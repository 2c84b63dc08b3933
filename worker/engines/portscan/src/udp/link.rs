use std::{
    io::{self, ErrorKind, IoSliceMut},
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    os::fd::AsRawFd,
    time::Duration,
};

use nix::{
    cmsg_space,
    sys::socket::{
        ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt,
        sockopt::{Ipv4RecvErr, Ipv6RecvErr},
    },
};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};
use socket2::SockRef;

use super::heard::{Heard, Told};
use crate::{socket, wire::Reply};

/// The socket of one address family; it is sent from and received at.
pub(super) struct Link {
    socket: UdpSocket,
    pub(super) port: u16,
}

/// Asked for; the kernel gives what it allows. Errors that find no room are lost, and their ports tried again.
const BUFFER: usize = 4 << 20;
/// An error that a call returns may be that of an earlier datagram, which then is in the queue: it is tried so often.
const TRIES: usize = 4;
/// Datagrams and errors read at once.
const MOST: usize = 4096;

impl Link {
    pub(super) fn open(v6: bool) -> io::Result<Self> {
        let socket = if v6 {
            UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0))?
        } else {
            UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?
        };
        socket.set_nonblocking(true)?;
        SockRef::from(&socket).set_recv_buffer_size(BUFFER)?;
        if v6 {
            setsockopt(&socket, Ipv6RecvErr, &true)?;
        } else {
            setsockopt(&socket, Ipv4RecvErr, &true)?;
        }
        let port = socket.local_addr()?.port();
        Ok(Self { socket, port })
    }

    /// Sends a datagram; adds to `heard` what turns up on the way.
    pub(super) fn send(&self, to: SocketAddr, payload: &[u8], heard: &mut Vec<Heard>) -> Result<(), Reply> {
        let mut result = self.socket.send_to(payload, to);
        for _ in 1..TRIES {
            if result.is_ok() {
                break;
            }
            self.receive_errors(heard);
            result = self.socket.send_to(payload, to);
        }
        result.map(drop).map_err(|error| judge(&error))
    }

    /// Adds to `heard` what has come.
    pub(super) fn receive(&self, heard: &mut Vec<Heard>) {
        let mut start = [0; 2];
        for _ in 0..MOST {
            match self.socket.recv_from(&mut start) {
                Ok((length, from)) => {
                    let told = Told::datagram(start.get(..length).unwrap_or_default());
                    heard.push(Heard { from, told });
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                // That of a datagram sent before; the queue has it.
                Err(_) => {}
            }
        }
        self.receive_errors(heard);
    }

    fn receive_errors(&self, heard: &mut Vec<Heard>) {
        let mut space = cmsg_space!(libc::sock_extended_err, libc::sockaddr_in6);
        for _ in 0..MOST {
            let mut nothing = [IoSliceMut::new(&mut [])];
            let flags = MsgFlags::MSG_ERRQUEUE;
            let received =
                recvmsg::<SockaddrStorage>(self.socket.as_raw_fd(), &mut nothing, Some(&mut space), flags);
            let Ok(message) = received else { return };
            let about = message.address.as_ref().and_then(address);
            let told = message.cmsgs().ok().and_then(|mut parts| parts.find_map(|part| told(&part)));
            if let (Some(from), Some(told)) = (about, told) {
                heard.push(Heard { from, told });
            }
        }
    }
}

fn address(storage: &SockaddrStorage) -> Option<SocketAddr> {
    let ipv4 = storage.as_sockaddr_in().map(|address| SocketAddr::from(*address));
    ipv4.or_else(|| storage.as_sockaddr_in6().map(|address| SocketAddr::from(*address)))
}

fn told(part: &ControlMessageOwned) -> Option<Told> {
    let (ControlMessageOwned::Ipv4RecvErr(error, _) | ControlMessageOwned::Ipv6RecvErr(error, _)) = part
    else {
        return None;
    };
    Told::error(error.ee_origin, error.ee_type, error.ee_code)
}

/// What it means that a socket cannot be had, or a datagram not be sent.
pub(super) fn judge(error: &io::Error) -> Reply {
    Errno::from_io_error(error).map_or(Reply::Unreachable, socket::judge_sending)
}

/// Waits until one of the links has received something, but no longer than `limit`.
pub(super) fn wait<'a>(links: impl Iterator<Item = &'a Link>, limit: Duration) -> io::Result<()> {
    let mut sockets: Vec<PollFd<'_>> = links.map(|link| PollFd::new(&link.socket, PollFlags::IN)).collect();
    let timeout = Timespec::try_from(limit).map_err(io::Error::other)?;
    match poll(&mut sockets, Some(&timeout)) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
