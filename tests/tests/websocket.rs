//! The WebSocket of a scan: the same facts with their numbers, and a client that may speak.
#![cfg(test)]

use serde_json::{Value, json};
use vedette_tests::deployment::Deployment;
use vedette_tests::listeners::{Listeners, own_address, ports};
use vedette_tests::websocket::{Heard, Refused};
use vedette_tests::{Pair, TestService, on_every_pair};

on_every_pair! {
    a_websocket_tells_every_fact_and_closes_after_complete,
    a_websocket_cancels_its_scan,
}

async fn a_websocket_tells_every_fact_and_closes_after_complete(pair: Pair) {
    let service = Deployment::of(pair).slowed_to(8000).start().await;
    let listeners = Listeners::open(3);
    let scan = service.owner().scan(&listeners.target()).ports(&ports(30_000, 61_000)).await;
    let (live, closed) = scan.websocket().await.rest().await;
    assert_eq!(closed, 1000, "a good end");
    let (replayed, closed) = scan.websocket().await.rest().await;
    assert_eq!(closed, 1000, "a good end of a replay");
    for frames in [&live, &replayed] {
        assert_eq!(
            found_ports(frames),
            listeners.ports().iter().map(|port| u64::from(*port)).collect::<Vec<_>>()
        );
        assert_eq!(frames.last().unwrap()["type"], "complete");
        assert_eq!(frames.last().unwrap()["status"], "completed");
        assert!(facts(frames).is_sorted_by(|one, next| one < next), "{frames:?}");
    }
    assert_eq!(live.last(), replayed.last(), "complete has one number for everybody");
}

