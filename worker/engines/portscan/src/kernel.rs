use std::{io, net::SocketAddr, os::fd::OwnedFd, time::Duration};

use rustix::{
    buffer::spare_capacity,
    event::{Timespec, epoll},
    io::Errno,
    net,
};

use crate::{
    clock,
    eagerness::Eagerness,
    event::Shortage,
    socket,
    wire::{Reply, Wire},
};

/// Linux, through pooled non-blocking sockets and one edge-triggered epoll.
pub(crate) struct Kernel {
    epoll: OwnedFd,
    sockets: Vec<Option<Socket>>,
    eagerness: Eagerness,
}

struct Socket {
    fd: OwnedFd,
    v6: bool,
    watched: bool,
}

const EVENTS: usize = 512;

impl Kernel {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            sockets: Vec::new(),
            eagerness: Eagerness::default(),
        })
    }

    /// The socket of a slot: the one it has if that is of the right family, else a new one.
    fn socket(&mut self, slot: usize, v6: bool) -> Result<&mut Socket, Errno> {
        if self.sockets.len() <= slot {
            self.sockets.resize_with(slot + 1, || None);
        }
        // The place exists by now; the error only stands in for an impossible case.
        let place = self.sockets.get_mut(slot).ok_or(Errno::NOMEM)?;
        if place.as_ref().is_some_and(|socket| socket.v6 != v6) {
            *place = None;
        }
        match place {
            Some(socket) => Ok(socket),
            None => Ok(place.insert(Socket { fd: socket::open(v6)?, v6, watched: false })),
        }
    }

    fn try_connect(&mut self, slot: usize, address: SocketAddr) -> Result<(), Errno> {
        let socket = self.socket(slot, address.is_ipv6())?;
        net::connect(&socket.fd, &address)
    }

    /// Registers a socket once, at its first connection that is not answered at once: where all are, epoll stays out
    /// of the way. Registering late misses nothing, as what is ready already is reported.
    fn watch(&mut self, slot: usize) -> Result<(), Errno> {
        let Some(Some(socket)) = self.sockets.get_mut(slot) else { return Ok(()) };
        if socket.watched {
            return Ok(());
        }
        let token = epoll::EventData::new_u64(u64::try_from(slot).unwrap_or(u64::MAX));
        let flags = epoll::EventFlags::OUT | epoll::EventFlags::ET;
        epoll::add(&self.epoll, &socket.fd, token, flags)?;
        socket.watched = true;
        Ok(())
    }

    fn judge(&mut self, slot: usize, address: SocketAddr, result: Result<(), Errno>) -> Reply {
        let Err(error) = result else { return self.connected(slot, address) };
        match error {
            Errno::ISCONN => self.connected(slot, address),
            Errno::INPROGRESS | Errno::ALREADY => Reply::Pending,
            Errno::CONNREFUSED => Reply::Refused,
            Errno::NETUNREACH | Errno::HOSTUNREACH | Errno::ACCESS | Errno::PERM | Errno::TIMEDOUT => {
                Reply::Unreachable
            }
            other => {
                self.discard(slot);
                judge_rare(other, address)
            }
        }
    }

    fn connected(&mut self, slot: usize, address: SocketAddr) -> Reply {
        let socket = self.sockets.get_mut(slot).and_then(Option::take);
        socket.map_or(Reply::Void, |socket| socket::judge_connected(&socket.fd, address))
    }
}

/// What the errors mean after which a socket is not used again.
fn judge_rare(error: Errno, address: SocketAddr) -> Reply {
    match error {
        // The handshake was completed, and ended by the other side before we looked; that side may be ourselves.
        Errno::CONNRESET | Errno::PIPE => Reply::Doubtful,
        Errno::CONNABORTED | Errno::INTR => Reply::Void,
        Errno::MFILE | Errno::NFILE => Reply::Short(Shortage::Files),
        Errno::NOBUFS | Errno::NOMEM | Errno::NOSPC => Reply::Short(Shortage::Memory),
        Errno::AGAIN | Errno::ADDRINUSE => Reply::Short(Shortage::Ports),
        Errno::ADDRNOTAVAIL if socket::has_source(address) => Reply::Short(Shortage::Ports),
        _ => Reply::Unreachable,
    }
}

impl Wire for Kernel {
    fn now(&self) -> Duration {
        clock::now()
    }

    fn connect(&mut self, slot: usize, address: SocketAddr) -> Reply {
        let result = self.try_connect(slot, address);
        let reply = self.judge(slot, address, result);
        if reply != Reply::Pending {
            return reply;
        }
        if self.eagerness.pays() {
            let eager = self.check(slot, address);
            self.eagerness.learn(eager != Reply::Pending);
            if eager != Reply::Pending {
                return eager;
            }
        }
        match self.watch(slot) {
            Ok(()) => Reply::Pending,
            Err(error) => self.judge(slot, address, Err(error)),
        }
    }

    /// Reads the result by a second `connect()`: that puts a refused socket back to unconnected, ready for the next
    /// port, which reading `SO_ERROR` does not.
    fn check(&mut self, slot: usize, address: SocketAddr) -> Reply {
        let Some(Some(socket)) = self.sockets.get(slot) else { return Reply::Void };
        let result = net::connect(&socket.fd, &address);
        self.judge(slot, address, result)
    }

    fn abandon(&mut self, slot: usize) {
        let Some(place) = self.sockets.get_mut(slot) else { return };
        let reusable = place.as_ref().is_some_and(|socket| net::connect_unspec(&socket.fd).is_ok());
        if !reusable {
            *place = None;
        }
    }

    fn discard(&mut self, slot: usize) {
        if let Some(place) = self.sockets.get_mut(slot) {
            *place = None;
        }
    }

    fn wait(&mut self, limit: Duration, ready: &mut Vec<usize>) -> io::Result<()> {
        // Not kept: rustix's events are not Send, and this costs nothing beside the call.
        let mut events = Vec::with_capacity(EVENTS);
        let timeout = Timespec::try_from(limit).map_err(io::Error::other)?;
        match epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        ready.extend(events.iter().filter_map(|event| usize::try_from(event.data.u64()).ok()));
        Ok(())
    }
}
