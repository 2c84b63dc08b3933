use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use self::{
    heard::{Heard, Told},
    limiter::Limiter,
    link::Link,
};
use crate::{
    clock, socket,
    waiting::Waiting,
    wire::{Reply, Wire},
};

mod heard;
mod limiter;
mod link;
mod payload;
#[cfg(test)]
mod play;
mod transfer;

/// Datagrams from one ordinary socket of each family. What comes back is an answer of the port; ICMP errors are read from
/// the socket's queue of errors, where the kernel names the address and port that each one is about.
#[derive(Default)]
pub(crate) struct Udp {
    ipv4: Option<Link>,
    ipv6: Option<Link>,
    waiting: Waiting,
    limiter: Limiter,
    /// Slots that were answered while others were sent.
    early: Vec<usize>,
    heard: Vec<Heard>,
}

impl Udp {
    fn link(&mut self, v6: bool) -> Result<&Link, Reply> {
        let place = if v6 { &mut self.ipv6 } else { &mut self.ipv4 };
        match place {
            Some(link) => Ok(link),
            None => Ok(place.insert(Link::open(v6).map_err(|error| link::judge(&error))?)),
        }
    }

    /// Sends every datagram of a port.
    fn send(&mut self, peer: SocketAddr) -> Result<(), Reply> {
        let mut heard = std::mem::take(&mut self.heard);
        let link = self.link(peer.is_ipv6())?;
        let payloads = payload::of(peer.port());
        let sent = payloads.iter().try_for_each(|payload| link.send(peer, payload, &mut heard));
        self.heard = heard;
        let mut early = std::mem::take(&mut self.early);
        self.take_in(&mut early);
        self.early = early;
        sent
    }

    /// Whether it is the port that probes are sent from: nobody but us is there.
    fn is_own(&mut self, peer: SocketAddr) -> Result<bool, Reply> {
        let own = self.link(peer.is_ipv6())?.port;
        Ok(own == peer.port() && socket::source(peer) == Ok(peer.ip()))
    }

    /// Gives what was heard to those who wait for it, and adds them to `ready`.
    fn take_in(&mut self, ready: &mut Vec<usize>) {
        for heard in self.heard.drain(..) {
            if heard.told == Told::PortUnreachable {
                self.limiter.error(heard.from.ip(), clock::now());
            }
            let (reply, peer) = heard.reply(&self.waiting);
            self.waiting.answer(peer, reply, ready);
        }
    }

    fn read(&mut self, ready: &mut Vec<usize>) {
        ready.append(&mut self.early);
        for link in [&self.ipv4, &self.ipv6].into_iter().flatten() {
            link.receive(&mut self.heard);
        }
        self.take_in(ready);
    }
}

impl Wire for Udp {
    fn now(&self) -> Duration {
        clock::now()
    }

    fn connect(&mut self, slot: usize, address: SocketAddr) -> Reply {
        let peer = socket::canonical(address);
        if peer.ip().is_unspecified() || peer.ip().is_multicast() {
            return Reply::Unreachable;
        }
        match self.is_own(peer) {
            Ok(false) => {}
            Ok(true) => return Reply::Refused,
            Err(reply) => return reply,
        }
        self.waiting.add(slot, (peer.ip(), peer.port()));
        if let Err(reply) = self.send(peer) {
            self.waiting.remove(slot);
            return reply;
        }
        Reply::Pending
    }

    fn check(&mut self, slot: usize, _address: SocketAddr) -> Reply {
        self.waiting.take(slot).unwrap_or(Reply::Pending)
    }

    fn abandon(&mut self, slot: usize) {
        if let Some((address, _)) = self.waiting.remove(slot) {
            self.limiter.silence(address, clock::now());
        }
    }

    fn discard(&mut self, _slot: usize) {}

    fn icmp_limited(&self) -> Option<IpAddr> {
        self.limiter.limited()
    }

    fn wait(&mut self, limit: Duration, ready: &mut Vec<usize>) -> io::Result<()> {
        self.read(ready);
        if !ready.is_empty() || limit.is_zero() {
            return Ok(());
        }
        link::wait([self.ipv4.as_ref(), self.ipv6.as_ref()].into_iter().flatten(), limit)?;
        self.read(ready);
        Ok(())
    }
}
