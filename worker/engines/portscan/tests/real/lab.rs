//! A network of the test's own: this machine's kernel on both ends of a cable, in namespaces, with nothing beyond.

mod cable;
mod datagrams;
mod firewall;
mod hosts;
mod peer;
mod raw;
mod relay;
mod shapes;
mod silent;
mod stops;
mod weather;

use std::{net::SocketAddr, ops::RangeInclusive};

use portscan::{Method, Settings, Tally};

use crate::record::{Record, record};

/// The methods that find open TCP ports, with their usual settings.
const METHODS: [Method; 2] = [Method::Connect, Method::Syn];

fn settings(method: Method) -> Settings {
    Settings::default().by(method)
}

/// Scans addresses by one method.
fn scan_by(method: Method, addresses: Vec<SocketAddr>) -> (Tally, Record) {
    let (summary, record) = record(&settings(method), addresses);
    (summary.tally, record)
}

fn every(address: &str, ports: RangeInclusive<u16>) -> Vec<SocketAddr> {
    let ip = address.parse().expect("an address");
    ports.map(|port| SocketAddr::new(ip, port)).collect()
}
