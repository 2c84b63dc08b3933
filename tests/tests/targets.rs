//! What may be given for a target, and that exactly the listeners on it are found.
#![cfg(test)]

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv6Addr};

use serde_json::{Value, json};
use vedette_tests::deployment::Deployment;
use vedette_tests::follow::found;
use vedette_tests::listeners::{Listeners, own_address, ports};
use vedette_tests::scan::open_ports;
use vedette_tests::skip::skipped;
use vedette_tests::{Pair, TestService, on_every_pair};

on_every_pair! {
    several_targets_are_one_scan,
}

async fn several_targets_are_one_scan(pair: Pair) {
    let service = TestService::start(pair).await;
    let (one, other) = (Listeners::open(3), Listeners::open(2));
    let both = format!("{},{}", one.target(), other.target());
    let expected: BTreeSet<_> = one.expected().union(&other.expected()).cloned().collect();
    assert_found(&service, &both, &ports(30_000, 61_000), &expected).await;
}

#[tokio::test]
async fn every_address_of_a_block_is_scanned() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let first = u32::from(own_address());
    let at = |offset: u32| Listeners::on(IpAddr::V4((first + offset).into()), 2);
    let (one, other) = (at(1), at(2));
    let expected: BTreeSet<_> = one.expected().union(&other.expected()).cloned().collect();
    let block = format!("{}/30", std::net::Ipv4Addr::from(first));
    let results = assert_found(&service, &block, &ports(30_000, 61_000), &expected).await;
    let hosts = results["hosts"].as_array().expect("hosts[] with counts per address");
    let open =
        |address: &str| hosts.iter().find(|host| host["address"] == address).unwrap()["open_ports"].clone();
    assert_eq!((open(&one.target()), open(&other.target())), (json!(2), json!(2)), "{results}");
}

#[tokio::test]
async fn an_ipv6_address_is_scanned() {
    if !Listeners::has_ipv6() {
        skipped("an_ipv6_address_is_scanned", "this machine has no ::1");
        return;
    }
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let listeners = Listeners::on(Ipv6Addr::LOCALHOST.into(), 2);
    let scan = service.owner().scan("::1").ports(&listeners.and_closed_neighbours()).await;
    assert_eq!(scan.finished().await["status"], "completed");
    assert!(open_ports(&scan.results().await).is_superset(&listeners.expected()));
}

#[tokio::test]
async fn a_name_is_looked_up_and_stays_beside_its_address() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let listeners = Listeners::on(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 2);
    let ports: Vec<String> = listeners.ports().iter().map(u16::to_string).collect();
    let scan = service.owner().scan("localhost").ports(&ports.join(",")).await;
    assert_eq!(scan.finished().await["status"], "completed");
    let results = scan.results().await;
    assert!(open_ports(&results).is_superset(&listeners.expected()), "{results}");
    let records = results["ports"].as_array().unwrap();
    assert!(records.iter().all(|record| record["host"] == "localhost"), "{results}");
}

#[tokio::test]
async fn a_target_that_is_named_twice_is_refused_rather_than_scanned_twice() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let owner = service.owner();
    for twice in ["127.77.0.1,127.77.0.1", "localhost,127.77.0.1,LOCALHOST", "::1,0:0:0:0:0:0:0:1"] {
        owner.scan(twice).ports("1").answer().await.refused(400, "INVALID_TARGET");
    }
}

#[tokio::test]
async fn a_port_of_two_overlapping_blocks_stands_in_the_results_once() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let listeners = Listeners::open(2);
    let overlapping = format!("{0},{0}/31", listeners.target());
    let scan = service.owner().scan(&overlapping).ports(&listeners.and_closed_neighbours()).await;
    let frames = scan.told_to_the_end().await;
    assert_eq!(found(&frames).len(), 2, "each open port is told once: {frames:?}");
    assert_eq!(open_ports(&scan.results().await), listeners.expected());
}

#[tokio::test]
async fn a_port_record_tells_what_the_contract_promises() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let listeners = Listeners::open(1);
    let scan = service.owner().scan(&listeners.target()).ports(&listeners.and_closed_neighbours()).await;
    scan.finished().await;
    let results = scan.results().await;
    let record = &results["ports"][0];
    assert_eq!((&record["protocol"], &record["state"]), (&json!("tcp"), &json!("open")), "{record}");
    assert_eq!(
        (&record["address"], &record["host"]),
        (&json!(listeners.target()), &json!(listeners.target()))
    );
}

#[tokio::test]
async fn addresses_the_operator_denies_are_refused() {
    let service =
        Deployment::of(Pair::SqliteEmbedded).with("VEDETTE_TARGETS_DENY", "127.66.0.0/16").start().await;
    for target in
        ["127.66.1.2", "127.66.0.0/30", "127.66.128.0/17", "127.77.0.0,127.66.0.9", "::ffff:127.66.0.1"]
    {
        let answer = service.owner().scan(target).ports("1").answer().await;
        answer.refused(403, "INSUFFICIENT_PERMISSIONS");
    }
}

/// No worker runs here: whatever the api takes by mistake is never dialled.
#[tokio::test]
async fn separate_processes_refuse_every_address_that_is_not_public_unless_it_is_allowed() {
    let deployment =
        Deployment::of(Pair::PostgresRedisMany).apis(1).workers(0).with("VEDETTE_TARGETS_DENY", "");
    let service = deployment.with("VEDETTE_TARGETS_ALLOW", "127.77.0.0/16").start().await;
    let owner = service.owner();
    for target in [
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "127.0.0.1",
        "127.66.0.0/20",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "255.255.255.255",
        "224.0.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
        "2001:db8::1",
        "127.77.0.1,10.0.0.1",
    ] {
        owner.scan(target).ports("1").answer().await.refused(403, "INSUFFICIENT_PERMISSIONS");
    }
    owner.scan("127.77.0.1").ports("1").await.stop().await;
}

/// Scans, and insists that events and results tell exactly the expected ports, and counts that add up.
async fn assert_found(
    service: &TestService,
    target: &str,
    ports: &str,
    expected: &BTreeSet<(String, u64)>,
) -> Value {
    let scan = service.owner().scan(target).ports(ports).await;
    let frames = scan.told_to_the_end().await;
    let told = found(&frames);
    assert_eq!(told.len(), expected.len(), "each open port is told once: {told:?}");
    let results = scan.results().await;
    assert_eq!(&told.into_iter().collect::<BTreeSet<_>>(), expected);
    assert_eq!(&open_ports(&results), expected);
    let summary = &results["summary"];
    let count = |name: &str| summary[name].as_u64().unwrap();
    let total = count("open_ports") + count("closed_ports") + count("filtered_ports");
    assert_eq!(total, count("total_ports_scanned"), "{summary}");
    assert_eq!(summary["open_ports"], expected.len(), "{summary}");
    results
}
