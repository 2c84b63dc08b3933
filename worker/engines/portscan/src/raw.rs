use std::{
    collections::HashMap,
    io, mem,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use rustix::io::Errno;

use self::{
    asked::Asked,
    link::{Link, Outgoing},
};
use crate::{
    clock,
    error::Error,
    event::Shortage,
    shape::Shape,
    socket,
    wire::{Reply, Wire},
};

mod answer;
mod asked;
mod filter;
mod link;
mod packet;
mod ring;

pub(crate) use packet::Kind;

/// Single packets through raw sockets: no connection is ever made, and the kernel, which knows of none, takes back what a
/// target opened.
///
/// Every try of a probe is the same packet, so an answer to an earlier try is as good as one to the last.
pub(crate) struct Raw {
    asked: Asked,
    ipv4: Option<Link>,
    ipv6: Option<Link>,
    /// Packets of one family, to be sent together.
    outbox: Vec<Outgoing>,
    /// How many packets are sent together: one, where the last could not be sent, so that whoever hands one in knows.
    batch: usize,
    /// Slots whose packet could not be sent.
    unsent: Vec<usize>,
    /// The own address for each other one, or why there is none.
    sources: HashMap<IpAddr, Result<IpAddr, Reply>>,
    /// Why the scan cannot go on.
    failure: Option<Errno>,
}

/// Packets sent together at most.
const BATCH: usize = 64;
/// Addresses for which the own address is remembered.
const SOURCES: usize = 4096;

impl Raw {
    pub(crate) fn new(kind: Kind) -> Self {
        Self {
            asked: Asked::new(kind),
            ipv4: None,
            ipv6: None,
            outbox: Vec::new(),
            batch: BATCH,
            unsent: Vec::new(),
            sources: HashMap::new(),
            failure: None,
        }
    }

    fn link(&mut self, v6: bool) -> Result<&Link, Errno> {
        let place = if v6 { &mut self.ipv6 } else { &mut self.ipv4 };
        match place {
            Some(link) => Ok(link),
            None => Ok(place.insert(Link::open(v6)?)),
        }
    }

    /// The address that packets to `peer` are sent from.
    fn source(&mut self, peer: SocketAddr) -> Result<IpAddr, Reply> {
        if let Some(source) = self.sources.get(&peer.ip()) {
            return *source;
        }
        let source = socket::source(peer).map_err(socket::judge_sending);
        if matches!(source, Err(Reply::Short(_))) {
            return source;
        }
        if self.sources.len() >= SOURCES {
            self.sources.clear();
        }
        self.sources.insert(peer.ip(), source);
        source
    }

    /// The probe of an address and port, or what stands in its way.
    fn probe(&mut self, slot: usize, peer: SocketAddr) -> Result<Outgoing, Reply> {
        if peer.ip().is_unspecified() || peer.ip().is_multicast() {
            return Err(Reply::Unreachable);
        }
        let source = self.source(peer)?;
        let port = match self.link(peer.is_ipv6()) {
            Ok(link) => link.port,
            Err(error) => return Err(self.judge_opening(error)),
        };
        let number = self.asked.number((peer.ip(), peer.port()));
        let packet = packet::probe(self.asked.kind(), SocketAddr::new(source, port), peer, number);
        Ok(Outgoing { slot, to: link::destination(peer), packet })
    }

    /// What it means that a link could not be opened. A kernel without IPv6 has no way there; anything else that lasts
    /// ends the scan, as it says nothing about any port.
    fn judge_opening(&mut self, error: Errno) -> Reply {
        let reply = socket::judge_sending(error);
        if reply != Reply::Unreachable || error == Errno::AFNOSUPPORT {
            return reply;
        }
        self.failure = Some(error);
        Reply::Short(Shortage::Memory)
    }

    /// Sends what is in the outbox. Whose packet could not be sent has its answer then.
    fn flush(&mut self) {
        let mut outbox = mem::take(&mut self.outbox);
        let mut left = outbox.as_slice();
        while let Some(first) = left.first() {
            let (sent, result) = match self.link(first.is_ipv6()) {
                Ok(link) => link.send(left),
                Err(error) => (0, Err(error)),
            };
            left = left.get(sent..).unwrap_or_default();
            self.batch = BATCH;
            if let Err(error) = result {
                left = self.give_up(left, socket::judge_sending(error));
            }
        }
        outbox.clear();
        self.outbox = outbox;
    }

    /// Answers those whose packet could not be sent: the first one, or all where the machine is short of something.
    /// Gives those that are left.
    fn give_up<'a>(&mut self, left: &'a [Outgoing], reply: Reply) -> &'a [Outgoing] {
        let is_short = matches!(reply, Reply::Short(_));
        let (failed, rest) = left.split_at(if is_short { left.len() } else { 1.min(left.len()) });
        for outgoing in failed {
            self.asked.waiting.answer_one(outgoing.slot, reply);
            self.unsent.push(outgoing.slot);
        }
        if is_short {
            self.batch = 1;
        }
        rest
    }

    /// Takes in what has come.
    fn read(&mut self, ready: &mut Vec<usize>) {
        for link in [&mut self.ipv4, &mut self.ipv6].into_iter().flatten() {
            link.receive(|answer| self.asked.take(answer, ready));
        }
    }
}

