//! The scan by datagrams on loopback, where no ICMP error is held back.

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr, UdpSocket},
    thread,
};

use portscan::{Method, Settings};

use crate::{
    child,
    record::{V4, V6, record},
};

/// Answers every datagram from a port that is free; one that says nothing stays filtered.
fn responder(address: IpAddr) -> Option<SocketAddr> {
    let socket = UdpSocket::bind((address, 0)).ok()?;
    let local = socket.local_addr().expect("it is bound");
    thread::spawn(move || {
        let mut buffer = [0; 2048];
        while let Ok((_, from)) = socket.recv_from(&mut buffer) {
            socket.send_to(b"!", from).expect("there is a way back");
        }
    });
    Some(local)
}

#[test]
fn exactly_the_responders_are_open() {
    let name = "datagrams::exactly_the_responders_are_open";
    if child::is_child() || !child::run_in_empty_network(name) {
        child::run("true", name, scan_every_port);
    }
}

fn scan_every_port() {
    for address in [V4, V6] {
        let responders: BTreeSet<SocketAddr> = (0..20).map_while(|_| responder(address)).collect();
        let deaf = UdpSocket::bind((address, 0)).expect("a free port");
        let every = (1..=u16::MAX).map(|port| SocketAddr::new(address, port)).collect();
        let (summary, record) = record(&Settings::default().by(Method::Udp), every);
        let found: BTreeSet<SocketAddr> = record.open_addresses().into_iter().collect();
        assert!(responders.is_subset(&found), "{summary:?}");
        // On a machine that is in use, others answer too.
        assert!(!child::is_alone() || found == responders, "{found:?}");
        assert!(!found.contains(&deaf.local_addr().expect("it is bound")));
        assert!(!child::is_alone() || summary.tally.filtered == 1, "only one port says nothing: {summary:?}");
        assert_eq!(summary.icmp_limited, None);
    }
}
