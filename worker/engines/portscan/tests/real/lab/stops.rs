//! What still leaves this machine once a scan is stopped, by each of the three wires: counted, not timed.

use std::{
    fs,
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
};

use portscan::{Event, Method, Settings, Stop, scan};

use super::cable::{self, Far};
use crate::record::numbered;

/// A whole network that takes everything and says nothing.
const SILENT: Far = Far {
    setup: "
    ip route del local 198.18.4.0/24 dev lo
    ip route add blackhole 198.18.4.0/24",
    ..Far::QUIET
};

/// Packets a second: in 100 ms, as long as a stop may take, a tenth of them.
const RATE: u32 = 20_000;

fn endless() -> impl Iterator<Item = SocketAddr> + Send {
    let host = |number: u16| [198, 18, 4, number.to_be_bytes()[1]];
    (1..=u16::MAX).cycle().map(move |number| SocketAddr::from((host(number), number)))
}

/// The packets that this end has sent.
fn sent() -> u64 {
    let table = fs::read_to_string("/proc/self/net/dev").expect("Linux has it");
    let line = table.lines().find_map(|line| line.trim().strip_prefix("near0:")).expect("the cable is there");
    line.split_whitespace().nth(9).and_then(|count| count.parse().ok()).expect("a number")
}

/// Stops a scan at a checkpoint after its first thousand packets; gives how many leave after that.
fn sent_after_stop(method: Method) -> u64 {
    let settings = Settings { rate: Some(RATE), ..Settings::default().by(method) };
    let (stop, begun, at_stop) = (Stop::new(), sent(), AtomicU64::new(0));
    let summary = scan(&settings, numbered(endless()), &stop, |event| {
        let is_checkpoint = matches!(event, Event::Settled { .. });
        if is_checkpoint && !stop.is_stopped() && sent() > begun + 1000 {
            at_stop.store(sent(), Ordering::SeqCst);
            stop.stop();
        }
    });
    assert!(summary.expect("it runs").stopped, "{method:?}");
    sent() - at_stop.into_inner()
}

#[test]
fn hardly_a_packet_leaves_after_a_stop() {
    cable::run("lab::stops::hardly_a_packet_leaves_after_a_stop", &SILENT, || {
        for method in [Method::Connect, Method::Syn, Method::Udp] {
            let after = sent_after_stop(method);
            assert!(after <= u64::from(RATE / 10), "{after} packets by {method:?}");
        }
    });
}
