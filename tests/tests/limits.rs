//! The tiers: how many requests an hour, scans a day and scans at once.
#![cfg(test)]

use vedette_tests::deployment::Deployment;
use vedette_tests::listeners::{own_address, ports};
use vedette_tests::{Pair, TestService, on_every_pair};

on_every_pair! {
    a_free_user_has_two_scans_at_once_however_hard_they_try,
}

async fn a_free_user_has_two_scans_at_once_however_hard_they_try(pair: Pair) {
    let service = Deployment::of(pair).slowed_to(200).start().await;
    let user = service.register("ada@example.net").await;
    let orders = (0..6).map(|_| user.scan(&own_address().to_string()).ports(&ports(1, 20_000)).answer());
    let answers = futures::future::join_all(orders).await;
    let (taken, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!((taken.len(), refused.len()), (2, 4), "{refused:?}");
    for answer in refused {
        answer.refused(429, "CONCURRENT_LIMIT_EXCEEDED");
    }
    for answer in taken {
        let id = answer.created()["scan_id"].as_str().unwrap().to_owned();
        assert_eq!(user.scan_with_id(&id).cancel().await.ok()["status"], "cancelled");
    }
    let next = user.scan(&own_address().to_string()).ports("1-3").await;
    assert_eq!(next.finished().await["status"], "completed", "a cancelled scan frees its place");
}

#[tokio::test]
async fn a_free_user_has_ten_scans_a_day() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let user = service.register("ada@example.net").await;
    for _ in 0..10 {
        let scan = user.scan(&own_address().to_string()).ports("1").await;
        scan.told_to_the_end().await;
    }
    let answer = user.scan(&own_address().to_string()).ports("1").answer().await;
    let error = answer.problem(429, "RATE_LIMIT_EXCEEDED");
    let wait = error["retry_after"].as_u64().unwrap();
    assert!((1..=86_400).contains(&wait), "until midnight UTC: {error}");
    assert_eq!(answer.header("retry-after"), wait.to_string());
    let other = service.register("bob@example.net").await;
    other.scan(&own_address().to_string()).ports("1").await.told_to_the_end().await;
}

#[tokio::test]
async fn a_free_user_has_a_hundred_requests_an_hour() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let user = service.register("ada@example.net").await;
    for number in 1..=100 {
        let answer = user.scans("").await;
        assert_eq!(answer.status, 200, "request {number}");
        assert_eq!(answer.header("x-ratelimit-remaining"), (100 - number).to_string());
    }
    let answer = user.scans("").await;
    let error = answer.problem(429, "RATE_LIMIT_EXCEEDED");
    let wait = error["retry_after"].as_u64().unwrap();
    assert!((1..=3600).contains(&wait), "{error}");
    assert_eq!(answer.header("retry-after"), wait.to_string());
    assert_eq!(answer.header("x-ratelimit-remaining"), "0");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(&wait.to_string()), "the message tells the seconds: {message}");
}

#[tokio::test]
async fn the_owner_is_not_held_to_the_free_tier() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let owner = service.owner();
    for _ in 0..12 {
        owner.scan(&own_address().to_string()).ports("1").await.told_to_the_end().await;
    }
    for _ in 0..120 {
        assert_eq!(owner.scans("").await.status, 200);
    }
}
