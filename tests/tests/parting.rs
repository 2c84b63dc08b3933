//! Streams that the server ends: of listeners that do not read, and of keys that do not hold any more.
#![cfg(test)]

use tokio::io::AsyncWriteExt;
use vedette_tests::deployment::Deployment;
use vedette_tests::listeners::{own_address, ports};
use vedette_tests::raw::{is_held, narrow};
use vedette_tests::wait::{LONG, until, within};
use vedette_tests::websocket::Refused;
use vedette_tests::{Pair, Scan, TestService};

/// Each is answered with some 180 bytes: together more than the buffers between server and listener hold, while
/// themselves they are small enough to be sent without anybody reading.
const QUESTIONS: usize = 24_000;

async fn long_scan(service: &TestService) -> Scan {
    service.owner().scan(&own_address().to_string()).ports(&ports(1, 30_000)).await
}

#[tokio::test]
async fn a_websocket_that_is_not_read_is_closed_with_the_code_to_come_back() {
    let mut service = Deployment::of(Pair::SqliteEmbedded).slowed_to(300).start().await;
    let scan = long_scan(&service).await;
    let mut socket = service.owner().narrow_websocket(&format!("/ws/scans/{}", scan.id)).await;
    for _ in 0..QUESTIONS {
        socket.say("?").await;
    }
    service.api().logged("a listener is too slow").await;
    let (frames, code) = socket.rest().await;
    assert_eq!(code, 1013);
    assert!(frames.len() < QUESTIONS, "what was not sent yet is dropped");
    scan.stop().await;
}

#[tokio::test]
async fn an_event_stream_that_is_not_read_is_cut() {
    let service = Deployment::of(Pair::SqliteEmbedded).slowed_to(300).start().await;
    let scan = long_scan(&service).await;
    let mut deaf = narrow(service.address()).await;
    let (path, key) = (scan.path("/stream"), service.owner().key().to_owned());
    let request = format!("GET {path} HTTP/1.1\r\nhost: vedette\r\nauthorization: Bearer {key}\r\n\r\n");
    deaf.write_all(request.as_bytes()).await.unwrap();
    // A second listener, which reads, is not disturbed.
    let mut good = scan.follow().await;
    let reading = tokio::spawn(async move { good.rest().await });
    assert!(is_held(&deaf), "the connection stands");
    until("the end of a connection", LONG, async || (!is_held(&deaf)).then_some(())).await;
    scan.stop().await;
    assert_eq!(within("a stream", LONG, reading).await.unwrap().last().unwrap().event, "complete");
}

#[tokio::test]
async fn streams_end_with_the_key_they_were_opened_with() {
    let mut service = Deployment::of(Pair::PostgresRedisMany).apis(1).workers(0).start().await;
    service.may_leave_jobs();
    let changes = [("ada", "revoked_at = now()"), ("bob", "expires_at = now() - interval '1 second'")];
    let ends = changes.map(|(name, change)| the_streams_of_a_key_end(&service, name, change));
    futures::future::join_all(ends).await;
}

async fn the_streams_of_a_key_end(service: &TestService, name: &str, change: &str) {
    let email = format!("{name}@example.net");
    let user = service.register(&email).await;
    let scan = user.scan(&own_address().to_string()).ports("1").await;
    let (mut stream, mut socket) = (scan.follow().await, scan.websocket().await);
    stream.next_named("progress").await;
    socket.hear_type("progress").await;
    let holder = format!("user_id = (SELECT id FROM users WHERE email = '{email}')");
    service.run_sql(&format!("UPDATE api_keys SET {change} WHERE {holder}")).await;
    let both = futures::future::join(stream.rest(), socket.rest());
    let (frames, (_, code)) = within("the end of both streams", LONG, both).await;
    assert!(frames.iter().all(|frame| frame.event != "complete"), "{name}: {frames:?}");
    assert_eq!(code, 1008, "{name}");
    user.get(&scan.path("/stream")).await.refused(401, "INVALID_API_KEY");
    assert_eq!(user.websocket(&format!("/ws/scans/{}", scan.id)).await.err(), Some(Refused(401)));
}
