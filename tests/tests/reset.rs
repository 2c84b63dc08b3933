//! Positions that cannot be served: the listener is told so, and then how things stand.
#![cfg(test)]

use serde_json::{Value, json};
use vedette_tests::follow::{Frame, found, last_id};
use vedette_tests::listeners::Listeners;
use vedette_tests::wait::{SOON, within};
use vedette_tests::websocket::Socket;
use vedette_tests::{Pair, Scan, TestService, on_every_pair};

on_every_pair! {
    who_missed_what_was_removed_is_told_so_and_what_is_left,
    who_follows_all_and_missed_what_was_removed_is_told_so,
}

async fn finished(service: &TestService) -> (Scan, Listeners) {
    let listeners = Listeners::open(2);
    let scan = service.owner().scan(&listeners.target()).ports(&listeners.and_closed_neighbours()).await;
    scan.finished().await;
    (scan, listeners)
}

fn names(frames: &[Frame]) -> Vec<&str> {
    frames.iter().map(|frame| frame.event.as_str()).collect()
}

#[tokio::test]
async fn a_position_that_is_not_there_begins_anew_and_says_so() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let (scan, listeners) = finished(&service).await;
    let owner = service.owner();
    for (position, reason) in [
        ("abc", Some("unknown")),
        ("-1", Some("unknown")),
        ("1.5", Some("unknown")),
        ("0x2", Some("unknown")),
        ("1,2", Some("unknown")),
        ("99999999999999999999999", Some("unknown")),
        ("99999", Some("ahead")),
        ("0", None),
        ("", None),
        (" ", None),
    ] {
        let mut stream = owner.open_behind(&scan.path("/stream"), position).await;
        assert_eq!(stream.status, 200, "after {position:?}");
        let frames = stream.rest().await;
        let reset = (frames[0].event == "reset").then(|| frames[0].data["reason"].as_str().unwrap());
        assert_eq!(reset, reason, "after {position:?}: {frames:?}");
        assert_eq!(frames[usize::from(reason.is_some())].event, "progress", "{frames:?}");
        assert_eq!(
            found(&frames).into_iter().collect::<std::collections::BTreeSet<_>>(),
            listeners.expected()
        );
        assert_eq!(names(&frames).iter().filter(|name| **name == "complete").count(), 1, "{frames:?}");
    }
}

async fn who_missed_what_was_removed_is_told_so_and_what_is_left(pair: Pair) {
    let service = TestService::start(pair).await;
    let (scan, _listeners) = finished(&service).await;
    let all = scan.told_to_the_end().await;
    let last = last_id(&all).unwrap();
    scan.delete_results().await.granted();
    let anew = scan.follow_after(1).await.rest().await;
    assert_eq!(names(&anew), ["reset", "progress", "complete"], "{anew:?}");
    assert_eq!(anew[0].data["reason"], "pruned");
    assert_eq!(anew[2], *all.last().unwrap(), "the end is as it was told");
    let first = scan.follow().await.rest().await;
    assert_eq!(names(&first), ["progress", "complete"], "who was told nothing missed nothing: {first:?}");
    assert_eq!(scan.follow_after(last).await.status, 204, "nor who was told everything");

    let path = format!("/ws/scans/{}?last_event_id=1", scan.id);
    let (heard, code) = service.owner().websocket(&path).await.unwrap().rest().await;
    let types: Vec<&str> = heard.iter().map(|frame| frame["type"].as_str().unwrap()).collect();
    assert_eq!((types, code), (vec!["reset", "progress", "complete"], 1000));
}

#[tokio::test]
async fn what_was_removed_but_is_stored_elsewhere_is_told_from_there() {
    let service = TestService::start(Pair::PostgresEmbedded).await;
    let (scan, listeners) = finished(&service).await;
    let all = scan.told_to_the_end().await;
    service.run_sql("DELETE FROM events").await;
    for (after, first) in [(None, "progress"), (Some(2), "reset")] {
        let mut stream = match after {
            None => scan.follow().await,
            Some(number) => scan.follow_after(number).await,
        };
        let frames = stream.rest().await;
        assert_eq!(frames[0].event, first, "{frames:?}");
        assert_eq!(
            found(&frames).into_iter().collect::<std::collections::BTreeSet<_>>(),
            listeners.expected()
        );
        let numbered: Vec<&Frame> = frames.iter().filter(|frame| frame.id.is_some()).collect();
        assert_eq!(numbered, [all.last().unwrap()], "only the end has its number");
    }
}

async fn who_follows_all_and_missed_what_was_removed_is_told_so(pair: Pair) {
    let service = TestService::start(pair).await;
    let owner = service.owner();
    let mut early = owner.open("/api/v1/events", None).await;
    let start = early.next_named("position").await.position.unwrap();
    let (scan, _listeners) = finished(&service).await;
    scan.delete_results().await.granted();
    let mut anew = owner.open_behind("/api/v1/events", &start).await;
    let reset = within("a frame", SOON, anew.next()).await.unwrap();
    assert_eq!((reset.event.as_str(), &reset.data["reason"]), ("reset", &json!("pruned")));
    let here = within("a frame", SOON, anew.next()).await.unwrap();
    assert_eq!(here.event, "position", "{here:?}");
    let (next, _listeners) = finished(&service).await;
    let told = anew.next_named("complete").await;
    assert_eq!(told.data["scan_id"], next.id, "from there it goes on");
    let mut resumed = owner.open_behind("/api/v1/events", &here.position.unwrap()).await;
    assert_eq!(resumed.next_named("complete").await, told);
}

#[tokio::test]
async fn a_position_among_all_that_is_not_there_begins_anew_and_says_so() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let owner = service.owner();
    for (position, reason) in
        [("abc", "unknown"), ("-1", "unknown"), ("1-2-3", "unknown"), ("01", "unknown"), ("999999", "ahead")]
    {
        let mut stream = owner.open_behind("/api/v1/events", position).await;
        let reset = within("a frame", SOON, stream.next()).await.unwrap();
        assert_eq!((reset.event.as_str(), &reset.data["reason"]), ("reset", &json!(reason)), "{position:?}");
        stream.next_named("position").await;
    }
    let mut socket = owner.websocket("/ws/events?last_event_id=abc").await.unwrap();
    assert_eq!(reason(&mut socket).await, "unknown");
    socket.say(r#"{"type":"resume","last_event_id":"999999"}"#).await;
    assert_eq!(reason(&mut socket).await, "ahead");
    socket.hear_type("position").await;
    socket.say(r#"{"type":"cancel"}"#).await;
    socket.hear_type("error").await;
}

async fn reason(socket: &mut Socket) -> Value {
    socket.hear_type("reset").await["reason"].clone()
}
