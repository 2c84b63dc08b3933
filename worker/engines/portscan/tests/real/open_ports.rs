use std::net::{IpAddr, SocketAddr, TcpListener};

use portscan::{Settings, Tally};

use crate::record::{V6, listen, record};

/// Ports around each listener, so that most are closed, and those of the listeners.
fn surroundings(listeners: &[TcpListener]) -> Vec<SocketAddr> {
    let mut addresses = Vec::new();
    for listener in listeners {
        let address = listener.local_addr().expect("it is bound");
        let first = address.port().saturating_sub(50);
        addresses.extend((first..=first.saturating_add(100)).map(|port| SocketAddr::new(address.ip(), port)));
    }
    addresses.sort();
    addresses.dedup();
    addresses
}

fn bound(listeners: &[TcpListener]) -> Vec<SocketAddr> {
    let mut addresses: Vec<SocketAddr> =
        listeners.iter().map(|listener| listener.local_addr().expect("it is bound")).collect();
    addresses.sort();
    addresses
}

/// Addresses that nothing else on this machine binds to.
fn quiet_hosts() -> Vec<IpAddr> {
    (1..=20).map(|host| IpAddr::from([127, 83, 61, host])).collect()
}

#[test]
fn exactly_the_listeners_are_open_on_many_addresses() {
    let hosts = quiet_hosts();
    let listeners: Vec<TcpListener> =
        hosts.iter().cycle().take(100).filter_map(|host| listen(*host)).collect();
    let addresses = surroundings(&listeners);
    for threads in [1, 2, 4] {
        let settings = Settings { threads, ..Settings::default() };
        let (summary, record) = record(&settings, addresses.clone());
        // A listener on all addresses, of any other program, is open here too.
        let own: Vec<SocketAddr> = record
            .open_addresses()
            .into_iter()
            .filter(|address| bound(&listeners).contains(address))
            .collect();
        assert_eq!(own, bound(&listeners));
        assert_eq!(usize::try_from(summary.tally.total()), Ok(addresses.len()));
        assert_eq!(summary.tally.filtered, 0);
    }
}

#[test]
fn both_address_families_in_one_plan() {
    let Some(first) = listen(V6) else { return };
    let Some(second) = listen(quiet_hosts()[0]) else { return };
    let port = first.local_addr().expect("it is bound").port();
    let mut addresses = vec![second.local_addr().expect("it is bound")];
    addresses.extend((1..200).map(|port| SocketAddr::from(([127, 83, 61, 1], port))));
    addresses.push((V6, port).into());
    let settings = Settings { window: 4, ..Settings::default() };
    let (summary, record) = record(&settings, addresses);
    assert!(record.open_addresses().contains(&(V6, port).into()));
    assert!(record.open_addresses().contains(&second.local_addr().expect("it is bound")));
    assert_eq!(summary.tally.filtered, 0);
}

#[test]
fn where_there_is_no_way_all_is_filtered_at_once() {
    // The broadcast address of loopback: the kernel itself refuses.
    let addresses = (1..500).map(|port| SocketAddr::from(([127, 255, 255, 255], port))).collect();
    let (summary, _) = record(&Settings::default(), addresses);
    assert_eq!(summary.tally, Tally { filtered: 499, ..Tally::default() });
    assert_eq!(summary.retries, 0);
}

#[test]
fn an_empty_plan_ends_at_zero() {
    let (summary, record) = record(&Settings::default(), Vec::new());
    assert_eq!((summary.tally, summary.stopped), (Tally::default(), false));
    assert_eq!(record.settled, [(0, Tally::default())]);
}
