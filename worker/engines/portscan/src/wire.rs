use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use crate::{event::Shortage, shape::Shape};

/// What tries ports: connections, raw packets, datagrams, or the script of a test.
///
/// A *slot* is a place for one connection or packet under way, numbered from 0 without gaps.
pub(crate) trait Wire {
    /// Time since some moment that is the same for all workers, and for all scans that share a budget.
    fn now(&self) -> Duration;

    /// Starts to connect from an idle slot.
    fn connect(&mut self, slot: usize, address: SocketAddr) -> Reply;

    /// Asks how the connection that was started to `address` goes. Anything but `Pending` leaves the slot idle.
    fn check(&mut self, slot: usize, address: SocketAddr) -> Reply;

    /// Gives a pending connection up: the slot is idle and a late answer means nothing.
    fn abandon(&mut self, slot: usize);

    /// Frees what an idle slot holds.
    fn discard(&mut self, slot: usize);

    /// Adds what the answers of open ports looked like since this was last asked, where that is seen.
    fn take_shapes(&mut self, _into: &mut Vec<(SocketAddr, Shape)>) {}

    /// Answers that the machine dropped unread since this was last asked.
    fn dropped(&self) -> u64 {
        0
    }

    /// A host that was seen to limit the ICMP errors by which closed ports are told.
    fn icmp_limited(&self) -> Option<IpAddr> {
        None
    }

    /// Waits until a slot may have news, but no longer than `limit`, and adds such slots to `ready`.
    fn wait(&mut self, limit: Duration, ready: &mut Vec<usize>) -> io::Result<()>;
}

/// How a connection goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply {
    /// No answer yet.
    Pending,
    /// Connected.
    Open,
    /// Connected, but it may have met one of our own connections. Only another attempt can tell: had it, that one is
    /// refused at once.
    Doubtful,
    /// Refused.
    Refused,
    /// An answer that nobody listens there, or no way to go there.
    Unreachable,
    /// No answer from there, such as a connection to itself: try anew.
    Void,
    /// The machine cannot start a connection now.
    Short(Shortage),
}
