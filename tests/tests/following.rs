//! Jobs of any kind, one by one or all of an organization over one connection.
#![cfg(test)]

use std::collections::BTreeMap;

use serde_json::{Value, json};
use vedette_tests::deployment::Deployment;
use vedette_tests::follow::{Follow, Frame, ids};
use vedette_tests::listeners::{Listeners, own_address, ports};
use vedette_tests::wait::{LONG, within};
use vedette_tests::{Client, Pair, Scan, TestService, on_every_pair};

on_every_pair! {
    a_job_is_followed_as_its_kind_is,
    all_jobs_are_followed_over_one_connection,
    who_follows_all_goes_on_from_any_position,
}

const EVENTS: &str = "/api/v1/events";

async fn short_scan(owner: &Client, listeners: &Listeners) -> Scan {
    owner.scan(&listeners.target()).ports(&listeners.and_closed_neighbours()).await
}

fn job(scan: &Scan) -> String {
    scan.id.replace("scan_", "job_")
}

async fn a_job_is_followed_as_its_kind_is(pair: Pair) {
    let service = Deployment::of(pair).slowed_to(8000).start().await;
    let owner = service.owner();
    let listeners = Listeners::at(&[30_100, 40_000]);
    let scan = owner.scan(&listeners.target()).ports(&ports(30_000, 41_000)).await;
    let mut live = owner.open(&format!("/api/v1/jobs/{}/stream", job(&scan)), None).await;
    let mut socket = owner.websocket(&format!("/ws/jobs/{}", job(&scan))).await.unwrap();
    let live = within("the end of a job", LONG, live.rest()).await;
    let facts = |frames: Vec<Frame>| frames.into_iter().filter(|one| one.id.is_some()).collect::<Vec<_>>();
    let of_scan = facts(scan.told_to_the_end().await);
    assert_eq!(facts(live), of_scan);
    assert!(ids(&of_scan).is_sorted_by(|one, next| one + 1 == *next));
    let (heard, code) = socket.rest().await;
    assert_eq!(code, 1000);
    let heard: Vec<Value> = heard.into_iter().filter(|frame| frame["type"] != "progress").collect();
    assert_eq!(heard, of_scan.iter().map(|frame| frame.data.clone()).collect::<Vec<_>>(), "the same data");
    for frame in &of_scan {
        assert_eq!(
            (&frame.data["job_id"], &frame.data["kind"]),
            (&json!(job(&scan)), &json!("scan")),
            "{frame:?}"
        );
        assert_eq!((&frame.data["type"], &frame.data["seq"]), (&json!(frame.event), &json!(frame.id)));
    }
    let last = ids(&of_scan).pop();
    let ended = owner.open(&format!("/api/v1/jobs/{}/stream", scan.id), last).await;
    assert_eq!(ended.status, 204, "a job is found by the name of its kind, too");
}

/// Facts up to and with the end of so many jobs.
async fn until_ended(stream: &mut Follow, jobs: usize) -> Vec<Frame> {
    let mut facts: Vec<Frame> = Vec::new();
    within("the end of all jobs", LONG, async {
        while facts.iter().filter(|frame| frame.event == "complete").count() < jobs {
            let frame = stream.next().await.expect("the stream of an organization does not end");
            if frame.data["seq"].is_number() && !["progress", "job"].contains(&frame.event.as_str()) {
                facts.push(frame);
            }
        }
    })
    .await;
    facts
}

/// The numbers of each job's facts, in the order they came.
fn by_job(facts: &[Frame]) -> BTreeMap<String, Vec<u64>> {
    let mut jobs: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for fact in facts {
        let job = fact.data["scan_id"].as_str().unwrap().to_owned();
        jobs.entry(job).or_default().push(fact.data["seq"].as_u64().unwrap());
    }
    jobs
}

async fn all_jobs_are_followed_over_one_connection(pair: Pair) {
    let service = TestService::start(pair).await;
    let owner = service.owner();
    let last_api = service.owner_at(service.api_count() - 1);
    let (mut here, mut there) = (owner.open(EVENTS, None).await, last_api.open(EVENTS, None).await);
    for stream in [&mut here, &mut there] {
        let first = stream.next_named("position").await;
        assert_eq!(first.data["last_event_id"].as_str(), first.position.as_deref());
        assert_eq!(stream.retry, Some(3000));
    }
    let listeners = [Listeners::open(3), Listeners::open(2), Listeners::open(4)];
    let mut expected = BTreeMap::new();
    let mut scans = Vec::new();
    for listeners in &listeners {
        scans.push(short_scan(&owner, listeners).await);
    }
    for scan in &scans {
        expected.insert(scan.id.clone(), ids(&scan.told_to_the_end().await));
    }
    let (here, there) = (until_ended(&mut here, 3).await, until_ended(&mut there, 3).await);
    assert_eq!(by_job(&here), expected);
    assert_eq!(by_job(&there), expected);
    for fact in &here {
        assert_eq!(fact.data["last_event_id"].as_str(), fact.position.as_deref(), "{fact:?}");
        assert!(fact.data["subject"].is_string() && fact.data["job_id"].is_string(), "{fact:?}");
    }
}

