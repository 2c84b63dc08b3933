//! `vedette scan`, against a server and with one of its own.
#![cfg(test)]

use std::process::{Output, Stdio};

use serde_json::Value;
use vedette_tests::deployment::bare;
use vedette_tests::listeners::Listeners;
use vedette_tests::skip::skipped;
use vedette_tests::wait::{LONG, within};
use vedette_tests::{Pair, TestService};

#[tokio::test]
async fn a_scan_by_a_server_prints_its_results_as_json() {
    let service = TestService::start(Pair::PostgresEmbedded).await;
    let listeners = Listeners::open(2);
    let (server, key) = (format!("http://{}", service.address()), service.owner().key().to_owned());
    let ports = listeners.and_closed_neighbours();
    let output =
        scan(&[&listeners.target(), "--ports", &ports, "--json", "--server", &server, "--key", &key]).await;
    assert_tells(&output, &listeners);
    let listed = service.owner().scans(&format!("target={}", listeners.target())).await;
    assert_eq!(listed.ok()["pagination"]["total"], 1, "the server did it");
}

#[tokio::test]
async fn a_scan_without_a_server_starts_one_of_its_own() {
    let listeners = Listeners::open(2);
    let ports = listeners.and_closed_neighbours();
    assert_tells(&scan(&[&listeners.target(), "--ports", &ports, "--json"]).await, &listeners);
    assert_tells(&scan(&[&listeners.target(), "--ports", &ports, "--json", "--fast"]).await, &listeners);
    let plain = scan(&[&listeners.target(), "--ports", &ports]).await;
    let said = String::from_utf8_lossy(&plain.stdout).into_owned();
    assert!(plain.status.success(), "{plain:?}");
    assert!(listeners.ports().iter().all(|port| said.contains(&port.to_string())), "{said}");
}

#[tokio::test]
async fn a_server_of_its_own_knows_from_the_start_whether_it_can_scan_by_packets() {
    if !rustix::process::getuid().is_root() {
        skipped("a_server_of_its_own_knows", "raw sockets are not allowed");
        return;
    }
    let listeners = Listeners::open(2);
    let ports = listeners.and_closed_neighbours();
    for _ in 0..3 {
        let output = scan(&[&listeners.target(), "--ports", &ports, "--scan-type", "syn", "--json"]).await;
        assert_tells(&output, &listeners);
    }
}

#[tokio::test]
async fn a_name_that_is_no_setting_and_an_owner_without_an_address_are_refused_at_start() {
    for (name, value) in [("VEDETTE_TARGETS_DENIED", "10.0.0.0/8"), ("VEDETTE_OWNER_EMAIL", "nobody")] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = tokio::process::Command::from(bare("vedette"));
        command.args(["up", "--listen", "127.0.0.1:0", "--data"]).arg(folder.path()).env(name, value);
        let output = within("vedette up", LONG, command.kill_on_drop(true).output()).await.unwrap();
        assert_explained(&output, &format!("{name}: "));
    }
}

#[tokio::test]
async fn a_wrong_target_and_a_wrong_key_are_explained() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let server = format!("http://{}", service.address());
    let wrong_target =
        scan(&["invalid..host", "--ports", "1", "--server", &server, "--key", service.owner().key()]).await;
    assert_explained(&wrong_target, "invalid..host");
    let wrong_key =
        scan(&["127.0.0.1", "--ports", "1", "--server", &server, "--key", "sk_live_abc123xyz789abc"]).await;
    assert_explained(&wrong_key, "key");
    assert_explained(&scan(&["127.0.0.1", "--ports", "70000"]).await, "70000");
}

async fn scan(arguments: &[&str]) -> Output {
    let home = tempfile::tempdir().unwrap();
    let mut command = tokio::process::Command::from(bare("vedette"));
    command.arg("scan").args(arguments).env("HOME", home.path()).stdin(Stdio::null()).kill_on_drop(true);
    within("vedette scan", LONG, command.output()).await.unwrap()
}

/// Insists on JSON, one document or one a line, that names each open port and no other.
fn assert_tells(output: &Output, listeners: &Listeners) {
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout);
    let documents: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(&said).into_iter().collect();
    let documents = documents.unwrap_or_else(|error| panic!("not JSON ({error}): {said}"));
    assert!(!documents.is_empty(), "{output:?}");
    for port in listeners.ports() {
        assert!(
            said.contains(&format!(":{port}")) || said.contains(&format!(": {port}")),
            "{port} in {said}"
        );
    }
}

fn assert_explained(output: &Output, word: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{output:?}");
    assert!(said.contains(word) && !said.contains("panicked"), "names {word}: {said}");
}