async fn a_websocket_cancels_its_scan(pair: Pair) {
    let service = Deployment::of(pair).slowed_to(300).start().await;
    let scan = service.owner().scan(&own_address().to_string()).ports(&ports(1, 20_000)).await;
    let mut socket = scan.websocket().await;
    scan.reached(1).await;
    socket.say(r#"{"type":"cancel"}"#).await;
    let (frames, closed) = socket.rest().await;
    assert_eq!(closed, 1000);
    let complete = frames.last().unwrap();
    assert_eq!(
        (&complete["type"], &complete["status"]),
        (&json!("complete"), &json!("cancelled")),
        "{complete}"
    );
    assert_eq!(scan.status().await["status"], "cancelled");
}

#[tokio::test]
async fn a_websocket_answers_what_it_is_told_and_stays_open() {
    let service = Deployment::of(Pair::SqliteEmbedded).slowed_to(300).start().await;
    let scan = service.owner().scan(&own_address().to_string()).ports(&ports(1, 20_000)).await;
    let mut socket = scan.websocket().await;
    socket.say(r#"{"type":"ping"}"#).await;
    socket.hear_type("pong").await;
    assert_eq!(socket.pong_to(b"are you there").await, b"are you there");
    for unknown in [
        r#"{"type":"dance"}"#,
        r#"{"typ":"ping"}"#,
        "[]",
        "7",
        "ping",
        "{",
        "",
        r#"{"type":5}"#,
        "[\"cancel\"]",
    ] {
        socket.say(unknown).await;
        let error = socket.hear_type("error").await;
        assert!(error["error"]["code"].is_string(), "{unknown:?} got {error}");
    }
    for wrong in ["{\"type\":\"resume\"}", "{\"type\":\"resume\",\"last_seq\":\"x\"}"] {
        socket.say(wrong).await;
        let error = socket.hear_type("error").await;
        assert!(error["error"]["code"].is_string(), "{wrong:?} got {error}");
    }
    socket.say(r#"{"type":"ping"}"#).await;
    socket.hear_type("pong").await;
    socket.say(r#"{"type":"cancel"}"#).await;
    assert_eq!(socket.rest().await.1, 1000);
}

#[tokio::test]
async fn a_websocket_resumes_after_a_number() {
    let service = Deployment::of(Pair::SqliteEmbedded).slowed_to(300).start().await;
    let listeners = Listeners::at(&(1_024..1_224).collect::<Vec<u16>>());
    let scan = service.owner().scan(&listeners.target()).ports(&ports(1_024, 21_000)).await;
    let mut socket = scan.websocket().await;
    for _ in 0..3 {
        socket.hear_type("port_found").await;
    }
    socket.say(r#"{"type":"resume","last_seq":3}"#).await;
    let mut again = socket.hear_type("port_found").await;
    // What was found meanwhile may have been sent before the server heard of it.
    while again["seq"].as_u64() > Some(5) {
        again = socket.hear_type("port_found").await;
    }
    assert_eq!(again["seq"], 4, "number 3 was the first port: {again}");
    assert_eq!(socket.hear_type("port_found").await["seq"], 5);
    drop(socket);
    let path = format!("/ws/scans/{}?last_event_id=4", scan.id);
    let mut resumed = service.owner().websocket(&path).await.unwrap();
    assert_eq!(resumed.hear_type("port_found").await["seq"], 5);
    scan.stop().await;
    assert_eq!(resumed.rest().await.1, 1000);
}

#[tokio::test]
async fn a_websocket_is_refused_before_the_upgrade() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let owner = service.owner();
    let scan = owner.scan(&own_address().to_string()).ports("1-3").await;
    scan.finished().await;
    let path = format!("/ws/scans/{}", scan.id);
    let refused = async |client: &vedette_tests::Client, path: &str| client.websocket(path).await.err();
    let stranger = service.stranger("sk_live_abc123xyz789abc123");
    assert_eq!(refused(&stranger, &path).await, Some(Refused(401)));
    assert_eq!(refused(&owner.without_key(), &path).await, Some(Refused(401)));
    assert_eq!(refused(&owner, "/ws/scans/scan_doesNotExist0").await, Some(Refused(404)));
    assert_eq!(refused(&owner, "/ws/scans/nonsense").await, Some(Refused(404)));
    assert_eq!(refused(&owner, "/ws/nothing").await, Some(Refused(404)));
    let plain = owner.get(&path).await;
    assert!((400..500).contains(&plain.status), "no upgrade asked for: {plain:?}");
}

#[tokio::test]
async fn a_message_that_is_too_large_closes_the_socket() {
    let service = Deployment::of(Pair::SqliteEmbedded).slowed_to(300).start().await;
    let scan = service.owner().scan(&own_address().to_string()).ports(&ports(1, 20_000)).await;
    let mut socket = scan.websocket().await;
    assert!(matches!(socket.hear().await, Heard::Said(_)));
    socket.say(&"x".repeat(20_000)).await;
    assert_eq!(socket.rest().await.1, 1009);
    scan.stop().await;
}

#[tokio::test]
async fn a_broken_frame_closes_the_socket_with_the_code_that_says_why() {
    let service = Deployment::of(Pair::SqliteEmbedded).slowed_to(300).start().await;
    let scan = service.owner().scan(&own_address().to_string()).ports(&ports(1, 20_000)).await;
    let long_ping = [&[0x89, 0xfe, 0, 126, 0, 0, 0, 0][..], &[b'x'; 126]].concat();
    for (frame, code, what) in [
        (&[0xc1, 0x82, 0, 0, 0, 0, b'h', b'i'][..], 1002, "the first reserved bit"),
        (&[0xa1, 0x82, 0, 0, 0, 0, b'h', b'i'], 1002, "the second reserved bit"),
        (&[0x91, 0x82, 0, 0, 0, 0, b'h', b'i'], 1002, "the third reserved bit"),
        (&[0x83, 0x80, 0, 0, 0, 0], 1002, "a reserved opcode"),
        (&[0x81, 0x02, b'h', b'i'], 1002, "a frame without a mask"),
        (&[0x80, 0x82, 0, 0, 0, 0, b'h', b'i'], 1002, "the rest of nothing"),
        (&[0x09, 0x80, 0, 0, 0, 0], 1002, "a ping in parts"),
        (&long_ping, 1002, "a ping that is too long"),
        (&[0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe], 1007, "a text that is not UTF-8"),
        (&[0x81, 0x81, 0, 0, 0, 0, 0xc3], 1007, "a text that ends within a character"),
    ] {
        let mut socket = scan.websocket().await;
        socket.hear_type("progress").await;
        socket.send_raw(frame).await;
        assert_eq!(socket.rest().await.1, code, "{what}");
    }
    scan.stop().await;
}

fn facts(frames: &[Value]) -> Vec<u64> {
    let facts = frames.iter().filter(|frame| frame["type"] != "progress");
    facts.map(|frame| frame["seq"].as_u64().unwrap_or_else(|| panic!("no seq in {frame}"))).collect()
}

fn found_ports(frames: &[Value]) -> Vec<u64> {
    let found = frames.iter().filter(|frame| frame["type"] == "port_found");
    let mut ports: Vec<u64> = found.map(|frame| frame["port"].as_u64().unwrap()).collect();
    ports.sort_unstable();
    ports
}
