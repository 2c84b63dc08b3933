//! The scan by datagrams over a cable: the far kernel holds its ICMP errors back, as it does on any network.

use std::net::SocketAddr;

use link_emulator::Weather;
use portscan::{Method, Settings, Tally};

use super::{
    cable::{self, Far},
    every,
};
use crate::record::record;

/// Among the first thousand, some with a payload of their own.
fn responders() -> Vec<u16> {
    vec![7, 53, 69, 123, 161, 200, 333, 500, 623, 999]
}

const FAR: Far = Far { responders, ..Far::QUIET };

fn expected(address: &str) -> Vec<SocketAddr> {
    responders().into_iter().flat_map(|port| every(address, port..=port)).collect()
}

#[test]
fn every_responder_is_found_though_errors_are_limited() {
    cable::run("lab::datagrams::every_responder_is_found_though_errors_are_limited", &FAR, || {
        for address in ["198.18.0.2", "2001:db8::2"] {
            let (summary, record) = record(&Settings::default().by(Method::Udp), every(address, 1..=1000));
            assert_eq!(record.open_addresses(), expected(address), "{summary:?}");
            assert_eq!(summary.tally.total(), 1000);
            assert!(summary.tally.closed >= 6 && summary.tally.filtered > 500, "{summary:?}");
            assert_eq!(summary.icmp_limited, address.parse().ok(), "{summary:?}");
        }
    });
}

#[test]
fn a_host_that_holds_nothing_back_is_exact() {
    let unlimited = "sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv4.icmp_msgs_per_sec=1000000 \
        net.ipv4.icmp_msgs_burst=100000";
    let far = Far { setup: unlimited, ..FAR };
    cable::run("lab::datagrams::a_host_that_holds_nothing_back_is_exact", &far, || {
        let (summary, record) = record(&Settings::default().by(Method::Udp), every("198.18.0.2", 1..=5000));
        assert_eq!(record.open_addresses(), expected("198.18.0.2"), "{summary:?}");
        assert_eq!(summary.tally, Tally { open: 10, closed: 4990, filtered: 0 }, "{summary:?}");
        assert_eq!(summary.icmp_limited, None);
    });
}

/// Each way loses a packet of a hundred: an attempt fails once in fifty times, three of them once in 125,000.
#[test]
fn a_responder_behind_a_link_that_loses_packets_is_found() {
    let bad = Weather { lost: 10, ..Weather::fair() };
    cable::run_relayed(
        "lab::datagrams::a_responder_behind_a_link_that_loses_packets_is_found",
        &bad,
        &FAR,
        || {
            let (summary, record) =
                record(&Settings::default().by(Method::Udp), every("198.18.0.2", 1..=1000));
            assert_eq!(record.open_addresses(), expected("198.18.0.2"), "{summary:?}");
        },
    );
}
