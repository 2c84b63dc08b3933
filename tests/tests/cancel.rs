//! Cancelling takes effect at once and for good; so does the time limit.
#![cfg(test)]

use std::time::{Duration, Instant};

use serde_json::json;
use vedette_tests::deployment::Deployment;
use vedette_tests::follow::found;
use vedette_tests::listeners::{Listeners, own_address, ports};
use vedette_tests::{Pair, TestService, on_every_pair};

on_every_pair! {
    a_cancelled_scan_stops_at_once_and_stays_cancelled,
    a_scan_past_its_time_limit_tells_what_it_found,
    a_cancelled_scan_is_never_completed,
}

/// A second is promised; a busy machine gets some more.
const AT_ONCE: Duration = Duration::from_secs(4);

async fn a_cancelled_scan_stops_at_once_and_stays_cancelled(pair: Pair) {
    let service = Deployment::of(pair).slowed_to(300).start().await;
    let owner = service.owner();
    let scan = owner.scan(&own_address().to_string()).ports(&ports(1, 20_000)).await;
    let mut stream = scan.follow().await;
    scan.reached(1).await;

    let asked = Instant::now();
    assert_eq!(scan.cancel().await.ok(), &json!({ "scan_id": scan.id, "status": "cancelled" }));
    let complete = stream.next_named("complete").await;
    assert!(asked.elapsed() < AT_ONCE, "the stream ended after {:?}", asked.elapsed());
    assert_eq!(complete.data["status"], "cancelled", "{complete:?}");
    assert!(stream.next().await.is_none(), "nothing comes after complete");

    let then = scan.status().await;
    assert_eq!(then["status"], "cancelled", "{then}");
    scan.cancel().await.refused(409, "SCAN_NOT_CANCELLABLE");
    let other = owner.scan(&own_address().to_string()).ports("1-300").await;
    assert_eq!(other.finished().await["status"], "completed", "the worker goes on with the next scan");
    assert_eq!(scan.status().await, then, "a cancelled scan does not change any more");
}

async fn a_scan_past_its_time_limit_tells_what_it_found(pair: Pair) {
    let service = Deployment::of(pair).slowed_to(300).with("VEDETTE_SCAN_SECONDS", "3").start().await;
    // Of 16,384 ports about 900 are tried, in no order that is known: some of these are among them.
    let listeners = Listeners::at(&(1_024..1_424).collect::<Vec<u16>>());
    let scan = service.owner().scan(&listeners.target()).ports(&ports(1_024, 17_407)).await;
    let frames = scan.told_to_the_end().await;
    let complete = &frames.last().unwrap().data;
    assert_eq!(complete["status"], "failed", "{complete}");
    assert!(!complete["error"].is_null(), "{complete}");
    let told = found(&frames).len();
    assert!(told > 0, "some open ports were reached: {frames:?}");

    let answer = scan.ask_results().await;
    let details = &answer.problem(504, "SCAN_TIMEOUT")["details"]["results"];
    let ports = details["ports"].as_array().unwrap_or_else(|| panic!("no ports in {details}"));
    assert_eq!(ports.len(), told, "{details}");
    assert_eq!(details["summary"]["open_ports"], told, "{details}");
    let status = scan.status().await;
    assert_eq!(status["status"], "failed", "{status}");
    assert!(!status["error"].is_null(), "{status}");
}

/// Cancels come while scans are planned, run and end: whoever wins, everybody is told the same.
async fn a_cancelled_scan_is_never_completed(pair: Pair) {
    let service = TestService::start(pair).await;
    let owner = service.owner();
    for number in 0..12 {
        let scan = owner.scan(&own_address().to_string()).ports("1-500").await;
        let mut stream = scan.follow().await;
        for _ in 0..number % 4 {
            stream.next().await;
        }
        let cancelled = scan.cancel().await;
        let told = stream.rest().await;
        let complete =
            told.iter().rfind(|frame| frame.event == "complete").map(|frame| frame.data["status"].clone());
        let status = scan.status().await["status"].clone();
        let expected = if cancelled.status == 200 { "cancelled" } else { "completed" };
        assert_eq!(status, expected, "the answer to cancel was {}", cancelled.status);
        assert!(complete.is_none_or(|told| told == expected), "{told:?}");
        let replay = scan.follow_after(0).await.rest().await;
        assert_eq!(replay.iter().filter(|frame| frame.event == "complete").count(), 1, "{replay:?}");
    }
}

#[tokio::test]
async fn a_scan_is_cancelled_before_any_worker_takes_it() {
    let service = Deployment::of(Pair::PostgresRedisMany).apis(1).workers(0).start().await;
    let mut service = service;
    let scan = service.owner().scan(&own_address().to_string()).ports("1-100").await;
    assert_eq!(scan.cancel().await.ok()["status"], "cancelled");
    service.add_worker();
    let other = service.owner().scan(&own_address().to_string()).ports("1-100").await;
    assert_eq!(other.finished().await["status"], "completed");
    let status = scan.status().await;
    assert_eq!(status["status"], "cancelled", "{status}");
    assert!(status["started_at"].is_null(), "it never started: {status}");
}
