//! The SYN scan on loopback, in a namespace where nobody else listens, and without its right.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
};

use portscan::{Error, Event, Method, Probe, Settings, Stop, Tally, can_send_raw, scan};

use super::{every, scan_by};
use crate::{child, record::numbered, skip::skipped};

/// Runs `body` in a namespace with nothing but loopback, where raw sockets are allowed.
fn alone(name: &str, body: fn()) {
    let test = format!("lab::raw::{name}");
    if child::is_child() {
        body();
    } else if !child::run_in_empty_network(&test) {
        skipped(name, "this machine allows no network namespaces");
    }
}

fn listen(count: usize) -> Vec<TcpListener> {
    let listen = |_| TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a free port");
    (0..count).map(listen).collect()
}

fn ports(listeners: &[TcpListener]) -> Vec<u16> {
    let mut ports: Vec<u16> =
        listeners.iter().map(|listener| listener.local_addr().expect("it is bound").port()).collect();
    ports.sort_unstable();
    ports
}

#[test]
fn loopback_is_exact_many_times() {
    alone("loopback_is_exact_many_times", || {
        let listeners = listen(100);
        for address in ["127.0.0.1", "127.9.9.9", "::ffff:127.0.0.1"] {
            let (tally, record) = scan_by(Method::Syn, every(address, 1..=u16::MAX));
            let found: Vec<u16> = record.open_addresses().iter().map(SocketAddr::port).collect();
            assert_eq!(found, ports(&listeners), "{address}");
            assert_eq!(tally, Tally { open: 100, closed: 65_435, filtered: 0 }, "{address}");
        }
        for _ in 0..8 {
            let (tally, _) = scan_by(Method::Syn, every("::1", 1..=u16::MAX));
            assert_eq!(tally, Tally { closed: 65_535, ..Tally::default() });
        }
    });
}

#[test]
fn an_address_that_comes_often_is_answered_as_often() {
    alone("an_address_that_comes_often_is_answered_as_often", || {
        let listeners = listen(1);
        let open = SocketAddr::from(([127, 0, 0, 1], ports(&listeners)[0]));
        let closed = SocketAddr::from(([127, 0, 0, 1], 1));
        let (tally, _) = scan_by(Method::Syn, [open, closed, closed].repeat(1000));
        assert_eq!(tally, Tally { open: 1000, closed: 2000, filtered: 0 });
    });
}

#[test]
fn where_no_packet_can_go_all_is_filtered_at_once() {
    alone("where_no_packet_can_go_all_is_filtered_at_once", || {
        let nowhere = ["127.255.255.255", "198.18.0.1", "2001:db8::1", "0.0.0.0", "::", "224.0.0.1"];
        let addresses: Vec<SocketAddr> = nowhere.iter().flat_map(|address| every(address, 1..=20)).collect();
        let count = u64::try_from(addresses.len()).expect("few");
        let (tally, _) = scan_by(Method::Syn, addresses);
        assert_eq!(tally, Tally { filtered: count, ..Tally::default() });
    });
}

#[test]
fn a_stopped_scan_leaves_no_socket() {
    alone("a_stopped_scan_leaves_no_socket", || {
        let open_files = || fs::read_dir("/proc/self/fd").expect("Linux has it").count();
        let before = open_files();
        let stop = Stop::new();
        let probes = numbered(every("127.0.0.1", 1..=1).into_iter().cycle());
        let summary = scan(&Settings::default().by(Method::Syn), probes, &stop, |event| {
            if matches!(event, Event::Settled { .. }) {
                stop.stop();
            }
        });
        assert!(summary.expect("the scan runs").stopped);
        assert_eq!(open_files(), before);
    });
}

#[test]
fn without_the_right_it_is_an_error_and_no_other_method() {
    let test = "lab::raw::without_the_right_it_is_an_error_and_no_other_method";
    if child::is_child() {
        assert!(matches!(can_send_raw(), Err(Error::NoRawSockets(_))));
        let probe = Probe { number: 0, address: ([127, 0, 0, 1], 1).into() };
        let mut events = 0;
        let ended =
            scan(&Settings::default().by(Method::Syn), [probe].into_iter(), &Stop::new(), |_| events += 1);
        assert!(matches!(ended, Err(Error::NoRawSockets(_))), "{ended:?}");
        assert_eq!(events, 0);
    } else if !child::run_without_rights(test) {
        skipped(
            "without_the_right_it_is_an_error_and_no_other_method",
            "this machine allows no user namespaces",
        );
    }
}
