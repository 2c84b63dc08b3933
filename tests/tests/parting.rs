//! Streams that the server ends: of listeners that do not read, and of keys that do not hold any more.
#![cfg(test)]

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use vedette_tests::deployment::{Deployment, OWNER_KEY};
use vedette_tests::follow::ids;
use vedette_tests::frames::{Lawless, Sent};
use vedette_tests::listeners::{Listeners, own_address, ports};
use vedette_tests::raw::{is_held, narrow, unread};
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
    socket.widen();
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

/// Of the events that it is sent it takes none for a while: no more are written for it than fit into the buffers, and what
/// it is given then is its leave.
#[tokio::test]
async fn an_event_stream_that_was_not_read_for_a_while_is_sent_away_and_goes_on_where_it_was() {
    const FACTS: u64 = 20_000;
    let service = Deployment::of(Pair::PostgresEmbedded).start().await;
    let listeners = Listeners::open(1);
    let scan = service.owner().scan(&listeners.target()).ports(&listeners.and_closed_neighbours()).await;
    scan.finished().await;
    for sql in [
        &format!("UPDATE events SET seq = {FACTS} WHERE fact ->> 'name' = 'complete'"),
        &format!("UPDATE jobs SET last_seq = {FACTS}"),
        &format!(
            "INSERT INTO events SELECT job_id, number, fact, created_at, organization_id, place \
             FROM events, generate_series(4, {FACTS} - 1) AS number WHERE seq = 3"
        ),
    ] {
        service.run_sql(sql).await;
    }
    let mut slow = TcpStream::connect(service.address()).await.unwrap();
    let (path, key) = (scan.path("/stream"), service.owner().key().to_owned());
    let request = format!("GET {path} HTTP/1.1\r\nhost: vedette\r\nauthorization: Bearer {key}\r\n\r\n");
    slow.write_all(request.as_bytes()).await.unwrap();
    // Nothing more fits in for longer than a listener may take.
    let mut full = (0, Instant::now());
    until("full buffers", LONG, async || {
        let waits = unread(&slow);
        if waits != full.0 {
            full = (waits, Instant::now());
        }
        (waits > 0 && full.1.elapsed() > Duration::from_secs(11)).then_some(())
    })
    .await;
    let told = within("the end of a stream", LONG, read_to_the_leave(&mut slow)).await;
    assert_eq!(told.matches("retry: ").count(), 2, "one at its begin, one with its leave");
    assert!(!told.contains("event: complete"), "it was told to the end");
    let lines = told.lines().filter_map(|line| line.strip_prefix("id: "));
    let numbers: Vec<u64> = lines.map(|number| number.parse().unwrap()).collect();
    let last = *numbers.last().unwrap();
    assert_eq!(numbers, (1..=last).collect::<Vec<_>>());
    let rest = within("the rest", LONG, scan.follow_after(last).await.rest()).await;
    assert_eq!(ids(&rest), (last + 1..=FACTS).collect::<Vec<_>>(), "it goes on where it was");
}

/// All that an answer in chunks says, without the lengths of its chunks.
async fn read_to_the_leave(stream: &mut TcpStream) -> String {
    let mut received = Vec::new();
    while !received.ends_with(b"\r\n0\r\n\r\n") {
        let count = stream.read_buf(&mut received).await.unwrap();
        assert!(count > 0, "the connection was cut");
    }
    let start = received.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    let (mut text, mut rest) = (Vec::new(), &received[start..]);
    while let Some(end) = rest.windows(2).position(|window| window == b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        text.extend(&rest[end + 2..end + 2 + length]);
        rest = &rest[end + 2 + length + 2..];
    }
    String::from_utf8(text).unwrap()
}

/// A peer that is there for the system, but does not answer.
#[tokio::test]
async fn a_websocket_whose_peer_is_gone_is_found_within_a_minute() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let mut silent = Lawless::open(service.address(), "/ws/events", OWNER_KEY).await;
    let mut pings = 0;
    let gone = async {
        let mut sent = Sent::Ping(Vec::new());
        while !matches!(sent, Sent::Close(_) | Sent::Gone) {
            sent = silent.next_within(LONG).await;
            pings += usize::from(matches!(sent, Sent::Ping(_)));
        }
    };
    within("the end of a connection", Duration::from_secs(65), gone).await;
    assert!(pings > 0, "it was asked, and had time to answer");
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
