//! Listeners on loopback whose ports the tests know.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};

static ADDRESSES: AtomicU32 = AtomicU32::new(0);

/// An address of 127.128.0.0/9 that nobody else uses, first of a block of four.
///
/// Nothing but a listener of the test itself is open on it, whatever else runs on 127.0.0.1; and a port that is given
/// up here for a while, by a server that is killed, is not taken by anybody else. Each process of tests has 256 blocks.
#[must_use]
pub fn own_address() -> Ipv4Addr {
    let number = ADDRESSES.fetch_add(1, Ordering::Relaxed) % 256;
    let process = std::process::id() % 8192;
    let first = u32::from(Ipv4Addr::new(127, 128, 0, 0));
    Ipv4Addr::from(first + process * 1024 + number * 4)
}

/// A range of ports as a scan takes it, without those that somebody else has open on every address of the machine.
///
/// Nothing here may dial a listener that is not the test's own, and nobody else's may be found.
///
/// # Panics
/// When the kernel does not say who listens.
#[must_use]
pub fn ports(from: u16, to: u16) -> String {
    let taken = open_on_every_address();
    let mut parts = Vec::new();
    let mut start = from;
    for port in taken.range(from..=to) {
        if *port > start {
            parts.push(format!("{start}-{}", port - 1));
        }
        start = port.saturating_add(1);
    }
    if start <= to {
        parts.push(format!("{start}-{to}"));
    }
    parts.join(",")
}

/// How many ports [`ports`] names for a range.
#[must_use]
pub fn port_count(from: u16, to: u16) -> usize {
    usize::from(to - from) + 1 - open_on_every_address().range(from..=to).count()
}

/// The ports with a listener on `0.0.0.0` or `::`, from the kernel's table: state `0A` is listening.
fn open_on_every_address() -> BTreeSet<u16> {
    let tables =
        ["/proc/net/tcp", "/proc/net/tcp6"].map(|table| std::fs::read_to_string(table).unwrap_or_default());
    let lines = tables.iter().flat_map(|table| table.lines().skip(1));
    let listening = lines.filter_map(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let local = fields.next()?;
        (fields.nth(1)? == "0A").then_some(local)
    });
    let (addresses, ports): (Vec<_>, Vec<_>) = listening.filter_map(|local| local.split_once(':')).unzip();
    let everywhere =
        addresses.iter().zip(ports).filter(|(address, _)| address.chars().all(|digit| digit == '0'));
    everywhere.filter_map(|(_, port)| u16::from_str_radix(port, 16).ok()).collect()
}

/// Open ports of one address. They close when this is dropped.
#[derive(Debug)]
pub struct Listeners {
    address: IpAddr,
    open: Vec<TcpListener>,
}

impl Listeners {
    /// Opens so many ports, chosen by the kernel, on an address no other test uses.
    #[must_use]
    pub fn open(count: usize) -> Listeners {
        Listeners::on(own_address().into(), count)
    }

    /// Opens so many ports on a given loopback address.
    ///
    /// # Panics
    /// When the address is not of this machine.
    #[must_use]
    pub fn on(address: IpAddr, count: usize) -> Listeners {
        assert!(address.is_loopback(), "tests listen on loopback only");
        let bind = |_| TcpListener::bind(SocketAddr::new(address, 0)).unwrap();
        Listeners { address, open: (0..count).map(bind).collect() }
    }

    /// Opens given ports on an address no other test uses.
    ///
    /// # Panics
    /// When one is taken, or below 1024 without the right to it.
    #[must_use]
    pub fn at(ports: &[u16]) -> Listeners {
        let address = own_address().into();
        let bind = |port: &u16| TcpListener::bind(SocketAddr::new(address, *port)).unwrap();
        Listeners { address, open: ports.iter().map(bind).collect() }
    }

    /// Whether this machine has `::1`.
    #[must_use]
    pub fn has_ipv6() -> bool {
        TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()
    }

    /// The address, as a scan takes it for its target.
    #[must_use]
    pub fn target(&self) -> String {
        self.address.to_string()
    }

    /// The open ports, in order.
    ///
    /// # Panics
    /// Never.
    #[must_use]
    pub fn ports(&self) -> BTreeSet<u16> {
        self.open.iter().map(|listener| listener.local_addr().unwrap().port()).collect()
    }

    /// The open ports as results and events tell them: `(address, port)`.
    #[must_use]
    pub fn expected(&self) -> BTreeSet<(String, u64)> {
        self.ports().into_iter().map(|port| (self.target(), port.into())).collect()
    }

    /// The open ports and as many closed ones beside them, as a scan takes it for `ports`.
    #[must_use]
    pub fn and_closed_neighbours(&self) -> String {
        let open = self.ports();
        let both: BTreeSet<u16> = open.iter().flat_map(|port| [*port, port - 1]).collect();
        both.iter().map(u16::to_string).collect::<Vec<_>>().join(",")
    }
}