/// Tells whether this process may send packets of its own making: it takes raw sockets, and so the right
/// `CAP_NET_RAW`.
///
/// ```
/// match portscan::can_send_raw() {
///     Ok(()) => println!("every method will do"),
///     Err(reason) => println!("only Method::Connect and Method::Udp: {reason}"),
/// }
/// ```
///
/// # Errors
/// [`Error::NoRawSockets`] with the kernel's reason.
pub fn can_send_raw() -> Result<(), Error> {
    match link::raw_sockets(false) {
        Ok(_) => Ok(()),
        Err(error) => Err(Error::NoRawSockets(error.into())),
    }
}

impl Wire for Raw {
    fn now(&self) -> Duration {
        clock::now()
    }

    fn connect(&mut self, slot: usize, address: SocketAddr) -> Reply {
        let peer = socket::canonical(address);
        let outgoing = match self.probe(slot, peer) {
            Ok(outgoing) => outgoing,
            Err(reply) => return reply,
        };
        if self.outbox.first().is_some_and(|first| first.is_ipv6() != outgoing.is_ipv6()) {
            self.flush();
        }
        self.asked.waiting.add(slot, (peer.ip(), peer.port()));
        self.outbox.push(outgoing);
        if self.outbox.len() < self.batch {
            return Reply::Pending;
        }
        self.flush();
        self.asked.waiting.take(slot).unwrap_or(Reply::Pending)
    }

    fn check(&mut self, slot: usize, _address: SocketAddr) -> Reply {
        self.asked.waiting.take(slot).unwrap_or(Reply::Pending)
    }

    fn abandon(&mut self, slot: usize) {
        self.asked.waiting.remove(slot);
    }

    fn discard(&mut self, _slot: usize) {}

    fn take_shapes(&mut self, into: &mut Vec<(SocketAddr, Shape)>) {
        into.append(&mut self.asked.shapes);
    }

    fn dropped(&self) -> u64 {
        [&self.ipv4, &self.ipv6].into_iter().flatten().map(Link::dropped).sum()
    }

    fn wait(&mut self, limit: Duration, ready: &mut Vec<usize>) -> io::Result<()> {
        if let Some(failure) = self.failure {
            return Err(failure.into());
        }
        self.flush();
        ready.append(&mut self.unsent);
        self.read(ready);
        if !ready.is_empty() || limit.is_zero() {
            return Ok(());
        }
        link::wait([self.ipv4.as_ref(), self.ipv6.as_ref()].into_iter().flatten(), limit)?;
        self.read(ready);
        Ok(())
    }
}
