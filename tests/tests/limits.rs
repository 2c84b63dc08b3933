//! Limits of the CyberSec API: who is counted, what is told, what is refused, also without Redis.
#![cfg(test)]

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;
use vedette_tests::answer::Answer;
use vedette_tests::deployment::Deployment;
use vedette_tests::listeners::{own_address, ports};
use vedette_tests::service::USER_PASSWORD;
use vedette_tests::wait::{SOON, until};
use vedette_tests::websocket::Refused;
use vedette_tests::{Client, Pair, TestService, on_every_pair};

on_every_pair! {
    of_many_requests_at_once_exactly_the_limit_passes,
    of_many_scans_at_once_exactly_the_limit_is_stored,
}

async fn of_many_requests_at_once_exactly_the_limit_passes(pair: Pair) {
    let service = Deployment::of(pair).with("VEDETTE_FREE_REQUESTS", "100").start().await;
    for attempt in 0.. {
        let user = service.register(&format!("ada{attempt}@example.net")).await;
        let clients = everywhere(&service, user.key());
        let requests = clients.iter().cycle().take(200).map(|client| client.get("/api/v1/nothing"));
        let answers = join_all(requests).await;
        if is_split(&answers) {
            continue;
        }
        let away = service.logs().iter().any(|(_, log)| log.contains("cannot be counted in Redis"));
        assert!(!away, "redis was there all the time");
        assert_eq!(answers.iter().filter(|answer| answer.status == 404).count(), 100);
        for refused in answers.iter().filter(|answer| answer.status != 404) {
            assert_refused(refused, "100", "requests an hour");
        }
        return;
    }
}

async fn of_many_scans_at_once_exactly_the_limit_is_stored(pair: Pair) {
    let service = Deployment::of(pair).slowed_to(200).start().await;
    let user = service.register("ada@example.net").await;
    let (target, ports) = (own_address().to_string(), ports(1, 60_000));
    let clients = everywhere(&service, user.key());
    let orders = clients.iter().cycle().take(20);
    let answers = join_all(orders.map(|client| client.scan(&target).ports(&ports).answer())).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 2);
    for refused in answers.iter().filter(|answer| answer.status != 201) {
        let error = refused.problem(429, "CONCURRENT_LIMIT_EXCEEDED");
        assert_eq!(error["retry_after"].to_string(), refused.header("retry-after"), "{refused:?}");
        assert_eq!(error["details"], json!({ "limit": 2, "unit": "scans at once" }), "{refused:?}");
    }
    let list = user.scans("").await.ok().clone();
    assert_eq!(list["pagination"]["total"], 2, "what was refused is not stored: {list}");
    for row in list["scans"].as_array().unwrap() {
        user.scan_with_id(row["scan_id"].as_str().unwrap()).stop().await;
    }
    user.scan(&target).ports("1").await.finished().await;
}

#[tokio::test]
async fn a_user_has_so_many_scans_a_day_whether_or_not_they_end() {
    let service = Deployment::of(Pair::SqliteEmbedded).with("VEDETTE_FREE_SCANS", "3").start().await;
    for attempt in 0.. {
        let user = service.register(&format!("ada{attempt}@example.net")).await;
        let day = day();
        for _ in 0..3 {
            user.scan(&own_address().to_string()).ports("1").await.finished().await;
        }
        let refused = user.scan(&own_address().to_string()).ports("1").answer().await;
        if day == self::day() {
            let reset = assert_refused(&refused, "3", "scans a day");
            assert_eq!(reset % 86_400, 0, "midnight: {refused:?}");
            assert_eq!(user.scans("").await.ok()["pagination"]["total"], 3);
            return;
        }
    }
}

