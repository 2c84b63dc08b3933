//! The samples of the reference documents run as they stand, but for the host, the key and the scan's id.
#![cfg(test)]

use vedette_tests::deployment::Deployment;
use vedette_tests::listeners::{Listeners, ports};
use vedette_tests::sample::{Told, node_is_ready, python_is_ready, run};
use vedette_tests::{Client, Pair, TestService};

#[tokio::test]
async fn the_python_sample_starts_a_scan() {
    python_is_ready().await.unwrap();
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let owner = service.owner();
    let listeners = Listeners::open(0);
    let told = run("python3", &["scan.py", &base(&owner), owner.key(), &listeners.target()]).await;
    assert_scan_started(&owner, &told).await;
}

#[tokio::test]
async fn the_python_sample_reads_errors_and_the_cache() {
    python_is_ready().await.unwrap();
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let owner = service.owner();
    let listeners = Listeners::open(0);
    let scan = owner.scan(&listeners.target()).ports("1-3").await;
    scan.finished().await;
    let told = run("python3", &["practices.py", &base(&owner), owner.key(), &listeners.target()]).await;
    assert!(told.succeeded, "{told:?}");
    assert!(told.output.contains("HTTP Error: 400"), "{told:?}");
    assert!(told.output.contains("INVALID_TARGET"), "{told:?}");
    assert!(told.output.contains(&format!("Cached: {}", scan.id)), "{told:?}");
}

#[tokio::test]
async fn the_axios_sample_starts_a_scan() {
    node_is_ready().await.unwrap();
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let owner = service.owner();
    let listeners = Listeners::open(0);
    let told = run("node", &["scan.js", &base(&owner), owner.key(), &listeners.target()]).await;
    assert_scan_started(&owner, &told).await;
}

#[tokio::test]
async fn the_eventsource_sample_follows_a_scan_to_its_end() {
    node_is_ready().await.unwrap();
    let told = follow("eventsource.js").await;
    assert!(told.output.contains("Progress: "), "{told:?}");
    assert!(told.output.contains("Port found: 1024"), "{told:?}");
    assert!(told.output.contains("Scan complete"), "{told:?}");
    assert!(!told.errors.contains("SSE error"), "{told:?}");
}

#[tokio::test]
async fn the_websocket_sample_follows_a_scan_to_its_end() {
    node_is_ready().await.unwrap();
    let told = follow("websocket.js").await;
    assert!(told.output.contains("Connected to scan stream"), "{told:?}");
    assert!(told.output.contains("type: 'port_found'"), "{told:?}");
    assert!(told.output.contains("type: 'complete'"), "{told:?}");
    assert!(told.output.trim_end().ends_with("Disconnected from scan stream"), "{told:?}");
    assert!(!told.errors.contains("WebSocket error"), "{told:?}");
}

#[tokio::test]
async fn the_curl_sample_starts_a_scan() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let owner = service.owner();
    let listeners = Listeners::open(0);
    let told = run("sh", &["scan.sh", &base(&owner), owner.key(), &listeners.target()]).await;
    assert!(told.succeeded, "{told:?}");
    let answer: serde_json::Value = serde_json::from_str(&told.output).unwrap();
    let scan = owner.scan_with_id(answer["data"]["scan_id"].as_str().unwrap());
    assert_eq!(scan.finished().await["status"], "completed");
}

#[tokio::test]
async fn the_curl_samples_claim_keys() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let base = format!("http://{}/api/v1.0", service.address());
    let (email, key) = ("user@example.org", "5b9b6aceb95011e7bb9f7fca73a26228");
    let told = run("sh", &["keychest.sh", &base, email, key]).await;
    assert!(told.succeeded, "{told:?}");
    let answers: Vec<serde_json::Value> =
        told.output.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let statuses: Vec<_> = answers.iter().map(|answer| answer["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["created", "created", "success"], "{told:?}");
    for key in [answers[0]["api_key"].as_str().unwrap(), key] {
        service.add_secret(key);
        assert_eq!(service.stranger(key).get("/api/v1.0/user").await.body["user"], email);
    }
}

/// Runs a sample that follows a scan while it runs.
async fn follow(sample: &str) -> Told {
    let service = Deployment::of(Pair::SqliteEmbedded).slowed_to(1000).start().await;
    let owner = service.owner();
    let listeners = Listeners::at(&[1024]);
    let scan = owner.scan(&listeners.target()).ports(&ports(1, 3_000)).await;
    let told = run("node", &[sample, owner.address(), owner.key(), &scan.id]).await;
    assert!(told.succeeded, "{told:?}");
    assert_eq!(scan.status().await["status"], "completed");
    told
}

async fn assert_scan_started(owner: &Client, told: &Told) {
    assert!(told.succeeded, "{told:?}");
    let id = told.output.lines().find_map(|line| line.strip_prefix("Scan started: ")).unwrap();
    assert_eq!(owner.scan_with_id(id).finished().await["status"], "completed");
}

fn base(owner: &Client) -> String {
    format!("http://{}/api/v1", owner.address())
}
