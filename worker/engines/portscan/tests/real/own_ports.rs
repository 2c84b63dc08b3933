//! A scan of its own host meets its own local ports: the one source of false open ports.

use std::{
    fs,
    net::{IpAddr, SocketAddr, TcpStream},
};

use portscan::Settings;

use crate::{
    child,
    record::{V4, V6, record},
};

/// The ports from which the kernel lets this machine connect.
fn local_ports() -> Vec<u16> {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let bounds: Vec<u16> = range.split_whitespace().filter_map(|bound| bound.parse().ok()).collect();
    let &[first, last] = &bounds[..] else { return (32_768..=60_999).collect() };
    (first..=last).collect()
}

/// Whether somebody really listens there: some other program may, on a machine that is in use.
fn is_listening(address: SocketAddr) -> bool {
    let Ok(stream) = TcpStream::connect(address) else { return false };
    stream.local_addr().is_ok_and(|local| local != address)
}

fn false_opens(address: IpAddr, scans: usize) -> Vec<SocketAddr> {
    let addresses: Vec<SocketAddr> = local_ports().into_iter().map(|port| (address, port).into()).collect();
    let mut wrong = Vec::new();
    for _ in 0..scans {
        let (summary, record) = record(&Settings::default(), addresses.clone());
        wrong.extend(record.open_addresses().into_iter().filter(|address| !is_listening(*address)));
        assert_eq!(summary.tally.filtered, 0, "{summary:?}");
    }
    wrong
}

#[test]
fn the_scans_own_ports_are_never_open() {
    let name = "own_ports::the_scans_own_ports_are_never_open";
    if child::is_child() || !child::run_in_empty_network(name) {
        child::run("true", name, scan_the_local_ports_many_times);
    }
}

fn scan_the_local_ports_many_times() {
    assert_eq!(false_opens(V4, 24), []);
    assert_eq!(false_opens(V6, 8), []);
}
