//! What this machine's kernel looks like at the far end of a cable, as it is and with its settings changed.

use std::net::SocketAddr;

use portscan::Method;

use super::{
    cable::{self, Far},
    every, scan_by,
};

const ADDRESSES: [&str; 2] = ["198.18.0.2", "2001:db8::2"];

fn listeners() -> Vec<u16> {
    vec![22, 80]
}

/// The families that both addresses are taken for, from the answers of each of their open ports.
fn families() -> [Vec<Option<&'static str>>; 2] {
    ADDRESSES.map(|address| {
        let (tally, record) = scan_by(Method::Syn, every(address, 1..=100));
        let mut shown: Vec<SocketAddr> = record.shapes.iter().map(|(address, _)| *address).collect();
        shown.sort();
        assert_eq!((tally.open, shown), (2, record.open_addresses()), "{address}");
        record.shapes.iter().map(|(_, shape)| shape.system().map(|system| system.family)).collect()
    })
}

const USUAL: Far = Far { listeners, ..Far::QUIET };

#[test]
fn linux_looks_like_linux() {
    cable::run("lab::shapes::linux_looks_like_linux", &USUAL, || {
        assert_eq!(families(), [[Some("Linux"); 2]; 2]);
        let (_, record) = scan_by(Method::Syn, every("198.18.0.2", 80..=80));
        let sure =
            record.shapes.iter().all(|(_, shape)| shape.system().is_some_and(|it| it.confidence == 80));
        assert!(sure, "{:?}", record.shapes);
        let (_, record) = scan_by(Method::Connect, every("198.18.0.2", 80..=80));
        assert_eq!(record.shapes, [], "a connection shows nothing");
    });
}

/// With the hops of Windows.
const DISGUISED: Far = Far {
    setup: "echo 128 > /proc/sys/net/ipv4/ip_default_ttl
        echo 128 > /proc/sys/net/ipv6/conf/all/hop_limit
        echo 128 > /proc/sys/net/ipv6/conf/far0/hop_limit",
    ..USUAL
};

#[test]
fn what_looks_like_two_systems_is_unknown() {
    cable::run("lab::shapes::what_looks_like_two_systems_is_unknown", &DISGUISED, || {
        assert_eq!(families(), [[None; 2]; 2]);
    });
}

const TIMELESS: Far = Far { setup: "echo 0 > /proc/sys/net/ipv4/tcp_timestamps", ..USUAL };

#[test]
fn linux_without_timestamps_is_linux_still() {
    cable::run("lab::shapes::linux_without_timestamps_is_linux_still", &TIMELESS, || {
        assert_eq!(families(), [[Some("Linux"); 2]; 2]);
    });
}

const BARE: Far = Far {
    setup: "echo 0 > /proc/sys/net/ipv4/tcp_timestamps
        echo 0 > /proc/sys/net/ipv4/tcp_sack
        echo 0 > /proc/sys/net/ipv4/tcp_window_scaling",
    ..USUAL
};

#[test]
fn what_offers_nothing_is_unknown() {
    cable::run("lab::shapes::what_offers_nothing_is_unknown", &BARE, || {
        assert_eq!(families(), [[None; 2]; 2]);
    });
}
