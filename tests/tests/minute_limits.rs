//! Limits of the APIs that count by the minute: KeyChest and CHAD.
#![cfg(test)]

use std::time::Instant;

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;
use vedette_tests::answer::Answer;
use vedette_tests::deployment::Deployment;
use vedette_tests::listeners::own_address;
use vedette_tests::wait::{SOON, until};
use vedette_tests::{Client, Pair, TestService, on_every_pair};

const USER: &str = "/api/v1.0/user";
const KEYS: &str = "/api/api-keys";
const CLAIM: &str = "/api/v1.0/access/claim";

on_every_pair! {
    of_many_requests_at_once_exactly_the_limit_passes,
}

async fn of_many_requests_at_once_exactly_the_limit_passes(pair: Pair) {
    let service = Deployment::of(pair).limited().start().await;
    for (path, limit, tier) in [(USER, 60, ""), (KEYS, 60, "standard"), (KEYS, 300, "high")] {
        let answers = within_a_minute(async || {
            // What a user has used up with one key, no other of theirs has.
            let client = if path == USER {
                service.claim(&format!("{limit}@example.net")).await
            } else {
                service.issue("owner@example.net", &["--rate-tier", tier]).await.1
            };
            burst(&service, &client, path, limit + 40).await
        });
        let answers = answers.await;
        let (passed, refused): (Vec<_>, Vec<_>) =
            answers.into_iter().partition(|answer| answer.status == 200);
        assert_eq!(passed.len(), limit, "{path} {tier}");
        let lowest = passed.iter().map(|answer| number(answer, "x-ratelimit-remaining")).min();
        assert_eq!(lowest, Some(0), "{path} {tier}");
        for answer in &refused {
            assert_refused(answer, limit, path);
        }
    }
}

/// So many requests at once, shared out among the apis.
async fn burst(service: &TestService, client: &Client, path: &str, count: usize) -> Vec<Answer> {
    let apis = (0..service.api_count()).map(|api| service.client_at(api, client.key()));
    let apis: Vec<Client> = apis.collect();
    join_all(apis.iter().cycle().take(count).map(|api| api.get(path))).await
}

/// Tells a story again until no minute ended while it was told.
async fn within_a_minute<T>(mut story: impl AsyncFnMut() -> T) -> T {
    let minute = || std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() / 60;
    let started = Instant::now();
    loop {
        let before = minute();
        let told = story().await;
        if minute() == before {
            return told;
        }
        assert!(started.elapsed() < 10 * SOON, "no minute is long enough");
    }
}

fn assert_refused(answer: &Answer, limit: usize, path: &str) {
    assert_eq!((answer.status, number(answer, "x-ratelimit-remaining")), (429, 0), "{answer:?}");
    assert_eq!(number(answer, "x-ratelimit-limit"), limit, "{answer:?}");
    assert_eq!(number(answer, "x-ratelimit-reset") % 60, 0, "{answer:?}");
    assert!((1..=60).contains(&number(answer, "retry-after")), "{answer:?}");
    if path == USER {
        assert!(answer.header("content-type").starts_with("text/plain"), "{answer:?}");
        assert!(answer.text.starts_with("The limit is 60 requests a minute."), "{answer:?}");
    } else {
        assert_eq!(answer.body["status_code"], 429, "{answer:?}");
        assert!(answer.body["detail"].is_string(), "{answer:?}");
    }
}

#[tokio::test]
async fn every_answer_tells_where_its_caller_stands() {
    let service = Deployment::of(Pair::SqliteEmbedded).limited().start().await;
    let (owner, watcher) = (service.owner(), service.claim("ada@example.net").await);
    let nobody = owner.without_key();
    let sent = async |client: &Client, method, path: &str| client.send(client.request(method, path)).await;
    for (status, answer) in [
        (200, nobody.get("/api").await),
        (200, nobody.get("/api/ping").await),
        (200, watcher.get(USER).await),
        (401, nobody.get(USER).await),
        (404, watcher.get("/api/v1.0/nothing").await),
        (405, sent(&watcher, Method::PUT, USER).await),
        (415, sent(&nobody, Method::POST, CLAIM).await),
        (422, nobody.get(&format!("{CLAIM}/ada")).await),
    ] {
        assert_eq!((answer.status, answer.header("x-ratelimit-limit")), (status, "60"), "{answer:?}");
        assert!(number(&answer, "x-ratelimit-remaining") < 60, "{answer:?}");
        assert_eq!(answer.header("x-ratelimit-reset"), "", "only who is refused is told: {answer:?}");
    }
    for (status, answer) in [
        (200, owner.get(KEYS).await),
        (401, nobody.get(KEYS).await),
        (404, owner.get("/api/api-keys/key_1").await),
        (404, owner.get("/api/external/alerts").await),
        (405, sent(&owner, Method::PUT, KEYS).await),
        (415, sent(&owner, Method::POST, KEYS).await),
        (422, owner.post(KEYS, &json!({})).await),
    ] {
        assert_eq!((answer.status, answer.header("x-ratelimit-limit")), (status, "60"), "{answer:?}");
        assert!(number(&answer, "x-ratelimit-remaining") < 60, "{answer:?}");
        assert_eq!(number(&answer, "x-ratelimit-reset") % 60, 0, "{answer:?}");
    }
}

