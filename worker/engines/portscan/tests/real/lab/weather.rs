//! Exactness over a link that is slow and loses packets.

use std::{net::SocketAddr, time::Duration};

use link_emulator::Weather;
use portscan::{Settings, Summary, Tally};

use super::{
    METHODS,
    cable::{self, Far},
    every, settings,
};
use crate::record::record;

fn listeners() -> Vec<u16> {
    (1..=100).map(|number| number * 19).collect()
}

const FAR: Far = Far { listeners, ..Far::QUIET };

/// Scans 2000 ports by both methods, as fast as the link bears.
fn scan_exactly(tries: u32) -> [Summary; 2] {
    let addresses = every("198.18.0.2", 1..=2000);
    let open: Vec<SocketAddr> =
        listeners().into_iter().flat_map(|port| every("198.18.0.2", port..=port)).collect();
    METHODS.map(|method| {
        let careful = Settings { tries, ..settings(method) };
        let (summary, record) = record(&careful, addresses.clone());
        assert_eq!(record.open_addresses(), open, "{method:?} {summary:?}");
        let expected = Tally { open: 100, closed: 1900, filtered: 0 };
        assert_eq!(summary.tally, expected, "{method:?} {summary:?}");
        summary
    })
}

#[test]
fn a_slow_link_is_exact() {
    let slow = Weather { delay: Duration::from_millis(10), lost: 0, interval: Duration::ZERO };
    cable::run_relayed("lab::weather::a_slow_link_is_exact", &slow, &FAR, || {
        scan_exactly(3);
    });
}

/// Each way loses a packet of twenty, so an attempt fails once in ten times: eight of them once in 10^8.
#[test]
fn a_link_that_loses_packets_is_exact() {
    let bad = Weather { delay: Duration::from_millis(10), lost: 50, interval: Duration::ZERO };
    cable::run_relayed("lab::weather::a_link_that_loses_packets_is_exact", &bad, &FAR, || {
        let summaries = scan_exactly(8);
        assert!(summaries.iter().all(|summary| summary.retries > 0), "something was lost: {summaries:?}");
    });
}

/// 5000 packets a second, answers included; more wait for 20 ms and are lost then.
#[test]
fn a_narrow_link_is_exact() {
    let narrow = Weather { delay: Duration::from_millis(10), lost: 0, interval: Duration::from_micros(200) };
    cable::run_relayed("lab::weather::a_narrow_link_is_exact", &narrow, &FAR, || {
        scan_exactly(8);
    });
}
