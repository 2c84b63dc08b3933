//! Who is there, and who opens every port.

use std::{collections::HashSet, net::IpAddr, process::Command};

use portscan::{Method, Settings, Stop, find_hosts, opens_every_port};

use super::cable::{self, Far};
use crate::skip::skipped;

/// At home on every address of a whole network: but one that takes no ping, one that takes nothing else, and one that
/// takes nothing at all.
const FAR: Far = Far {
    setup: "
    ip rule add pref 100 lookup local
    ip rule del pref 0
    ip rule add pref 10 iif far0 to 198.18.4.1 ipproto icmp blackhole
    ip rule add pref 11 iif far0 to 198.18.4.2 ipproto tcp blackhole
    ip rule add pref 12 iif far0 to 198.18.4.3 blackhole",
    listeners: || vec![80],
    ..Far::QUIET
};

#[test]
fn whoever_answers_anything_is_there() {
    cable::run("lab::hosts::whoever_answers_anything_is_there", &FAR, || {
        let addresses: Vec<IpAddr> = (0..=255).map(|host| IpAddr::from([198, 18, 4, host])).collect();
        let hosts = find_hosts(&Settings::default(), &addresses, &Stop::new()).expect("it runs");
        let missing: Vec<&IpAddr> = addresses.iter().filter(|address| !hosts.contains(address)).collect();
        assert_eq!(missing, [&IpAddr::from([198, 18, 4, 3])]);
    });
}

#[test]
fn nobody_is_found_where_nobody_is() {
    cable::run("lab::hosts::nobody_is_found_where_nobody_is", &Far::QUIET, || {
        let addresses: Vec<IpAddr> =
            ["198.18.0.77", "2001:db8::77", "2001:db8::2"].map(|text| text.parse().unwrap()).into();
        let hosts = find_hosts(&Settings::default(), &addresses, &Stop::new()).expect("it runs");
        assert_eq!(hosts, HashSet::from([addresses[2]]));
    });
}

/// A connection to whatever port of the host is taken by one listener.
const TAR_PIT: Far = Far {
    setup: "
    nft add table inet pit
    nft add chain inet pit mouth '{ type nat hook prerouting priority dstnat; }'
    nft add rule inet pit mouth ip daddr 198.18.4.9 tcp dport 1-65535 redirect to :80",
    listeners: || vec![80],
    ..Far::QUIET
};

#[test]
fn a_tar_pit_opens_every_port_and_a_host_does_not() {
    let rules = Command::new("unshare").args(["-rn", "nft", "add table inet pit"]).output();
    if !rules.is_ok_and(|output| output.status.success()) {
        skipped("a_tar_pit_opens_every_port_and_a_host_does_not", "this machine has no nftables");
        return;
    }
    cable::run("lab::hosts::a_tar_pit_opens_every_port_and_a_host_does_not", &TAR_PIT, || {
        for method in [Method::Connect, Method::Syn] {
            let settings = Settings::default().by(method);
            let opens = |host| opens_every_port(&settings, IpAddr::from([198, 18, 4, host]), &Stop::new());
            assert!(opens(9).expect("it runs"), "{method:?}");
            assert!(!opens(8).expect("it runs"), "{method:?}");
        }
    });
}
