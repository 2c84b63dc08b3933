//! Exactness over a cable, with a firewall at its far end.

use std::net::SocketAddr;

use portscan::Tally;

use super::{
    METHODS,
    cable::{self, Far},
    every, scan_by,
};

/// Silence for ports 2000 to 2999, and an ICMP error for 3000 to 3019; the kernel's own tables come after that.
const FIREWALL: &str = "
    echo 1 > /proc/sys/net/ipv4/conf/all/forwarding
    for family in -4 -6; do
        ip $family rule add pref 100 lookup local
        ip $family rule del pref 0
        ip $family rule add pref 10 iif far0 ipproto tcp dport 2000-2999 blackhole
        ip $family rule add pref 11 iif far0 ipproto tcp dport 3000-3019 prohibit
    done";

/// Two of them behind the firewall.
fn listeners() -> Vec<u16> {
    (1..=97)
        .map(|number| number * 41)
        .filter(|port| !(2000..=3019).contains(port))
        .chain([2500, 3010])
        .collect()
}

const FAR: Far = Far { setup: FIREWALL, listeners, ..Far::QUIET };

fn expected_open(address: &str) -> Vec<SocketAddr> {
    let reachable = listeners().into_iter().filter(|port| !(2000..=3019).contains(port));
    let mut addresses: Vec<SocketAddr> = reachable.flat_map(|port| every(address, port..=port)).collect();
    addresses.sort();
    addresses
}

#[test]
fn behind_a_firewall_each_port_is_what_it_is() {
    cable::run("lab::firewall::behind_a_firewall_each_port_is_what_it_is", &FAR, || {
        for address in ["198.18.0.2", "2001:db8::2"] {
            for method in METHODS {
                let (tally, record) = scan_by(method, every(address, 1..=6000));
                let open = expected_open(address);
                assert_eq!(record.open_addresses(), open, "{method:?}");
                let count = u64::try_from(open.len()).expect("few");
                let expected = Tally { open: count, closed: 4980 - count, filtered: 1020 };
                assert_eq!(tally, expected, "{method:?} {address}");
            }
        }
    });
}

#[test]
fn all_ports_of_one_host_are_exact() {
    let far = Far { listeners, ..Far::QUIET };
    cable::run("lab::firewall::all_ports_of_one_host_are_exact", &far, || {
        let mut expected: Vec<SocketAddr> =
            listeners().into_iter().flat_map(|port| every("198.18.0.2", port..=port)).collect();
        expected.sort();
        for method in METHODS {
            let (tally, record) = scan_by(method, every("198.18.0.2", 1..=u16::MAX));
            assert_eq!(record.open_addresses(), expected, "{method:?}");
            assert_eq!((tally.filtered, tally.total()), (0, 65_535), "{method:?}");
        }
    });
}

#[test]
fn a_network_of_hosts_is_exact() {
    let far = Far { listeners: || vec![80, 443], ..Far::QUIET };
    cable::run("lab::firewall::a_network_of_hosts_is_exact", &far, || {
        for method in METHODS {
            let hosts = (0..=255).map(|host| format!("198.18.4.{host}"));
            let (tally, _) = scan_by(method, hosts.flat_map(|host| every(&host, 401..=500)).collect());
            assert_eq!(tally, Tally { open: 256, closed: 99 * 256, filtered: 0 }, "{method:?}");
        }
    });
}

#[test]
fn nobody_at_home_is_filtered() {
    cable::run("lab::firewall::nobody_at_home_is_filtered", &FAR, || {
        for method in METHODS {
            for address in ["198.18.0.77", "2001:db8::77"] {
                let (tally, _) = scan_by(method, every(address, 1..=50));
                assert_eq!(tally, Tally { filtered: 50, ..Tally::default() }, "{method:?} {address}");
            }
        }
    });
}
