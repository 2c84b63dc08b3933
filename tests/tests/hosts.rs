//! Whole scans of a network: who is there, who opens every port, and what becomes of a question that is cut short.
#![cfg(test)]

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::{Value, json};
use vedette_tests::listeners::Listeners;
use vedette_tests::namespace::{Far, alone, deployment};
use vedette_tests::scan::open_ports;
use vedette_tests::skip::skipped;
use vedette_tests::wait::{SOON, until};

/// The hosts of results, as `(address, open, closed, filtered, skipped)`.
fn hosts(results: &Value) -> BTreeSet<(String, u64, u64, u64, u64)> {
    let told = |host: &Value| {
        let count = |name: &str| host[name].as_u64().unwrap_or_else(|| panic!("no {name} in {host}"));
        let [open, closed, filtered] = ["open_ports", "closed_ports", "filtered_ports"].map(count);
        (host["address"].as_str().unwrap().to_owned(), open, closed, filtered, count("skipped_ports"))
    };
    results["hosts"].as_array().expect("results have hosts[]").iter().map(told).collect()
}

fn codes(results: &Value) -> Vec<&str> {
    results["warnings"].as_array().unwrap().iter().map(|warning| warning["code"].as_str().unwrap()).collect()
}

/// Of a block of 16 addresses 4 are there.
#[test]
fn hosts_that_are_not_there_are_skipped() {
    alone("hosts_that_are_not_there_are_skipped", four_of_sixteen);
}

async fn four_of_sixteen() {
    let far = Far::join().with_hosts("198.18.4.4/30").with_listener(80);
    let service = deployment().with("VEDETTE_SHARD_UNITS", "250").start().await;
    for engine in ["connect", "syn"] {
        let options = json!({ "engine": engine });
        let scan = service.owner().scan("198.18.4.0/28").ports("1-100").with("options", options).await;
        let found = scan.finished().await;
        assert_eq!(found["status"], "completed", "{engine}: {found}");
        let results = scan.results().await;
        let expected = (0..16).map(|host| {
            let address = format!("198.18.4.{host}");
            if (4..8).contains(&host) { (address, 1, 99, 0, 0) } else { (address, 0, 0, 100, 100) }
        });
        assert_eq!(hosts(&results), expected.collect(), "{engine}");
        let open = (4..8).map(|host| (format!("198.18.4.{host}"), 80));
        assert_eq!(open_ports(&results), open.collect(), "{engine}");
        assert_eq!(codes(&results), ["HOSTS_SKIPPED"], "{engine}");
        let counts = ["total_ports_scanned", "open_ports", "closed_ports", "filtered_ports"];
        let counts = counts.map(|name| results["summary"][name].as_u64().unwrap());
        assert_eq!(counts, [1600, 4, 396, 1200], "{engine}");
    }
    drop(far);
}

/// A connection to whatever port of one host is taken by one listener.
const TAR_PIT: &str = "
    nft add table inet pit
    nft add chain inet pit mouth \"{ type nat hook prerouting priority dstnat; }\"
    nft add rule inet pit mouth ip daddr 198.18.4.9 tcp dport 1-65535 redirect to :80";

#[test]
fn of_a_host_that_opens_every_port_few_are_listed_and_all_are_counted() {
    let rules = Command::new("unshare").args(["-rn", "nft", "add table inet pit"]).output();
    if !rules.is_ok_and(|output| output.status.success()) {
        skipped("of_a_host_that_opens_every_port", "this machine has no nftables");
        return;
    }
    alone("of_a_host_that_opens_every_port_few_are_listed_and_all_are_counted", beside_a_tar_pit);
}

async fn beside_a_tar_pit() {
    let far = Far::join().with_hosts("198.18.4.8/31").with_listener(80);
    far.run(TAR_PIT);
    let service = deployment().start().await;
    let scan = service.owner().scan("198.18.4.8/31").ports("1-4000").await;
    assert_eq!(scan.finished().await["status"], "completed");
    let results = scan.results().await;
    let usual = ("198.18.4.8".to_owned(), 1, 3999, 0, 0);
    let pit = ("198.18.4.9".to_owned(), 4000, 0, 0, 0);
    assert_eq!(hosts(&results), BTreeSet::from([usual, pit]));
    let flags: Vec<&Value> =
        results["hosts"].as_array().unwrap().iter().map(|host| &host["all_ports_open"]).collect();
    assert_eq!(flags, [false, true], "{}", results["hosts"]);
    assert_eq!(codes(&results), ["ALL_PORTS_OPEN"]);
    let (usual, pit): (Vec<_>, Vec<_>) =
        open_ports(&results).into_iter().partition(|(address, _)| address == "198.18.4.8");
    assert_eq!(usual, [("198.18.4.8".to_owned(), 80)]);
    assert!((200..2000).contains(&pit.len()), "{} are listed", pit.len());
}

/// To ask a thousand addresses would take a quarter of an hour at this rate.
#[test]
fn a_scan_that_is_cancelled_while_it_looks_for_hosts_frees_its_worker() {
    alone("a_scan_that_is_cancelled_while_it_looks_for_hosts_frees_its_worker", cut_short);
}

async fn cut_short() {
    let far = Far::join();
    let service = deployment().with("VEDETTE_WORKER_SLOTS", "1").start().await;
    let owner = service.owner();
    let listeners = Listeners::open(2);
    let order = || owner.scan(&listeners.target()).ports(&listeners.and_closed_neighbours());
    for engine in ["connect", "syn"] {
        let before = far.packets();
        let options = json!({ "engine": engine, "rate": 10 });
        let scan = owner.scan("198.18.4.0/22").ports("1-100").with("options", options).await;
        until("questions", SOON, async || (far.packets() > before + 3).then_some(())).await;
        let waiting = order().await;
        assert_eq!(waiting.status().await["status"], "queued", "the one slot is taken");
        scan.stop().await;
        assert_eq!(waiting.finished().await["status"], "completed", "{engine}");
        assert_eq!(open_ports(&waiting.results().await), listeners.expected());
        assert_eq!(scan.status().await["progress"], 0, "nothing was tried");
    }
}
