//! The life of a scan through the API, the same on every pair.
#![cfg(test)]

use std::collections::BTreeSet;
use std::net::UdpSocket;

use serde_json::{Value, json};
use vedette_tests::answer::is_time;
use vedette_tests::deployment::Deployment;
use vedette_tests::follow::{Frame, found};
use vedette_tests::listeners::{Listeners, own_address, port_count, ports};
use vedette_tests::scan::open_ports;
use vedette_tests::wait::{SOON, until};
use vedette_tests::{Client, Pair, Scan, TestService, on_every_pair};

on_every_pair! {
    a_scan_runs_from_its_order_to_the_end_of_its_results,
    a_list_is_filtered_sorted_and_paged,
    results_are_not_ready_before_the_end,
    several_scans_at_once_do_not_mix,
    raw_scans_are_done_or_refused_as_health_says,
    a_udp_scan_tells_what_answers_and_what_may,
}

async fn a_scan_runs_from_its_order_to_the_end_of_its_results(pair: Pair) {
    let service = TestService::start(pair).await;
    let listeners = Listeners::open(3);
    let user = service.register("ada@example.net").await;
    let ports = listeners.and_closed_neighbours();
    let scan = user.scan(&listeners.target()).ports(&ports).await;
    assert_is_fresh(&scan, service.address(), &listeners.target());

    let frames = scan.told_to_the_end().await;
    assert_eq!(found(&frames).into_iter().collect::<BTreeSet<_>>(), listeners.expected());
    let complete = &frames.last().unwrap().data;
    assert_eq!(complete["status"], "completed", "{complete}");
    assert_eq!(complete["progress"], 100, "{complete}");

    let total = u64::try_from(ports.split(',').count()).unwrap();
    let status = scan.status().await;
    assert_eq!(status["status"], "completed", "{status}");
    assert_eq!(status["progress"], 100, "{status}");
    assert_eq!(counts(&status["results"]), (3, total - 3, 0), "{status}");

    let results = scan.results().await;
    assert_eq!(open_ports(&results), listeners.expected());
    assert_eq!(results["summary"]["total_ports_scanned"], total, "{results}");
    assert_eq!(counts(&results["summary"]), counts(&status["results"]), "{results}");
    assert!(results["duration"].is_number(), "{results}");

    assert_eq!(scan.delete_results().await.ok(), &json!({ "scan_id": scan.id, "deleted": true }));
    scan.ask_results().await.refused(404, "RESULTS_NOT_FOUND");
    assert_eq!(scan.status().await["status"], "completed", "the scan outlives its results");
    scan.cancel().await.refused(409, "SCAN_NOT_CANCELLABLE");
    assert!(user.without_key().get("/api/v1/health").await.ok()["components"].is_object());
}

/// Whether the workers have the right to raw packets is up to the machine.
async fn raw_scans_are_done_or_refused_as_health_says(pair: Pair) {
    let service = TestService::start(pair).await;
    let (owner, listeners) = (service.owner(), Listeners::open(3));
    let known = async || {
        let health = owner.get("/api/v1/health").await.ok().clone();
        (health["components"]["worker"] == "healthy").then(|| health["components"]["syn_scan"].clone())
    };
    let word = until("a worker", SOON, known).await;
    let ports = listeners.and_closed_neighbours();
    let order = |kind: &str| owner.scan(&listeners.target()).ports(&ports).with("scan_type", json!(kind));
    if word != "healthy" {
        assert_eq!(word, "unavailable: no worker has the right CAP_NET_RAW");
        for kind in ["syn", "fin", "null", "xmas"] {
            order(kind).answer().await.refused(400, "VALIDATION_ERROR");
        }
        return;
    }
    let total = u64::try_from(ports.split(',').count()).unwrap();
    let scan = order("syn").with("options", json!({ "os_detection": true })).await;
    assert_eq!(scan.finished().await["scan_type"], "syn");
    let results = scan.results().await;
    assert_eq!(results["hosts"][0]["os"]["family"], "Linux", "told by answers alone: {results}");
    assert_eq!(open_ports(&results), listeners.expected());
    assert_eq!(counts(&results["summary"]), (3, total - 3, 0), "{results}");
    for kind in ["fin", "null", "xmas"] {
        let scan = order(kind).await;
        let frames = scan.told_to_the_end().await;
        assert_eq!(warned(&frames), ["OPEN_OR_FILTERED"], "{kind}");
        let results = scan.results().await;
        assert_eq!(counts(&results["summary"]), (0, total - 3, 3), "{kind}: {results}");
    }
}

