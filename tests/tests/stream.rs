//! Server-Sent Events: a snapshot, then live; in order, without gaps, without duplicates, from any number on.
#![cfg(test)]

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use vedette_tests::answer::is_time;
use vedette_tests::deployment::Deployment;
use vedette_tests::follow::{Frame, found, ids, last_id};
use vedette_tests::listeners::{Listeners, own_address, ports};
use vedette_tests::{Pair, Scan, TestService, on_every_pair};

on_every_pair! {
    a_listener_is_told_every_fact_once_whenever_it_comes,
    a_listener_that_comes_back_goes_on_after_its_last_number,
    a_scan_can_be_followed_while_it_runs_and_resumed_in_the_middle,
}

async fn a_listener_is_told_every_fact_once_whenever_it_comes(pair: Pair) {
    let service = Deployment::of(pair).slowed_to(8000).start().await;
    let listeners = Listeners::open(5);
    let scan = service.owner().scan(&listeners.target()).ports(&ports(30_000, 61_000)).await;
    let late = async {
        scan.reached(30).await;
        scan.follow().await.rest().await
    };
    let (early, late) = futures::future::join(scan.told_to_the_end(), late).await;
    let after = scan.told_to_the_end().await;
    for frames in [&early, &late, &after] {
        assert_eq!(frames.last().unwrap().event, "complete");
        assert_eq!(frames.iter().filter(|frame| frame.event == "complete").count(), 1);
        assert!(ids(frames).is_sorted_by(|one, next| one < next), "no duplicates: {:?}", ids(frames));
        assert_eq!(found(frames).len(), 5, "{frames:?}");
        assert_eq!(found(frames).into_iter().collect::<BTreeSet<_>>(), listeners.expected());
        assert!(frames.iter().any(|frame| frame.event == "progress"), "the snapshot tells the progress");
    }
    assert_eq!(last_id(&early), last_id(&after), "complete has one number for everybody");
    assert_numbers_are_facts(&early);
}

async fn a_listener_that_comes_back_goes_on_after_its_last_number(pair: Pair) {
    let service = TestService::start(pair).await;
    let listeners = Listeners::open(4);
    let scan = service.owner().scan(&listeners.target()).ports(&listeners.and_closed_neighbours()).await;
    scan.finished().await;
    let all = facts(&scan, 0).await;
    let newest = last_id(&all).unwrap();
    assert_eq!(ids(&all), (1..=newest).collect::<Vec<_>>(), "numbers start at 1 and have no gap");
    assert_eq!(all[0].data["status"], "queued", "{all:?}");
    assert_eq!(all[1].data["status"], "running", "{all:?}");
    assert_eq!(all.last().unwrap().event, "complete", "{all:?}");
    for seen in 1..newest {
        let rest = facts(&scan, seen).await;
        let expected: Vec<Frame> = all.iter().filter(|frame| frame.id > Some(seen)).cloned().collect();
        assert_eq!(rest, expected, "after {seen}");
    }
    assert_eq!(scan.follow_after(newest).await.status, 204, "finished and fully seen");
    let query = format!("{}?last_event_id={newest}", scan.path("/stream"));
    assert_eq!(service.owner().open(&query, None).await.status, 204, "the same by query");
}

async fn a_scan_can_be_followed_while_it_runs_and_resumed_in_the_middle(pair: Pair) {
    let service = Deployment::of(pair).slowed_to(8000).start().await;
    let listeners = Listeners::open(6);
    let scan = service.owner().scan(&listeners.target()).ports(&ports(30_000, 61_000)).await;
    let mut frames: Vec<Frame> = Vec::new();
    while frames.last().is_none_or(|frame| frame.event != "complete") {
        let mut stream = match last_id(&frames) {
            None => scan.follow().await,
            Some(number) => scan.follow_after(number).await,
        };
        let fact = next_fact(&mut frames, &mut stream).await;
        assert!(fact, "a stream of a running scan ended early: {frames:?}");
    }
    assert!(ids(&frames).is_sorted_by(|one, next| one + 1 == *next), "a gap: {:?}", ids(&frames));
    assert_eq!(found(&frames).into_iter().collect::<BTreeSet<_>>(), listeners.expected());
    assert_eq!(found(&frames).len(), 6);
}

#[tokio::test]
async fn two_apis_tell_the_same_story() {
    let service = Deployment::of(Pair::PostgresRedisMany).slowed_to(8000).start().await;
    let listeners = Listeners::open(5);
    let scan = service.owner_at(0).scan(&listeners.target()).ports(&ports(30_000, 61_000)).await;
    let other = scan.seen_by(&service.owner_at(1));
    let (one, two) = futures::future::join(scan.told_to_the_end(), other.told_to_the_end()).await;
    let facts =
        |frames: &[Frame]| frames.iter().filter(|frame| frame.id > Some(2)).cloned().collect::<Vec<_>>();
    let numbered =
        |frames: Vec<Frame>| frames.into_iter().filter(|frame| frame.event != "progress").collect::<Vec<_>>();
    assert_eq!(numbered(facts(&one)), numbered(facts(&two)));
}

