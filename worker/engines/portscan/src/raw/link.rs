use std::{
    io::IoSlice,
    net::SocketAddr,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    net::{
        self, AddressFamily, MMsgHdr, SendAncillaryBuffer, SendFlags, SocketAddrAny, SocketFlags, SocketType,
        addr::SocketAddrArg, eth, ipproto, sockopt,
    },
};
use socket2::SockRef;

use super::{
    answer::{self, Answer},
    filter,
    packet::Packet,
    ring::Ring,
};
use crate::socket;

/// The raw sockets of one address family, and a port of our own that nobody else can use meanwhile.
pub(super) struct Link {
    sender: OwnedFd,
    receiver: Ring,
    /// Bound and never listening: the kernel refuses what comes, and gives the port to nobody else.
    _reserved: OwnedFd,
    pub(super) port: u16,
}

/// A packet on its way out; `slot` is whose it is.
pub(super) struct Outgoing {
    pub(super) slot: usize,
    pub(super) to: SocketAddrAny,
    pub(super) packet: Packet,
}

impl Outgoing {
    pub(super) fn is_ipv6(&self) -> bool {
        self.to.address_family() == AddressFamily::INET6
    }
}

/// Asked for; the kernel gives what it allows.
const BUFFER: usize = 8 << 20;
/// How long a full send queue is waited for.
const FULL: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

impl Link {
    pub(super) fn open(v6: bool) -> Result<Self, Errno> {
        let (reserved, port) = socket::reserve_port(v6)?;
        let (sender, receiver) = raw_sockets(v6)?;
        let attached = if v6 {
            SockRef::from(&receiver).attach_filter(&filter::ipv6(port))
        } else {
            SockRef::from(&receiver).attach_filter(&filter::ipv4(port))
        };
        attached.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::INVAL))?;
        sockopt::set_socket_send_buffer_size(&sender, BUFFER)?;
        Ok(Self { sender, receiver: Ring::new(receiver)?, _reserved: reserved, port })
    }

    /// Sends the packets in order and gives how many were taken; an error is that of the packet after those.
    pub(super) fn send(&self, packets: &[Outgoing]) -> (usize, Result<(), Errno>) {
        let mut sent = 0;
        while let Some(rest) = packets.get(sent..).filter(|rest| !rest.is_empty()) {
            match self.send_once(rest) {
                Ok(count) => sent += count.max(1),
                Err(Errno::INTR) => {}
                Err(error) => return (sent, Err(error)),
            }
        }
        (sent, Ok(()))
    }

    fn send_once(&self, packets: &[Outgoing]) -> Result<usize, Errno> {
        let slices: Vec<[IoSlice<'_>; 1]> =
            packets.iter().map(|outgoing| [IoSlice::new(&outgoing.packet)]).collect();
        let mut controls: Vec<SendAncillaryBuffer<'_, '_, '_>> =
            packets.iter().map(|_| SendAncillaryBuffer::default()).collect();
        let parts = packets.iter().zip(&slices).zip(&mut controls);
        let mut messages: Vec<MMsgHdr<'_>> = parts
            .map(|((outgoing, slice), control)| MMsgHdr::new_with_addr(&outgoing.to, slice, control))
            .collect();
        let result = net::sendmmsg(&self.sender, &mut messages, SendFlags::empty());
        if result != Err(Errno::AGAIN) {
            return result;
        }
        poll(&mut [PollFd::new(&self.sender, PollFlags::OUT)], Some(&FULL))?;
        net::sendmmsg(&self.sender, &mut messages, SendFlags::empty())
    }

    /// Gives the answers that have come to `take`.
    pub(super) fn receive(&mut self, mut take: impl FnMut(Answer)) {
        let port = self.port;
        self.receiver.read(|packet| {
            if let Some(answer) =
                answer::read(packet).filter(|answer| answer.own_port.is_none_or(|own| own == port))
            {
                take(answer);
            }
        });
    }

    /// Answers that came too fast to be kept, since this was last asked.
    pub(super) fn dropped(&self) -> u64 {
        self.receiver.dropped()
    }

    pub(super) fn receiver(&self) -> BorrowedFd<'_> {
        self.receiver.as_fd()
    }
}

/// One that sends whole packets, and one that is shown all that come.
pub(super) fn raw_sockets(v6: bool) -> Result<(OwnedFd, OwnedFd), Errno> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let (family, protocol) =
        if v6 { (AddressFamily::INET6, eth::IPV6) } else { (AddressFamily::INET, eth::IP) };
    let sender = net::socket_with(family, SocketType::RAW, flags, Some(ipproto::RAW))?;
    let receiver = net::socket_with(AddressFamily::PACKET, SocketType::DGRAM, flags, Some(protocol))?;
    Ok((sender, receiver))
}

/// Where a raw packet is sent: its port stands in the packet alone.
pub(super) fn destination(address: SocketAddr) -> SocketAddrAny {
    let mut portless = address;
    portless.set_port(0);
    portless.as_any()
}

/// Waits until one of the links has received something, but no longer than `limit`.
pub(super) fn wait<'a>(links: impl Iterator<Item = &'a Link>, limit: Duration) -> Result<(), Errno> {
    let mut sockets: Vec<PollFd<'_>> =
        links.map(|link| PollFd::from_borrowed_fd(link.receiver(), PollFlags::IN)).collect();
    let timeout = Timespec::try_from(limit).map_err(|_| Errno::INVAL)?;
    match poll(&mut sockets, Some(&timeout)) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error),
    }
}
