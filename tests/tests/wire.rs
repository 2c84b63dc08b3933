//! What every answer has: the envelope, a request id of its own, rate headers, the right refusal.
#![cfg(test)]

use reqwest::Method;
use serde_json::{Value, json};
use vedette_tests::answer::Answer;
use vedette_tests::listeners::own_address;
use vedette_tests::wait::{SOON, until};
use vedette_tests::{Client, Pair, TestService};

#[tokio::test]
async fn every_answer_has_an_envelope_and_a_request_id_of_its_own() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let owner = service.owner();
    let nobody = owner.without_key();
    let answers = [
        owner.scans("").await,
        owner.scans("").await,
        owner.get("/api/v1/health").await,
        owner.get("/api/v1/scans/scan_doesNotExist0").await,
        owner.get("/api/v1/nothing").await,
        owner.get("/elsewhere").await,
        nobody.scans("").await,
        nobody.post("/api/v1/auth/register", &json!({})).await,
        owner.send(owner.request(Method::PATCH, "/api/v1/scans")).await,
        owner.scan("invalid..host").answer().await,
    ];
    let mut ids: Vec<&str> = answers.iter().map(request_id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), answers.len(), "no request id comes twice");
    for answer in &answers {
        assert!(answer.header("content-type").starts_with("application/json"), "{answer:?}");
    }
}

#[tokio::test]
async fn a_key_is_needed_and_must_be_a_good_one() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let owner = service.owner();
    let nobody = owner.without_key();
    let paths =
        ["/api/v1/scans", "/api/v1/scans/scan_doesNotExist0", "/api/v1/scans/scan_doesNotExist0/results"];
    for path in paths {
        nobody.get(path).await.refused(401, "INVALID_API_KEY");
        nobody.get(&format!("{path}?api_key={}", owner.key())).await.refused(401, "INVALID_API_KEY");
    }
    let key = owner.key();
    let wrong = [
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        key.to_owned(),
        format!("Basic {key}"),
        format!("Bearer {key}x"),
        format!("Bearer {}", key.to_lowercase()),
        format!("Bearer {key} {key}"),
        "Bearer sk_live_abc123xyz789".to_owned(),
        format!("Bearer sk_live_{}", "a".repeat(5000)),
        "Bearer \u{e9}\u{e9}".to_owned(),
    ];
    for value in &wrong {
        let request = nobody.request(Method::GET, "/api/v1/scans").header("authorization", value.as_bytes());
        nobody.send(request).await.refused(401, "INVALID_API_KEY");
    }
    let lower = nobody.request(Method::GET, "/api/v1/scans").header("authorization", format!("bearer {key}"));
    assert!(nobody.send(lower).await.ok()["scans"].is_array(), "the scheme is read without regard to case");
}

#[tokio::test]
async fn an_email_registers_once() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let nobody = service.owner().without_key();
    let body = json!({ "email": "user@example.com", "password": "securepassword123" });
    let first = nobody.post("/api/v1/auth/register", &body).await;
    assert!(first.created()["user_id"].as_str().unwrap().starts_with("usr_"));
    assert_eq!(first.created()["tier"], "free", "{first:?}");
    nobody.post("/api/v1/auth/register", &body).await.refused(409, "EMAIL_EXISTS");
    let shouted = json!({ "email": "USER@Example.COM", "password": "anotherpassword1" });
    nobody.post("/api/v1/auth/register", &shouted).await.refused(409, "EMAIL_EXISTS");
    let owner = json!({ "email": "owner@example.net", "password": "anotherpassword1" });
    nobody.post("/api/v1/auth/register", &owner).await.refused(409, "EMAIL_EXISTS");
}

#[tokio::test]
async fn a_slash_at_the_end_of_a_get_is_tolerated() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let owner = service.owner();
    assert!(owner.get("/api/v1/scans/").await.ok()["scans"].is_array());
    assert!(owner.get("/api/v1/health/").await.ok()["status"].is_string());
}

#[tokio::test]
async fn health_tells_the_parts_without_a_key() {
    for pair in [Pair::SqliteEmbedded, Pair::PostgresRedisMany] {
        let service = TestService::start(pair).await;
        let nobody = service.owner().without_key();
        let health = until("health", SOON, async || healthy(&nobody).await).await;
        assert!(health["version"].is_string() && health["uptime_seconds"].is_number(), "{health}");
        for part in ["database", "redis", "worker", "syn_scan"] {
            assert!(!health["components"][part].is_null(), "{part} in {health}");
        }
    }
}

#[tokio::test]
async fn a_browser_of_another_origin_may_ask() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let nobody = service.owner().without_key();
    let preflight = nobody
        .request(Method::OPTIONS, "/api/v1/scans")
        .header("origin", "http://127.0.0.1:1")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type");
    let answer = nobody.send(preflight).await;
    assert!([200, 204].contains(&answer.status), "{answer:?}");
    assert!(!answer.header("access-control-allow-origin").is_empty(), "{answer:?}");
    let allowed = answer.header("access-control-allow-headers").to_lowercase();
    assert!(
        allowed == "*" || allowed.contains("authorization") && allowed.contains("content-type"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_page_of_another_origin_opens_no_account() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let nobody = service.owner().without_key();
    let preflight = nobody
        .request(Method::OPTIONS, "/api/v1/auth/register")
        .header("origin", "http://127.0.0.1:1")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type");
    let answer = nobody.send(preflight).await;
    assert_eq!(answer.header("access-control-allow-origin"), "", "{answer:?}");
}

#[tokio::test]
async fn nobody_opens_an_account_where_registration_is_closed() {
    let deployment = vedette_tests::deployment::Deployment::of(Pair::SqliteEmbedded);
    let service = deployment.with("VEDETTE_REGISTRATION", "closed").start().await;
    let nobody = service.owner().without_key();
    let body = serde_json::json!({ "email": "new@example.net", "password": "long enough" });
    let answer = nobody.send(nobody.request(Method::POST, "/api/v1/auth/register").json(&body)).await;
    assert_eq!(answer.status, 403, "{answer:?}");
}

#[tokio::test]
async fn addresses_of_streams_follow_the_public_url() {
    let deployment = vedette_tests::deployment::Deployment::of(Pair::SqliteEmbedded);
    let service = deployment.with("VEDETTE_PUBLIC_URL", "https://scan.example.net").start().await;
    let scan = service.owner().scan(&own_address().to_string()).ports("1").await;
    assert_eq!(scan.created["websocket_url"], format!("wss://scan.example.net/ws/scans/{}", scan.id));
    assert_eq!(scan.created["sse_url"], format!("https://scan.example.net/api/v1/scans/{}/stream", scan.id));
    scan.finished().await;
}

/// What health says, once all parts are there: a worker is first seen a moment after the start.
async fn healthy(client: &Client) -> Option<Value> {
    let health = client.get("/api/v1/health").await.ok().clone();
    (health["status"] == "healthy").then_some(health)
}

fn request_id(answer: &Answer) -> &str {
    if answer.body["success"] == true {
        assert!(!answer.body["data"].is_null(), "{answer:?}");
    } else if let Err(why) = answer.refusal() {
        panic!("{why}: {answer:?}");
    }
    answer.body["metadata"]["request_id"].as_str().unwrap_or_else(|| panic!("no request id in {answer:?}"))
}