async fn who_follows_all_goes_on_from_any_position(pair: Pair) {
    let service = TestService::start(pair).await;
    let owner = service.owner();
    let mut stream = owner.open(EVENTS, None).await;
    let start = stream.next_named("position").await.position.unwrap();
    let listeners = [Listeners::open(2), Listeners::open(2)];
    for listeners in &listeners {
        short_scan(&owner, listeners).await;
    }
    let all = until_ended(&mut stream, 2).await;
    for seen in 0..all.len() - 1 {
        let position = seen.checked_sub(1).map_or(&start, |last| all[last].position.as_ref().unwrap());
        let mut resumed = owner.open_behind(EVENTS, position).await;
        let ended = all[..seen].iter().filter(|frame| frame.event == "complete").count();
        assert_eq!(until_ended(&mut resumed, 2 - ended).await, all[seen..], "after {seen}");
    }
    let query = format!("/ws/events?last_event_id={}", all[1].position.as_ref().unwrap());
    let mut socket = owner.websocket(&query).await.unwrap();
    for fact in &all[2..] {
        assert_eq!(socket.hear_type(&fact.event).await, fact.data);
    }
    let everything = until_ended(&mut owner.open_behind(EVENTS, "0").await, 2).await;
    assert_eq!(everything, all, "0 is the beginning of all that is kept");
}

#[tokio::test]
async fn who_comes_is_shown_the_jobs_that_are_under_way() {
    let service = Deployment::of(Pair::SqliteEmbedded).slowed_to(300).start().await;
    let owner = service.owner();
    let scan = owner.scan(&own_address().to_string()).ports(&ports(1, 20_000)).await;
    scan.reached(1).await;
    let mut stream = owner.open(EVENTS, None).await;
    stream.next_named("position").await;
    let shown = stream.next_named("job").await.data;
    assert_eq!((&shown["scan_id"], &shown["status"]), (&json!(scan.id), &json!("running")), "{shown}");
    assert_eq!(shown["subject"], scan.created["target"], "{shown}");
    let progress = stream.next_named("progress").await;
    assert_eq!((progress.position, &progress.data["scan_id"]), (None, &json!(scan.id)));
    scan.stop().await;
    assert_eq!(stream.next_named("complete").await.data["status"], "cancelled");
}

#[tokio::test]
async fn a_listener_hears_of_what_it_asked_for() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let owner = service.owner();
    let (one, two) = (Listeners::open(2), Listeners::open(3));
    let (subject, ends) =
        (format!("{EVENTS}?subject={}", one.target()), format!("{EVENTS}?event=complete,port_found"));
    let kind = format!("{EVENTS}?kind=scan&event=complete&subject={}", two.target());
    let mut streams = Vec::new();
    for path in [&subject, &ends, &kind] {
        let mut stream = owner.open(path, None).await;
        stream.next_named("position").await;
        streams.push(stream);
    }
    let scans = [short_scan(&owner, &one).await, short_scan(&owner, &two).await];
    for scan in &scans {
        scan.finished().await;
    }
    let of_one = until_ended(&mut streams[0], 1).await;
    assert_eq!(by_job(&of_one).keys().collect::<Vec<_>>(), [&scans[0].id]);
    assert_eq!(of_one.len(), 5, "queued, running, two ports, complete: {of_one:?}");
    let ends = until_ended(&mut streams[1], 2).await;
    assert_eq!(ends.iter().filter(|frame| frame.event == "port_found").count(), 5);
    assert!(ends.iter().all(|frame| ["port_found", "complete"].contains(&frame.event.as_str())), "{ends:?}");
    let last = until_ended(&mut streams[2], 1).await;
    assert_eq!((last.len(), &last[0].data["scan_id"]), (1, &json!(scans[1].id)));
}

#[tokio::test]
async fn nobody_hears_of_the_jobs_of_others() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let stranger = service.register("ada@example.net").await;
    service.operate_json(&["user", "add", "bob@example.net", "--role", "analyst"]).await;
    let (_, colleague) = service.issue("bob@example.net", &[]).await;
    let mut streams = Vec::new();
    for client in [&stranger, &colleague] {
        let mut stream = client.open(EVENTS, None).await;
        stream.next_named("position").await;
        streams.push((client, stream));
    }
    let listeners = Listeners::open(1);
    short_scan(&service.owner(), &listeners).await.finished().await;
    for (client, stream) in &mut streams {
        let own = short_scan(client, &listeners).await;
        let heard = until_ended(stream, 1).await;
        assert_eq!(
            by_job(&heard).keys().collect::<Vec<_>>(),
            [&own.id],
            "its own, and nothing of the owner's"
        );
    }
    let foreign = short_scan(&service.owner(), &listeners).await;
    foreign.finished().await;
    stranger.get(&format!("/api/v1/jobs/{}/stream", job(&foreign))).await.refused(404, "NOT_FOUND");
}