#[tokio::test]
async fn a_stream_says_how_it_wants_to_be_treated() {
    let service = Deployment::of(Pair::SqliteEmbedded).slowed_to(300).start().await;
    let owner = service.owner();
    let scan = owner.scan(&own_address().to_string()).ports(&ports(1, 20_000)).await;
    let mut stream = scan.follow().await;
    assert_eq!(stream.status, 200);
    let header = |name: &str| stream.headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    assert!(header("content-type").starts_with("text/event-stream"), "{:?}", stream.headers);
    assert!(header("cache-control").contains("no-cache"), "{:?}", stream.headers);
    assert_eq!(header("x-accel-buffering"), "no", "{:?}", stream.headers);
    assert_eq!(header("content-encoding"), "", "never compressed: {:?}", stream.headers);
    let progress = stream.next_named("progress").await;
    assert_eq!(stream.retry, Some(3000), "sent first of all");
    assert_eq!(progress.id, None, "progress is no fact");
    for field in ["progress", "ports_scanned", "total_ports", "open_ports", "closed_ports", "filtered_ports"]
    {
        assert!(progress.data[field].is_number(), "{field} in {progress:?}");
    }
    assert_eq!(progress.data["scan_id"], scan.id);
    let request = owner.request(Method::GET, &scan.path("/stream")).header("origin", "http://127.0.0.1:1");
    let response = request.send().await.unwrap();
    assert!(response.headers().contains_key("access-control-allow-origin"), "{:?}", response.headers());
    scan.stop().await;
}

#[tokio::test]
async fn a_stream_without_news_is_kept_alive() {
    let service = Deployment::of(Pair::PostgresRedisMany).apis(1).workers(0).start().await;
    let scan = service.owner().scan(&own_address().to_string()).ports("1").await;
    let mut stream = scan.follow().await;
    let ended = tokio::time::timeout(Duration::from_secs(18), stream.rest()).await;
    assert!(ended.is_err(), "the stream of a waiting scan stays open: {ended:?}");
    assert!(stream.comments >= 1, "a comment every 15 seconds");
    scan.stop().await;
}

#[tokio::test]
async fn events_carry_what_the_contract_names() {
    // Slow enough that the stream is there before the end.
    let service = Deployment::of(Pair::SqliteEmbedded).slowed_to(50).start().await;
    let listeners = Listeners::open(1);
    let ports = format!("{},1-100", listeners.and_closed_neighbours());
    let scan = service.owner().scan(&listeners.target()).ports(&ports).await;
    let frames = scan.told_to_the_end().await;
    let named = |event: &str| frames.iter().find(|frame| frame.event == event).unwrap().data.clone();
    let (found, complete) = (named("port_found"), named("complete"));
    for data in [&found, &complete, &named("progress"), &named("status")] {
        assert_eq!(data["scan_id"], scan.id, "{data}");
        assert!(is_time(data["timestamp"].as_str().unwrap()), "{data}");
    }
    assert_eq!((&found["protocol"], &found["state"]), (&json!("tcp"), &json!("open")), "{found}");
    assert_eq!((&found["address"], &found["host"]), (&json!(listeners.target()), &json!(listeners.target())));
    assert_eq!(complete["summary"], scan.results().await["summary"], "{complete}");
    assert!(complete["duration"].is_number(), "{complete}");
    let replay = scan.follow_after(0).await.rest().await;
    let shown = replay.iter().find(|frame| frame.event == "progress").unwrap();
    assert_eq!(
        (&shown.data["status"], &shown.data["progress"]),
        (&json!("completed"), &json!(100)),
        "{shown:?}"
    );
}

#[tokio::test]
async fn a_stream_takes_its_key_from_the_query_and_refuses_strangers() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let owner = service.owner();
    let scan = owner.scan(&own_address().to_string()).ports("1-3").await;
    scan.finished().await;
    let nobody = owner.without_key();
    let stream = scan.path("/stream");
    nobody.get(&stream).await.refused(401, "INVALID_API_KEY");
    nobody.get(&format!("{stream}?api_key=sk_live_abc123xyz789abc1")).await.refused(401, "INVALID_API_KEY");
    let by_query = nobody.open(&format!("{stream}?api_key={}", owner.key()), None).await;
    assert_eq!(by_query.status, 200);
}

/// Every fact after a number, of a scan that has ended.
async fn facts(scan: &Scan, after: u64) -> Vec<Frame> {
    let frames = scan.follow_after(after).await.rest().await;
    frames.into_iter().filter(|frame| frame.id.is_some()).collect()
}

/// Takes frames up to and with the next fact; false when the stream ended before one.
async fn next_fact(frames: &mut Vec<Frame>, stream: &mut vedette_tests::follow::Follow) -> bool {
    while let Some(frame) = stream.next().await {
        frames.push(frame);
        if frames.last().is_some_and(|frame| frame.id.is_some()) {
            return true;
        }
    }
    false
}

fn assert_numbers_are_facts(frames: &[Frame]) {
    for frame in frames {
        let is_fact = ["status", "port_found", "complete"].contains(&frame.event.as_str());
        assert_eq!(frame.id.is_some(), is_fact, "facts have numbers and progress has none: {frame:?}");
        assert!(frame.data.is_object(), "each data is a JSON object: {frame:?}");
    }
}
