//! The scans that an open port is silent to.

use portscan::{Method, Tally};

use super::{
    cable::{self, Far},
    every, scan_by,
};

const SILENT: [Method; 3] = [Method::Fin, Method::Null, Method::Xmas];

/// Silence for ports 300 to 309, and an ICMP error for 310 to 319.
const FAR: Far = Far {
    setup: "
    for family in -4 -6; do
        ip $family rule add pref 100 lookup local
        ip $family rule del pref 0
        ip $family rule add pref 10 iif far0 ipproto tcp dport 300-309 blackhole
        ip $family rule add pref 11 iif far0 ipproto tcp dport 310-319 prohibit
    done",
    listeners: || (1..=9).map(|number| number * 11).collect(),
    ..Far::QUIET
};

#[test]
fn a_closed_port_resets_and_all_others_are_filtered() {
    cable::run("lab::silent::a_closed_port_resets_and_all_others_are_filtered", &FAR, || {
        for address in ["198.18.0.2", "2001:db8::2"] {
            for method in SILENT {
                let (tally, record) = scan_by(method, every(address, 1..=500));
                assert_eq!(record.open_addresses(), [], "{method:?}");
                assert_eq!(tally, Tally { open: 0, closed: 471, filtered: 29 }, "{method:?} {address}");
            }
        }
    });
}