#[tokio::test]
async fn every_answer_tells_where_its_caller_stands() {
    let service = Deployment::of(Pair::SqliteEmbedded).limited().start().await;
    let (owner, user) = (service.owner(), service.register("ada@example.net").await);
    let nobody = user.without_key();
    let scan = user.scan(&own_address().to_string()).ports("1").await;
    scan.finished().await;
    let upgrade = user.request(Method::GET, &format!("/ws/scans/{}", scan.id));
    let upgrade = upgrade.header("connection", "upgrade").header("upgrade", "websocket");
    let upgrade =
        upgrade.header("sec-websocket-version", "13").header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    assert_eq!(scan.follow().await.headers["x-ratelimit-limit"], "100");
    let sent = async |client: &Client, method, path: &str| client.send(client.request(method, path)).await;
    for (status, answer, limit) in [
        (200, user.scans("").await, "100"),
        (200, nobody.get("/api/v1/health").await, "100"),
        (200, owner.scans("").await, "1000000"),
        (401, nobody.scans("").await, "100"),
        (401, service.stranger("sk_live_0123456789abcdef").scans("").await, "100"),
        (404, user.get("/api/v1/nothing").await, "100"),
        (404, nobody.get("/nothing").await, "100"),
        (404, user.get("/api/v1/scans/scan_doesNotExist0").await, "100"),
        (404, user.get("/api/v1/scans/scan_doesNotExist0/stream").await, "100"),
        (101, user.send(upgrade).await, "100"),
        (405, sent(&user, Method::PUT, "/api/v1/scans").await, "100"),
        (405, sent(&nobody, Method::DELETE, "/api/v1/health").await, "100"),
        (405, sent(&nobody, Method::GET, "/api/v1/auth/register").await, "100"),
        (415, sent(&user, Method::POST, "/api/v1/scans").await, "100"),
    ] {
        assert_eq!((answer.status, answer.header("x-ratelimit-limit")), (status, limit), "{answer:?}");
        assert!(
            number(&answer, "x-ratelimit-remaining") < number(&answer, "x-ratelimit-limit"),
            "{answer:?}"
        );
        assert_eq!(number(&answer, "x-ratelimit-reset") % 3600, 0, "a whole hour: {answer:?}");
    }
}

#[tokio::test]
async fn streams_count_as_requests_and_are_refused_like_them() {
    let service = Deployment::of(Pair::SqliteEmbedded).with("VEDETTE_FREE_REQUESTS", "4").start().await;
    for attempt in 0.. {
        let user = service.register(&format!("ada{attempt}@example.net")).await;
        let first = user.scan(&own_address().to_string()).ports("1").answer().await;
        let scan = user.scan_with_id(first.created()["scan_id"].as_str().unwrap());
        scan.websocket().await.rest().await;
        let stream = scan.follow().await;
        let last = user.scans("").await;
        let upgrade = user.websocket(&format!("/ws/scans/{}", scan.id)).await;
        let refused = user.get(&scan.path("/stream")).await;
        if !is_split(&[first, last, refused.clone()]) {
            assert_eq!((stream.status, upgrade.err()), (200, Some(Refused(429))));
            assert_refused(&refused, "4", "requests an hour");
            return;
        }
    }
}

#[tokio::test]
async fn strangers_are_slowed_by_address_and_holders_of_keys_beside_them_are_not() {
    let service = Deployment::of(Pair::SqliteEmbedded).with("VEDETTE_ANONYMOUS_REQUESTS", "5").start().await;
    let (owner, stranger) = (service.owner(), service.stranger("sk_live_0123456789abcdef"));
    until("a refusal", SOON, async || (stranger.scans("").await.status == 429).then_some(())).await;
    let disguised = stranger.request(Method::GET, "/api/v1/nothing").header("x-forwarded-for", "127.9.9.9");
    let refused = stranger.send(disguised).await;
    if refused.status == 429 {
        assert_refused(&refused, "5", "requests an hour without a valid key");
    }
    let elsewhere = stranger.dialling_from(own_address()).scans("").await;
    assert_eq!((elsewhere.status, elsewhere.header("x-ratelimit-remaining")), (401, "4"), "{elsewhere:?}");
    assert_eq!(owner.scans("").await.status, 200);
    assert_eq!(owner.without_key().get("/api/v1/health").await.status, 200);
    let preflight = owner.without_key().request(Method::OPTIONS, "/api/v1/scans");
    assert_eq!(owner.send(preflight).await.status, 200);
}