/// Two ports that answer, and one where nobody does and nobody refuses.
async fn a_udp_scan_tells_what_answers_and_what_may(pair: Pair) {
    let service = TestService::start(pair).await;
    let address = own_address();
    let bind = || UdpSocket::bind((address, 0)).unwrap();
    let (answering, silent) = ([bind(), bind()], bind());
    let port = |socket: &UdpSocket| u64::from(socket.local_addr().unwrap().port());
    let expected: BTreeSet<u64> = answering.iter().map(port).collect();
    let ports: Vec<String> =
        answering.iter().chain([&silent]).map(|socket| port(socket).to_string()).collect();
    for socket in answering {
        std::thread::spawn(move || {
            let mut buffer = [0; 2048];
            while let Ok((_, from)) = socket.recv_from(&mut buffer) {
                socket.send_to(b"!", from).unwrap();
            }
        });
    }
    let scan = service
        .owner()
        .scan(&address.to_string())
        .ports(&ports.join(","))
        .with("scan_type", json!("udp"))
        .await;
    let frames = scan.told_to_the_end().await;
    assert_eq!(warned(&frames), ["OPEN_OR_FILTERED"]);
    let results = scan.results().await;
    let found = results["ports"].as_array().unwrap();
    assert!(found.iter().all(|port| port["protocol"] == "udp" && port["state"] == "open"), "{results}");
    assert_eq!(found.iter().filter_map(|port| port["port"].as_u64()).collect::<BTreeSet<_>>(), expected);
    assert_eq!(counts(&results["summary"]), (2, 0, 1), "{results}");
    assert_eq!(results["warnings"][0]["code"], "OPEN_OR_FILTERED", "{results}");
    assert_eq!(scan.status().await["warnings"], results["warnings"]);
}

/// The codes of the warnings among what was told.
fn warned(frames: &[Frame]) -> Vec<&str> {
    let warnings = frames.iter().filter(|frame| frame.event == "warning");
    warnings.map(|frame| frame.data["code"].as_str().unwrap()).collect()
}

async fn a_list_is_filtered_sorted_and_paged(pair: Pair) {
    let service = TestService::start(pair).await;
    let owner = service.owner();
    let mut scans = Vec::new();
    for _ in 0..3 {
        let scan = owner.scan(&own_address().to_string()).ports("1-3").await;
        scan.finished().await;
        scans.push(scan);
    }
    let oldest_first: Vec<String> = scans.iter().map(|scan| scan.id.clone()).collect();
    let newest_first: Vec<String> = oldest_first.iter().rev().cloned().collect();

    assert_eq!(listed(&owner, "").await, newest_first, "newest first unless asked otherwise");
    for sort in ["created_at", "started_at", "completed_at"] {
        assert_eq!(
            listed(&owner, &format!("sort={sort}&order=asc")).await,
            oldest_first,
            "by {sort}, upwards"
        );
        assert_eq!(
            listed(&owner, &format!("sort={sort}&order=desc")).await,
            newest_first,
            "by {sort}, downwards"
        );
    }
    scans.sort_by_key(|scan| scan.created["target"].to_string());
    let by_target: Vec<String> = scans.iter().map(|scan| scan.id.clone()).collect();
    assert_eq!(listed(&owner, "sort=target&order=asc").await, by_target, "by target, as text");
    let target = scans[1].created["target"].as_str().unwrap();
    assert_eq!(listed(&owner, &format!("target={target}")).await, [scans[1].id.clone()]);
    assert_eq!(listed(&owner, "status=completed").await.len(), 3);
    assert!(listed(&owner, "status=cancelled").await.is_empty());
    let cached = format!("target={target}&status=completed&sort=created_at&order=desc&per_page=1");
    assert_eq!(listed(&owner, &cached).await, [scans[1].id.clone()], "the document's cached look-up");

    let mut paged = Vec::new();
    for page in 1..=2 {
        let answer = owner.scans(&format!("per_page=2&page={page}")).await;
        let told = json!({ "page": page, "per_page": 2, "total": 3, "total_pages": 2 });
        assert_eq!(answer.ok()["pagination"], told);
        paged.extend(ids(answer.ok()));
    }
    assert_eq!(paged, newest_first, "the pages make up the list");
    assert!(listed(&owner, "per_page=2&page=3").await.is_empty(), "past the end is empty");
}

