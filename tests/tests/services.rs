//! What runs on open ports: asked for, told, stored, and told once whatever happens.
#![cfg(test)]

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tokio::process::Command;
use vedette_tests::deployment::Deployment;
use vedette_tests::follow::{Frame, through_cuts};
use vedette_tests::greeters::Greeters;
use vedette_tests::place::{checkout, program};
use vedette_tests::scan::ScanOrder;
use vedette_tests::wait::{LONG, SOON, within};
use vedette_tests::{Pair, TestService, on_every_pair};

on_every_pair! {
    a_service_is_told_after_its_port_and_stands_in_the_results,
    only_what_was_asked_for_is_told,
    a_cancelled_scan_hangs_up,
}

const SSH: &str = "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n";

async fn a_service_is_told_after_its_port_and_stands_in_the_results(pair: Pair) {
    let service = TestService::start(pair).await;
    let greeters = Greeters::open(3, SSH).await;
    let scan = order(&service, &greeters).with("options", json!({ "service_detection": true })).await;
    let frames = scan.told_to_the_end().await;
    let names: Vec<&str> = frames.iter().map(|frame| frame.event.as_str()).collect();
    let first = |name| names.iter().position(|event| *event == name).unwrap();
    assert!(first("port_found") < first("service_found"), "{names:?}");
    let told = services(&frames);
    assert_eq!(told.len(), 3, "{told:?}");
    for data in told.values() {
        assert_eq!(said(data), json!(["ssh", "OpenSSH", "9.2p1", 95]), "{data}");
        assert_eq!(data["banner"], "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\\r\\n", "{data}");
        assert_eq!((&data["os"], &data["tls_version"]), (&Value::Null, &Value::Null), "{data}");
    }
    let results = scan.results().await;
    for port in results["ports"].as_array().unwrap() {
        assert_eq!(said(port), json!(["ssh", "OpenSSH", "9.2p1", 95]), "{port}");
        assert_eq!(port["cpe"], "cpe:2.3:a:openbsd:openssh:9.2p1:*:*:*:*:*:*:*", "{port}");
    }
    assert_eq!(results["hosts"][0]["os"], Value::Null, "nobody asked for it: {results}");
}

async fn only_what_was_asked_for_is_told(pair: Pair) {
    let service = TestService::start(pair).await;
    let greeters = Greeters::open(1, SSH).await;
    let plain = order(&service, &greeters).await;
    let frames = plain.told_to_the_end().await;
    assert!(frames.iter().all(|frame| frame.event != "service_found"), "{frames:?}");
    let scan = order(&service, &greeters).with("options", json!({ "os_detection": true })).await;
    scan.finished().await;
    let results = scan.results().await;
    assert_eq!(said(&results["ports"][0]), json!([null, null, null, null]), "{results}");
    assert_eq!(results["hosts"][0]["os"]["name"], "Debian", "{results}");
    let scan = order(&service, &greeters).with("options", json!({ "ssl_check": true })).await;
    assert_eq!(
        services(&scan.told_to_the_end().await).len(),
        1,
        "a port without TLS is looked at all the same"
    );
}

async fn a_cancelled_scan_hangs_up(pair: Pair) {
    let service = TestService::start(pair).await;
    let greeters = Greeters::behind_a_gate(100, SSH).await;
    let scan = order(&service, &greeters).with("options", json!({ "service_detection": true })).await;
    within("connections", SOON, greeters.connected(|open| open > 0)).await;
    scan.stop().await;
    within("the end of every connection", SOON, greeters.connected(|open| open == 0)).await;
    let frames = scan.told_to_the_end().await;
    assert!(services(&frames).len() < 100, "it was cancelled in the middle");
}

/// Ports wait for their turn when the worker is killed: another one finds them in the database.
#[tokio::test]
async fn another_worker_identifies_what_a_killed_one_found() {
    let deployment = Deployment::of(Pair::PostgresRedisMany).apis(1).workers(1);
    let mut service = deployment.with("VEDETTE_LEASE_SECONDS", "2").start().await;
    let greeters = Greeters::behind_a_gate(100, SSH).await;
    let scan = order(&service, &greeters).with("options", json!({ "service_detection": true })).await;
    within("connections", SOON, greeters.connected(|open| open > 0)).await;
    service.worker(0).kill();
    within("the end of the worker", SOON, greeters.connected(|open| open == 0)).await;
    greeters.open_gate();
    service.add_worker();
    let frames = through_cuts(&scan, LONG).await;
    let told = services(&frames);
    assert_eq!(told.len(), 100);
    let known = told.values().filter(|data| data["service"] == "ssh").count();
    assert!(known >= 50, "the first worker had no answer yet: {known}");
    let results = scan.results().await;
    let stored: BTreeMap<u64, Value> =
        results["ports"].as_array().unwrap().iter().map(|port| (number(port), said(port))).collect();
    assert_eq!(stored, told.iter().map(|(port, data)| (*port, said(data))).collect());
}

/// Fingerprints beside the built-in ones name what these do not know.
#[tokio::test]
async fn a_folder_of_fingerprints_is_read_at_start() {
    let folder = checkout().join("worker/engines/services/tests/recog/good");
    let deployment = Deployment::of(Pair::SqliteEmbedded).with("VEDETTE_RECOG", folder.to_str().unwrap());
    let service = deployment.start().await;
    let greeters = Greeters::open(1, "SSH-2.0-AcmeShell_3.1 on AcmeOS\r\n").await;
    let scan = order(&service, &greeters).with("options", json!({ "service_detection": true })).await;
    scan.finished().await;
    let results = scan.results().await;
    assert_eq!(said(&results["ports"][0]), json!(["ssh", "AcmeShell", "3.1", 85]), "{results}");
}

/// A worker that cannot use its settings does not start, and says why.
#[tokio::test]
async fn a_folder_that_cannot_be_read_ends_the_start() {
    let folder = checkout().join("worker/engines/services/tests/recog/broken");
    let mut command = Command::new(program("vedette"));
    command.args(["scan", "127.0.0.1", "--ports", "1"]).env("VEDETTE_RECOG", &folder).kill_on_drop(true);
    let output = within("the end of the command", SOON, command.output()).await.unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("VEDETTE_RECOG") && told.contains("sample.xml"), "{told}");
}

fn order(service: &TestService, greeters: &Greeters) -> ScanOrder {
    service.owner().scan(&greeters.target()).ports(&greeters.ports())
}

/// Every `service_found` by its port.
fn services(frames: &[Frame]) -> BTreeMap<u64, Value> {
    let mut told = BTreeMap::new();
    for frame in frames.iter().filter(|frame| frame.event == "service_found") {
        assert_eq!(told.insert(number(&frame.data), frame.data.clone()), None, "told twice: {frame:?}");
    }
    told
}

fn number(port: &Value) -> u64 {
    port["port"].as_u64().unwrap()
}

fn said(port: &Value) -> Value {
    ["service", "product", "version", "confidence"].map(|field| port[field].clone()).into_iter().collect()
}
