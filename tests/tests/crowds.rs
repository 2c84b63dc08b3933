//! How many streams there may be, and what those are told for whom there is no room.
#![cfg(test)]

use std::net::Ipv4Addr;

use vedette_tests::deployment::Deployment;
use vedette_tests::follow::Follow;
use vedette_tests::wait::{SOON, until};
use vedette_tests::websocket::Refused;
use vedette_tests::{Client, Pair, TestService};

const EVENTS: &str = "/api/v1/events";

async fn limited_by(setting: &str) -> TestService {
    Deployment::of(Pair::SqliteEmbedded).with(setting, "2").start().await
}

async fn open(client: &Client) -> Follow {
    let mut stream = client.open(EVENTS, None).await;
    stream.next_named("position").await;
    stream
}

/// Insists that there is no room for this client until one of the streams is closed.
async fn assert_full(client: &Client, streams: Vec<Follow>, unit: &str) {
    let refused = client.get(EVENTS).await;
    let error = refused.problem(429, "CONCURRENT_LIMIT_EXCEEDED");
    assert_eq!(
        (&error["details"]["limit"], error["details"]["unit"].as_str()),
        (&2.into(), Some(unit)),
        "{error}"
    );
    assert_eq!(refused.header("retry-after"), "10");
    assert_eq!(client.websocket("/ws/events").await.err(), Some(Refused(429)));
    drop(streams);
    until("room for one more", SOON, async || (client.open(EVENTS, None).await.status == 200).then_some(()))
        .await;
}

#[tokio::test]
async fn a_key_has_so_many_streams() {
    let service = limited_by("VEDETTE_KEY_STREAMS").await;
    let owner = service.owner();
    let socket = owner.websocket("/ws/events").await.unwrap();
    let stream = open(&owner).await;
    let (_, other) = service.issue(vedette_tests::deployment::OWNER_EMAIL, &[]).await;
    open(&other).await;
    assert_full(&owner, vec![stream], "streams of a key at once").await;
    drop(socket);
}

#[tokio::test]
async fn an_organization_has_so_many_streams() {
    let service = limited_by("VEDETTE_ORGANIZATION_STREAMS").await;
    let owner = service.owner();
    let (_, other) = service.issue(vedette_tests::deployment::OWNER_EMAIL, &[]).await;
    let streams = vec![open(&owner).await, open(&other).await];
    open(&service.register("ada@example.net").await).await;
    assert_full(&owner, streams, "streams of an organization at once").await;
}

#[tokio::test]
async fn an_address_has_so_many_streams() {
    let service = limited_by("VEDETTE_ADDRESS_STREAMS").await;
    let (here, elsewhere) = (Ipv4Addr::new(127, 3, 2, 1), Ipv4Addr::new(127, 3, 2, 2));
    let (owner, ada) = (service.owner(), service.register("ada@example.net").await);
    let streams = vec![open(&owner.dialling_from(here)).await, open(&ada.dialling_from(here)).await];
    open(&owner.dialling_from(elsewhere)).await;
    let refused = owner.dialling_from(here).get(EVENTS).await;
    let unit = refused.problem(429, "CONCURRENT_LIMIT_EXCEEDED")["details"]["unit"].clone();
    assert_eq!(unit, "streams of an address at once");
    drop(streams);
}

/// An EventSource never comes back after a 503.
#[tokio::test]
async fn whom_a_full_server_sends_away_comes_back() {
    let service = limited_by("VEDETTE_STREAMS").await;
    let owner = service.owner();
    let streams = [open(&owner).await, open(&owner).await];
    owner.get(EVENTS).await.refused(503, "SERVICE_UNAVAILABLE");
    assert_eq!(owner.websocket("/ws/events").await.err(), Some(Refused(503)));
    let mut sent_away = owner.open(EVENTS, None).await;
    assert_eq!(sent_away.status, 200);
    assert!(sent_away.headers["content-type"].to_str().unwrap().starts_with("text/event-stream"));
    assert_eq!(sent_away.rest().await, []);
    assert!(sent_away.retry.is_some_and(|pause| (500..5000).contains(&pause)), "{:?}", sent_away.retry);
    drop(streams);
    until("room for one more", SOON, async || {
        let mut stream = owner.open(EVENTS, None).await;
        stream.next().await
    })
    .await;
}

#[tokio::test]
async fn whom_a_server_without_its_database_sends_away_comes_back() {
    let service = Deployment::of(Pair::PostgresEmbedded).own_postgres().start().await;
    let owner = service.owner();
    service.postgres().stop();
    let mut sent_away = owner.open(EVENTS, None).await;
    assert_eq!((sent_away.status, sent_away.rest().await), (200, Vec::new()));
    assert!(sent_away.retry.is_some(), "{sent_away:?}", sent_away = sent_away.headers);
    owner.get(EVENTS).await.refused(503, "SERVICE_UNAVAILABLE");
    service.postgres().start_again();
    until("a stream", SOON, async || owner.open(EVENTS, None).await.next().await).await;
}