async fn results_are_not_ready_before_the_end(pair: Pair) {
    let service = Deployment::of(pair).slowed_to(100).start().await;
    let scan = service.owner().scan(&own_address().to_string()).ports(&ports(1, 5_000)).await;
    scan.ask_results().await.refused(409, "SCAN_NOT_READY");
    scan.delete_results().await.refused(409, "SCAN_NOT_READY");
    scan.reached(1).await;
    scan.ask_results().await.refused(409, "SCAN_NOT_READY");
    let status = scan.status().await;
    assert!(is_time(status["started_at"].as_str().unwrap()), "{status}");
    assert!(is_time(status["estimated_completion"].as_str().unwrap()), "{status}");
    assert!(status["completed_at"].is_null(), "{status}");
    assert_eq!(scan.cancel().await.ok(), &json!({ "scan_id": scan.id, "status": "cancelled" }));
}

async fn several_scans_at_once_do_not_mix(pair: Pair) {
    let service = TestService::start(pair).await;
    let owner = service.owner();
    let all: Vec<Listeners> = (1..=4).map(Listeners::open).collect();
    let orders = all
        .iter()
        .map(|listeners| owner.scan(&listeners.target()).ports(&ports(30_000, 61_000)).into_future());
    let scans: Vec<Scan> = futures::future::join_all(orders).await;
    for (scan, listeners) in scans.iter().zip(&all) {
        assert_eq!(scan.finished().await["status"], "completed");
        let results = scan.results().await;
        assert_eq!(open_ports(&results), listeners.expected());
        assert_eq!(results["summary"]["total_ports_scanned"], port_count(30_000, 61_000), "{results}");
    }
}

#[tokio::test]
async fn a_target_alone_is_an_order() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let owner = service.owner();
    let answer = owner.post("/api/v1/scans", &json!({ "target": own_address().to_string() })).await;
    let scan = owner.scan_with_id(answer.created()["scan_id"].as_str().unwrap());
    let status = scan.finished().await;
    assert_eq!((&status["scan_type"], &status["ports"]), (&json!("tcp"), &json!("1-1000")), "{status}");
    assert!(status["options"].is_object() && is_time(status["completed_at"].as_str().unwrap()), "{status}");
    assert_eq!(status["error"], Value::Null, "{status}");
    assert_eq!(scan.results().await["summary"]["total_ports_scanned"], 1000);
}

/// What the document says of a scan that was just ordered.
fn assert_is_fresh(scan: &Scan, address: &str, target: &str) {
    let created = &scan.created;
    assert_eq!(created["status"], "queued", "{created}");
    assert_eq!(created["target"], target, "{created}");
    assert!(is_time(created["created_at"].as_str().unwrap()), "{created}");
    assert!(created["estimated_duration"].as_u64().unwrap() >= 1, "{created}");
    assert_eq!(created["websocket_url"], format!("ws://{address}/ws/scans/{}", scan.id));
    assert_eq!(created["sse_url"], format!("http://{address}/api/v1/scans/{}/stream", scan.id));
    let id = scan.id.strip_prefix("scan_").unwrap();
    assert!(id.len() >= 12 && id.chars().all(|sign| sign.is_ascii_alphanumeric()), "{id}");
}

fn counts(of: &Value) -> (u64, u64, u64) {
    let count = |name: &str| of[name].as_u64().unwrap_or_else(|| panic!("no {name} in {of}"));
    (count("open_ports"), count("closed_ports"), count("filtered_ports"))
}

async fn listed(client: &Client, query: &str) -> Vec<String> {
    ids(client.scans(query).await.ok())
}

fn ids(list: &Value) -> Vec<String> {
    let scans = list["scans"].as_array().unwrap();
    scans.iter().map(|scan| scan["scan_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn scans_leave_nothing_behind_in_redis() {
    let mut service =
        Deployment::of(Pair::PostgresRedisMany).with("VEDETTE_SHARD_UNITS", "100").start().await;
    let scans = (0..5).map(|_| async {
        let scan = service.owner().scan(&own_address().to_string()).ports("1-1000").await;
        assert_eq!(scan.finished().await["status"], "completed");
    });
    futures::future::join_all(scans).await;
    // The lists of rings are gone once they are empty. What is left says that there is a worker, and of what kind; the
    // counts of limits end by themselves.
    let keys = until("an empty queue", SOON, async || {
        let keys = service.redis().keys().await;
        (!keys.iter().any(|key| key.starts_with("vedette:rings"))).then_some(keys)
    });
    let keys = keys.await;
    let left: Vec<&String> = keys.iter().filter(|key| !key.starts_with("vedette:limit:")).collect();
    assert!(matches!(&left[..], [worker] if worker.starts_with("vedette:worker:")), "{left:?}");
}
