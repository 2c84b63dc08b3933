use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    sync::atomic::{AtomicUsize, Ordering},
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

/// Stops at the second checkpoint; gives how many probes were taken from the plan after that.
fn stop_soon(settings: &Settings, address: SocketAddr) -> (Summary, usize) {
    let (stop, taken) = (Stop::new(), AtomicUsize::new(0));
    let mut taken_before = None;
    let probes = endless(address).inspect(|_| {
        taken.fetch_add(1, Ordering::SeqCst);
    });
    let summary = scan(settings, probes, &stop.clone(), |event| {
        if matches!(event, Event::Settled { .. }) && !stop.is_stopped() {
            stop.stop();
            taken_before = Some(taken.load(Ordering::SeqCst));
        }
    });
    let taken_after = taken.into_inner() - taken_before.expect("it was stopped");
    (summary.expect("the scan runs"), taken_after)
}

#[test]
fn stopping_closes_every_socket_and_begins_no_further_window() {
    let name = "stop::stopping_closes_every_socket_and_begins_no_further_window";
    child::run("true", name, stop_and_count_files);
}

fn stop_and_count_files() {
    let listener = DeafListener::new();
    let (settings, before) = (Settings::default(), open_files());
    // Silent connections, all pending; then refused ones, as fast as they come.
    for address in [listener.address, (Ipv4Addr::LOCALHOST, 1).into()] {
        let (summary, taken_after) = stop_soon(&settings, address);
        assert!(summary.stopped);
        assert!(taken_after <= settings.window, "{taken_after} probes were begun after the stop");
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
