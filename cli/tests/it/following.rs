//! The scan is followed to its end, whatever happens to the stream.

use serde_json::{Value, json};

use crate::command::{run, scan};
use crate::fake::{Fake, header};
use crate::reply::{Part, Reply, complete, event, port};

fn progress(scanned: u64) -> Value {
    json!({"progress": 40, "ports_scanned": scanned, "total_ports": 1000, "open_ports": 1})
}

fn last(id: u64) -> Part {
    event(id, "complete", &complete("completed", &Value::Null))
}

fn names(events: &[(&str, u64)]) -> Vec<(String, Option<u64>)> {
    let results = ("result".to_owned(), None);
    events.iter().map(|(name, id)| ((*name).to_owned(), Some(*id))).chain([results]).collect()
}

#[tokio::test]
async fn a_cut_stream_is_resumed_and_no_event_is_shown_twice() {
    let first = [event(1, "progress", &progress(400)), event(2, "port_found", &port(22, "ssh"))];
    let second =
        [event(2, "port_found", &port(22, "ssh")), event(3, "port_found", &port(443, "https")), last(4)];
    let fake = Fake::start()
        .await
        .on("GET", "/stream", Reply::stream(first))
        .on("GET", "/stream", Reply::error(503, "SERVICE_UNAVAILABLE", "Restarting."))
        .on("GET", "/stream", Reply::stream(second));
    let ended = run(scan(&fake, &["--json"])).await;
    assert_eq!(ended.code, Some(0), "{}", ended.errors);
    let expected = [("progress", 1), ("port_found", 2), ("port_found", 3), ("complete", 4)];
    assert_eq!(ended.events(), names(&expected));
    let streams = fake.requests("GET /api/v1/scans/scan_Q8m2Zt4LxA0p/stream");
    let resumed: Vec<_> = streams.iter().map(|head| header(head, "last-event-id")).collect();
    assert_eq!(resumed, [None, Some("2".to_owned()), Some("2".to_owned())]);
    assert!(ended.errors.contains("the stream ended before the scan did; connecting again in "));
    assert!(ended.errors.contains("Restarting (SERVICE_UNAVAILABLE); connecting again in "));
}

#[tokio::test]
async fn a_stream_torn_within_an_event_is_resumed_before_it() {
    let torn = Reply::torn(r#"{"port": 4"#);
    let rest = [event(1, "port_found", &port(443, "https")), last(2)];
    let fake = Fake::start().await.on("GET", "/stream", torn).on("GET", "/stream", Reply::stream(rest));
    let ended = run(scan(&fake, &["--json"])).await;
    assert_eq!(ended.events(), names(&[("port_found", 1), ("complete", 2)]));
    assert!(ended.errors.contains("the stream was cut ("), "{}", ended.errors);
}

#[tokio::test]
async fn a_snapshot_may_hold_a_late_progress_before_an_early_port() {
    let events = [event(7, "progress", &progress(400)), event(2, "port_found", &port(22, "ssh")), last(8)];
    let fake = Fake::start().await.on("GET", "/stream", Reply::stream(events));
    let ended = run(scan(&fake, &["--json"])).await;
    assert_eq!(ended.events(), names(&[("progress", 7), ("port_found", 2), ("complete", 8)]));
}

#[tokio::test]
async fn no_content_means_the_scan_ended_and_the_results_tell_the_rest() {
    let fake = Fake::start()
        .await
        .on("GET", "/stream", Reply::stream([event(2, "port_found", &port(22, "ssh"))]))
        .on("GET", "/stream", Reply::no_content())
        .on("GET", "", Reply::data(200, &json!({"status": "completed", "error": null})));
    let ended = run(scan(&fake, &[])).await;
    assert_eq!(ended.code, Some(0), "{}", ended.errors);
    let numbers: Vec<_> = ended.output.lines().filter_map(|line| line.split_whitespace().nth(1)).collect();
    assert_eq!(numbers[..3], ["PORT", "22", "443"]);
    assert!(ended.output.ends_with("2 open, 990 closed, 8 filtered\n"));
}

#[tokio::test]
async fn a_proxy_without_sse_is_passed_by_websocket() {
    let frames = vec![
        json!({"type": "port_found", "seq": 3, "port": 22, "address": "192.0.2.1"}).to_string(),
        json!({"type": "complete", "seq": 4, "status": "completed"}).to_string(),
    ];
    let fake = Fake::start().await.on("GET", "/stream", Reply::http(200, "text/html", "Please log in.")).on(
        "GET",
        "/ws",
        Reply::Socket(frames),
    );
    let ended = run(scan(&fake, &["--json"])).await;
    assert_eq!(ended.code, Some(0), "{}", ended.errors);
    assert_eq!(ended.events(), names(&[("port_found", 3), ("complete", 4)]));
    assert_eq!(ended.lines()[0]["data"], json!({"port": 22, "address": "192.0.2.1"}));
    assert!(ended.errors.contains("cannot be had by SSE (the answer is text/html); taking WebSocket"));
    let head = fake.requests("GET /ws/scans/").remove(0);
    assert_eq!(header(&head, "authorization").unwrap(), "Bearer sk_live_test");
}

#[tokio::test]
async fn streams_that_tell_nothing_are_left_for_websocket() {
    let frames = vec![json!({"type": "complete", "seq": 4, "status": "completed"}).to_string()];
    let fake = Fake::start()
        .await
        .on("GET", "/stream", Reply::stream([]))
        .on("GET", "/ws", Reply::Socket(Vec::new()))
        .on("GET", "/ws", Reply::Socket(frames));
    let ended = run(scan(&fake, &[])).await;
    assert_eq!(ended.code, Some(0), "{}", ended.errors);
    assert_eq!(fake.requests("GET /api/v1/scans/scan_Q8m2Zt4LxA0p/stream").len(), 3);
    assert!(ended.errors.contains("the WebSocket was closed; connecting again in "), "{}", ended.errors);
}

#[tokio::test]
async fn where_only_one_way_is_allowed_the_other_is_not_taken() {
    let fake = Fake::start().await.on("GET", "/stream", Reply::http(200, "text/html", "Please log in."));
    let ended = run(scan(&fake, &["--follow", "sse"])).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.errors.contains("no events by SSE: the answer is text/html; see"), "{}", ended.errors);
    let by_socket = run(scan(&fake, &["--follow", "websocket"])).await;
    assert!(by_socket.errors.contains("nothing is scripted for GET /ws/scans"), "{}", by_socket.errors);
}

#[tokio::test]
async fn a_server_that_stays_away_is_given_up() {
    let fake = Fake::start()
        .await
        .on("GET", "/stream", Reply::stream([event(1, "progress", &progress(1))]))
        .on("GET", "/stream", Reply::error(503, "SERVICE_UNAVAILABLE", "Restarting."));
    let ended = run(scan(&fake, &[])).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.errors.contains("Restarting (SERVICE_UNAVAILABLE), 8 times over; see"), "{}", ended.errors);
}
