use std::net::SocketAddr;

/// One address and port to try, and its number in the caller's plan.
///
/// Numbers ascend from probe to probe; gaps are allowed. A number that was never handed out counts as settled
/// without being tallied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Probe {
    /// The place in the caller's plan, the unit in which `spread` and `below` are counted.
    pub number: u64,
    /// The address and port to try.
    pub address: SocketAddr,
}

/// What a port turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// The handshake was completed, a bare SYN was accepted, or a datagram was answered.
    Open,
    /// The connection was refused: by RST, or by an ICMP port unreachable, which a connect cannot tell apart. To a scan by
    /// raw packets that one is an ICMP unreachable like the others.
    Closed,
    /// No answer after all tries, an ICMP unreachable, or no route there. By a
    /// method that an open port may be silent to, this one may be open.
    Filtered,
}
