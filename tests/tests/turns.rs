//! Who takes up which part of a scan, and when: workers do what they are able to, and scans take turns.
#![cfg(test)]

use serde_json::{Value, json};
use vedette_tests::deployment::Deployment;
use vedette_tests::listeners::{Listeners, own_address, port_count, ports};
use vedette_tests::scan::open_ports;
use vedette_tests::skip::skipped;
use vedette_tests::wait::{SOON, until};
use vedette_tests::{Pair, Scan, TestService, on_every_pair};

on_every_pair! {
    a_small_scan_does_not_wait_for_a_big_one,
    without_the_right_raw_scans_are_refused,
}

/// What health says of raw scans, once it begins with a word.
async fn health_says(service: &TestService, word: &str) {
    until(&format!("health that says {word}"), SOON, async || {
        (syn_scan(service).await.starts_with(word)).then_some(())
    })
    .await;
}

async fn syn_scan(service: &TestService) -> String {
    let health = service.owner().get("/api/v1/health").await.ok().clone();
    health["components"]["syn_scan"].as_str().unwrap().to_owned()
}

async fn a_small_scan_does_not_wait_for_a_big_one(pair: Pair) {
    let deployment = Deployment::of(pair).workers(1).slowed_to(1000).with("VEDETTE_WORKER_SLOTS", "1");
    let service = deployment.with("VEDETTE_SHARD_UNITS", "100").start().await;
    let owner = service.owner();
    let big = owner.scan(&own_address().to_string()).ports(&ports(1, 30_000)).await;
    big.reached(1).await;
    let listeners = Listeners::open(2);
    let small = owner.scan(&listeners.target()).ports(&listeners.and_closed_neighbours()).await;
    assert_eq!(small.finished().await["status"], "completed");
    assert_eq!(open_ports(&small.results().await), listeners.expected());
    let left = big.status().await;
    assert_eq!(left["status"], "running", "{left}");
    assert!(left["progress"].as_u64().unwrap() < 50, "most of it comes later: {left}");
    big.stop().await;
}

async fn without_the_right_raw_scans_are_refused(pair: Pair) {
    let service = Deployment::of(pair).without_rights().start().await;
    health_says(&service, "unavailable: no worker has the right CAP_NET_RAW").await;
    let (owner, listeners) = (service.owner(), Listeners::open(2));
    let order = || owner.scan(&listeners.target()).ports(&ports(30_000, 61_000));
    for kind in ["syn", "fin", "null", "xmas"] {
        order().with("scan_type", json!(kind)).answer().await.refused(400, "VALIDATION_ERROR");
    }
    order().with("options", json!({ "engine": "syn" })).answer().await.refused(400, "VALIDATION_ERROR");
    let scan = order().await;
    assert_eq!(scan.finished().await["status"], "completed");
    assert_is_exact(&scan, &listeners, port_count(30_000, 61_000)).await;
}

#[tokio::test]
async fn a_worker_leaves_to_abler_ones_what_it_cannot_do() {
    let service = Deployment::of(Pair::PostgresRedisMany).workers(1);
    beside_one_without_rights(slowed(service).start().await).await;
}

#[tokio::test]
async fn a_server_of_one_process_leaves_to_its_worker_what_it_cannot_do() {
    let deployment = slowed(Deployment::of(Pair::PostgresRedis)).open_to_workers();
    beside_one_without_rights(deployment.start().await).await;
}

/// With small shards, one at a time, and logs that say who worked which.
fn slowed(deployment: Deployment) -> Deployment {
    let settings =
        [("VEDETTE_SHARD_UNITS", "200"), ("VEDETTE_WORKER_SLOTS", "1"), ("VEDETTE_LOG", "info,worker=debug")];
    settings
        .into_iter()
        .fold(deployment, |deployment, (name, value)| deployment.with(name, value))
        .slowed_to(8000)
}

