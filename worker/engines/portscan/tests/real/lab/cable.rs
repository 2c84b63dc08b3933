//! The near and the far end of a cable, each a process in a network namespace of its own.

use std::{
    io::BufRead,
    net::{IpAddr, Ipv6Addr, TcpListener, UdpSocket},
    thread,
};

use link_emulator::Weather;

use super::{
    peer::{self, Peer, shell},
    relay,
};
use crate::{child, skip::skipped};

/// What the far end of a cable is like.
pub(super) struct Far {
    /// Run by a shell at the far end, whose interface is `far0`.
    pub(super) setup: &'static str,
    /// Listening on every address.
    pub(super) listeners: fn() -> Vec<u16>,
    /// Answering every datagram, on every address.
    pub(super) responders: fn() -> Vec<u16>,
}

impl Far {
    /// One where nobody listens.
    pub(super) const QUIET: Self = Self { setup: "", listeners: Vec::new, responders: Vec::new };
}

const FAR: &str = "far";
const RELAY: &str = "relay";

/// Addresses of both ends, and a way to a whole network behind the far one.
const DIRECT_NEAR: &str = "
    ip link set near0 up
    ip addr add 198.18.0.1/24 dev near0
    ip addr add 2001:db8::1/64 dev near0 nodad
    ip route add 198.18.4.0/24 via 198.18.0.2";
const DIRECT_FAR: &str = "
    ip link set lo up
    ip link set far0 up
    ip addr add 198.18.0.2/24 dev far0
    ip addr add 2001:db8::2/64 dev far0 nodad
    ip route add local 198.18.4.0/24 dev lo";

/// The same address of the far end, behind a relay.
const RELAYED_NEAR: &str = "
    ip link set near0 up
    ip addr add 198.18.1.1/24 dev near0
    ip route add 198.18.0.0/24 via 198.18.1.254";
const RELAYED_FAR: &str = "
    ip link set lo up
    ip link set far0 up
    ip addr add 198.18.0.2/24 dev far0
    ip route add 198.18.1.0/24 via 198.18.0.254";

/// Runs `near` at the near end of a cable, with `far` at the other; `test` is the name of the calling test.
pub(super) fn run(test: &str, far: &Far, near: fn()) {
    match peer::role().as_deref() {
        Some(_) => be_far(DIRECT_FAR, far),
        None => in_namespace(test, || {
            let mut other = Peer::start(test, FAR);
            shell(&format!("ip link add near0 type veth peer name far0 netns {}", other.pid()));
            shell(DIRECT_NEAR);
            other.let_go();
            near();
        }),
    }
}

/// The same over a link with bad weather, for IPv4 alone.
pub(super) fn run_relayed(test: &str, weather: &Weather, far: &Far, near: fn()) {
    match peer::role().as_deref() {
        Some(RELAY) => relay::be_relay(weather),
        Some(_) => be_far(RELAYED_FAR, far),
        None => in_namespace(test, || {
            let (mut relay, mut other) = (Peer::start(test, RELAY), Peer::start(test, FAR));
            let (middle, end) = (relay.pid(), other.pid());
            shell(&format!("ip link add near0 type veth peer name relay0 netns {middle}"));
            shell(&format!("ip link add relay1 netns {middle} type veth peer name far0 netns {end}"));
            shell(RELAYED_NEAR);
            relay.let_go();
            other.let_go();
            near();
        }),
    }
}

fn in_namespace(test: &str, body: impl FnOnce()) {
    if child::is_child() {
        body();
    } else if !child::run_in_empty_network(test) {
        skipped(test.rsplit("::").next().unwrap_or(test), "this machine allows no network namespaces");
    }
}

fn be_far(addresses: &str, far: &Far) {
    let input = peer::arrive();
    shell(&format!("{addresses}\n{}", far.setup));
    let any = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
    for port in (far.listeners)() {
        let listener = TcpListener::bind((any, port)).expect("the namespace is empty");
        thread::spawn(move || listener.incoming().for_each(drop));
    }
    for port in (far.responders)() {
        let socket = UdpSocket::bind((any, port)).expect("the namespace is empty");
        thread::spawn(move || echo(&socket));
    }
    peer::say_ready();
    // Until the near end has gone.
    assert_eq!(input.lines().count(), 0, "nothing more is said");
}

/// Answers every datagram with one byte.
fn echo(socket: &UdpSocket) {
    let mut buffer = [0; 2048];
    while let Ok((_, from)) = socket.recv_from(&mut buffer) {
        socket.send_to(b"!", from).expect("there is a way back");
    }
}