#[tokio::test]
async fn strangers_are_slowed_by_address_and_holders_of_keys_beside_them_are_not() {
    let service = Deployment::of(Pair::SqliteEmbedded)
        .with("VEDETTE_KEYCHEST_REQUESTS", "5")
        .with("VEDETTE_CHAD_REQUESTS", "5")
        .start()
        .await;
    let owner = service.owner();
    for path in [USER, KEYS] {
        let stranger = service.stranger("sk_live_0123456789abcdef");
        until("a refusal", SOON, async || (stranger.get(path).await.status == 429).then_some(())).await;
        assert_eq!(stranger.dialling_from(own_address()).get(path).await.status, 401);
        assert_eq!(owner.get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn who_gets_too_many_keys_wrong_is_not_believed_with_a_right_one() {
    let service = Deployment::of(Pair::SqliteEmbedded).with("VEDETTE_REFUSED_KEYS", "4").start().await;
    let (watcher, gone) = (service.claim("ada@example.net").await, service.claim("bob@example.net").await);
    let users = service.operate_json(&["user", "list"]).await;
    let bob = users.as_array().unwrap().iter().find(|user| user["claimed_email"] == "bob@example.net");
    service.operate_json(&["user", "disable", bob.unwrap()["email"].as_str().unwrap()]).await;
    until("the end of a key", SOON, async || (gone.get(USER).await.status == 401).then_some(())).await;
    for _ in 0..8 {
        assert_eq!(gone.get(USER).await.status, 401, "a client that is not told is no guesser");
    }
    assert_eq!(watcher.get(USER).await.status, 200);
    let guesses = async || service.stranger("wrong-guess-0123456789").get(USER).await.status;
    until("a refusal", SOON, async || (guesses().await == 429).then_some(())).await;
    let right = watcher.get(USER).await;
    assert_eq!(right.status, 429, "{right:?}");
    assert!(right.text.starts_with("The limit is 4 wrong keys an hour."), "{right:?}");
    assert_eq!(service.owner().get(USER).await.status, 200, "what nobody can guess goes on");
    assert_eq!(
        watcher.dialling_from(own_address()).get(USER).await.status,
        200,
        "and so does everybody elsewhere"
    );
}

#[tokio::test]
async fn one_address_claims_so_often_an_hour_and_so_many_new_addresses_a_day() {
    let deployment = Deployment::of(Pair::SqliteEmbedded).with("VEDETTE_CLAIMS", "6");
    let service = deployment.with("VEDETTE_CLAIMED_EMAILS", "2").start().await;
    let nobody = service.owner().without_key();
    let claim = async |user: &str| nobody.get(&format!("{CLAIM}/{user}@example.net")).await;
    let mut told = Vec::new();
    for user in ["a", "b", "c", "a", "b", "c", "a"] {
        let answer = claim(user).await;
        told.push((answer.status, answer.body["status"].as_str().unwrap_or_default().to_owned()));
    }
    let hour_began = told.last().is_some_and(|(status, _)| *status == 200);
    let (good, bad) = ((200, "created".to_owned()), (405, "not-allowed".to_owned()));
    if !hour_began {
        assert_eq!(told[..2], [good.clone(), good.clone()]);
        assert_eq!(told[2..6], [bad.clone(), good.clone(), good, bad]);
    }
    let refused = until("a refusal", SOON, async || Some(claim("a").await).filter(|a| a.status == 429)).await;
    assert!(refused.text.starts_with("The limit is 6 claims an hour."), "{refused:?}");
    assert_eq!((refused.header("x-ratelimit-limit"), refused.header("x-ratelimit-remaining")), ("6", "0"));
    assert_eq!(refused.header("cache-control"), "no-store");
}

fn number(answer: &Answer, header: &str) -> usize {
    answer.header(header).parse().unwrap_or_else(|_| panic!("no number in {header}: {answer:?}"))
}