/// Of two workers one can send raw packets, the other cannot; both do what they can of two scans.
async fn beside_one_without_rights(mut service: TestService) {
    service.add_worker_without_rights();
    let owner = service.owner();
    let known = async || {
        let word = syn_scan(&service).await;
        (word.starts_with("limited") || word.contains("no worker has")).then_some(word)
    };
    if !until("both workers", SOON, known).await.starts_with("limited") {
        skipped("turns of two workers", "nobody here has the right CAP_NET_RAW");
        return;
    }
    let listeners = Listeners::at(&[30_000, 31_234, 34_567, 38_000, 40_000]);
    let order = || owner.scan(&listeners.target()).ports(&ports(30_000, 40_000));
    let raw = order().with("scan_type", json!("syn")).await;
    let usual = order().with("options", json!({ "engine": "connect" })).await;
    for scan in [&raw, &usual] {
        assert_eq!(scan.finished().await["status"], "completed");
        assert_is_exact(scan, &listeners, port_count(30_000, 40_000)).await;
    }
    let (_, log) = service.logs().pop().expect("the last one that was started");
    let worked = |scan: &Scan| shards_worked(&log, scan);
    assert!(worked(&usual).len() > 2, "it had its part of what it can do");
    assert!(
        worked(&raw).iter().all(|shard| shard == "0"),
        "it may have planned the other: {:?}",
        worked(&raw)
    );
}

/// The shards of a scan that a worker worked, as its log tells them.
fn shards_worked(log: &str, scan: &Scan) -> Vec<String> {
    let job = format!("job.id=\"{}\"", scan.id.strip_prefix("scan_").unwrap());
    let lines = log.lines().filter(|line| line.contains("worked") && line.contains(&job));
    let shards = lines.filter_map(|line| line.split("shard=").nth(1)?.split_whitespace().next());
    shards.map(str::to_owned).collect()
}

async fn assert_is_exact(scan: &Scan, listeners: &Listeners, total: usize) {
    let results = scan.results().await;
    let expected = listeners.expected();
    assert_eq!(open_ports(&results), expected);
    let summary: &Value = &results["summary"];
    assert_eq!(summary["total_ports_scanned"], total, "{summary}");
    assert_eq!(summary["open_ports"], expected.len(), "{summary}");
    assert_eq!(summary["closed_ports"], total - expected.len(), "{summary}");
}

/// While nobody is able to, nothing of a raw scan is worked, and the rest of the server goes on.
#[tokio::test]
async fn a_raw_scan_waits_for_a_worker_that_is_able() {
    let deployment = Deployment::of(Pair::PostgresRedisMany).workers(1).slowed_to(1000);
    let deployment = deployment.with("VEDETTE_SHARD_UNITS", "100").with("VEDETTE_LEASE_SECONDS", "2");
    let mut service = deployment.start().await;
    let known = async || Some(syn_scan(&service).await).filter(|word| !word.contains("there is no worker"));
    if until("a worker", SOON, known).await != "healthy" {
        skipped("a_raw_scan_waits_for_a_worker_that_is_able", "nobody here has the right CAP_NET_RAW");
        return;
    }
    service.add_worker_without_rights();
    let (owner, listeners) = (service.owner(), Listeners::at(&[50_000, 55_555, 60_000]));
    let order =
        || owner.scan(&listeners.target()).ports(&ports(50_000, 60_000)).with("scan_type", json!("syn"));
    let raw = order().await;
    raw.reached(1).await;
    service.worker(0).kill();
    health_says(&service, "unavailable").await;
    order().answer().await.refused(400, "VALIDATION_ERROR");
    let usual = owner.scan(&listeners.target()).ports(&listeners.and_closed_neighbours()).await;
    assert_eq!(usual.finished().await["status"], "completed");
    assert_eq!(raw.status().await["status"], "running");
    service.add_worker();
    assert_eq!(raw.finished().await["status"], "completed");
    assert_is_exact(&raw, &listeners, port_count(50_000, 60_000)).await;
}