#[tokio::test]
async fn one_address_opens_so_many_accounts_an_hour() {
    let service = Deployment::of(Pair::SqliteEmbedded).with("VEDETTE_REGISTRATIONS", "2").start().await;
    let nobody = service.owner().without_key();
    let mut opened = 0;
    let refused = until("a refusal", SOON, async || {
        let body = json!({ "email": format!("user{opened}@example.net"), "password": USER_PASSWORD });
        let answer = nobody.post("/api/v1/auth/register", &body).await;
        opened += 1;
        (answer.status != 201).then_some(answer)
    })
    .await;
    assert!(opened > 2, "two were opened, or more where an hour began between: {opened}");
    assert_refused(&refused, "2", "registrations an hour");
}

#[tokio::test]
async fn without_redis_quotas_let_through_and_throttles_stay_closed() {
    let limits = [("VEDETTE_FREE_REQUESTS", "5"), ("VEDETTE_ANONYMOUS_REQUESTS", "5")];
    let deployment = Deployment::of(Pair::PostgresRedisMany).apis(1);
    let deployment = limits.into_iter().fold(deployment, |all, (name, value)| all.with(name, value));
    let mut service = deployment.start().await;
    let user = service.register("ada@example.net").await;
    until("the limit", SOON, async || (user.scans("").await.status == 429).then_some(())).await;
    service.redis().kill();
    for _ in 0..20 {
        let answer = user.scans("").await;
        assert_eq!((answer.status, answer.header("x-ratelimit-limit")), (200, "5"), "{answer:?}");
    }
    let nobody = user.without_key();
    until("a throttle", SOON, async || (nobody.scans("").await.status == 429).then_some(())).await;
    let logs = service.logs().into_iter().filter(|(name, _)| name.starts_with("api"));
    let warned: usize = logs.map(|(_, log)| log.matches("cannot be counted in Redis").count()).sum();
    assert_eq!(warned, 1, "one warning for one outage");
    service.redis().start_again().await;
    until("the limit again", SOON, async || (user.scans("").await.status == 429).then_some(())).await;
}

/// One client with this key at each api.
fn everywhere(service: &TestService, key: &str) -> Vec<Client> {
    (0..service.api_count()).map(|api| service.client_at(api, key)).collect()
}

/// Whether an hour ended between these answers, which then were counted in two windows.
fn is_split(answers: &[Answer]) -> bool {
    let resets = answers.iter().map(|answer| answer.header("x-ratelimit-reset"));
    resets.collect::<std::collections::BTreeSet<_>>().len() > 1
}

/// Insists on a refusal by a limit, told alike in the body and in the headers; when it is reset.
fn assert_refused(answer: &Answer, limit: &str, unit: &str) -> u64 {
    let error = answer.problem(429, "RATE_LIMIT_EXCEEDED");
    let seconds = answer.header("retry-after");
    assert_eq!(
        error["message"],
        format!("Rate limit exceeded. Retry after {seconds} seconds."),
        "{answer:?}"
    );
    assert_eq!(error["retry_after"].to_string(), seconds, "{answer:?}");
    assert_eq!(error["details"]["limit"].to_string(), limit, "{answer:?}");
    assert_eq!(error["details"]["unit"], unit, "{answer:?}");
    let told = ["x-ratelimit-limit", "x-ratelimit-remaining"].map(|name| answer.header(name));
    assert_eq!(told, [limit, "0"], "{answer:?}");
    number(answer, "x-ratelimit-reset")
}

fn number(answer: &Answer, header: &str) -> u64 {
    answer.header(header).parse().unwrap_or_else(|_| panic!("no number in {header}: {answer:?}"))
}

/// The days since 1970.
fn day() -> u64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() / 86_400
}
