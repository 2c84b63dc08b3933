use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use portscan::{Event, Probe, Settings, Stop, Summary, scan};

use crate::{child, full_backlog::DeafListener};

fn open_files() -> usize {
    fs::read_dir("/proc/self/fd").expect("Linux has it").count()
}

/// A plan that never ends.
fn endless(address: SocketAddr) -> impl Iterator<Item = Probe> + Send {
    (0..u64::MAX).map(move |number| Probe { number, address })
}

/// Stops at the second checkpoint; gives the time from there to the return.
fn stop_soon(address: SocketAddr) -> (Summary, Duration) {
    let stop = Stop::new();
    let mut stopped_at = None;
    let summary = scan(&Settings::default(), endless(address), &stop.clone(), |event| {
        if matches!(event, Event::Settled { .. }) && !stop.is_stopped() {
            stopped_at = Some(Instant::now());
            stop.stop();
        }
    });
    (summary.expect("the scan runs"), stopped_at.expect("it was stopped").elapsed())
}

#[test]
fn stopping_closes_every_socket() {
    child::run("true", "stop::stopping_closes_every_socket", stop_and_count_files);
}

fn stop_and_count_files() {
    let listener = DeafListener::new();
    let before = open_files();
    // Silent connections, all pending; then refused ones, as fast as they come.
    for address in [listener.address, (Ipv4Addr::LOCALHOST, 1).into()] {
        let (summary, took) = stop_soon(address);
        assert!(summary.stopped);
        assert!(took < Duration::from_secs(2), "{took:?}; the aim is 100 ms, on a machine that is not busy");
        assert_eq!(open_files(), before);
    }
}

#[test]
fn a_scan_stopped_before_it_starts_tries_nothing() {
    let stop = Stop::new();
    stop.stop();
    let mut events = Vec::new();
    let probes = endless((Ipv4Addr::LOCALHOST, 1).into());
    let summary =
        scan(&Settings::default(), probes, &stop, |event| events.push(event)).expect("the scan runs");
    assert!(summary.stopped);
    assert_eq!(summary.tally.total(), 0);
    assert_eq!(events.len(), 1);
}
