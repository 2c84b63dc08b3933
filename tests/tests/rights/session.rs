//! Sessions: a cookie that scripts cannot read, and that a page of somebody else's can do nothing with.

use serde_json::json;
use vedette_tests::answer::Answer;
use vedette_tests::deployment::Deployment;
use vedette_tests::listeners::own_address;
use vedette_tests::service::USER_PASSWORD;
use vedette_tests::wait::{SOON, until};
use vedette_tests::websocket::{Refused, Socket};
use vedette_tests::{Client, Pair, Session, TestService, on_every_pair};

on_every_pair! {
    a_session_does_what_its_user_may_until_they_log_out,
}

/// A browser that is logged in.
async fn browser(service: &TestService, email: &str) -> (Client, Session) {
    let nobody = service.owner().without_key();
    let answer = log_in(&nobody, email, USER_PASSWORD).await;
    let line = answer.header("set-cookie");
    for attribute in ["Path=/", "HttpOnly", "SameSite=Strict", "Max-Age=43"] {
        assert!(line.contains(attribute), "{attribute} in {line}");
    }
    let session = nobody.log_in(email, USER_PASSWORD).await;
    service.add_secret(session.cookie.split_once('=').unwrap().1);
    service.add_secret(&session.csrf_token);
    (nobody.with_session(session.clone()), session)
}

async fn log_in(nobody: &Client, email: &str, password: &str) -> Answer {
    nobody.post("/api/v1/auth/login", &json!({ "email": email, "password": password })).await
}

async fn a_session_does_what_its_user_may_until_they_log_out(pair: Pair) {
    let service = Deployment::of(pair).start().await;
    let ada = service.register("ada@example.net").await;
    let (browser, session) = browser(&service, "ada@example.net").await;
    let profile = browser.get("/api/v1/user/profile").await;
    assert_eq!(
        (&profile.ok()["email"], &profile.ok()["csrf_token"]),
        (&json!("ada@example.net"), &json!(session.csrf_token))
    );
    let order = json!({ "target": own_address().to_string(), "ports": "1" });
    let forged = |token: &str| {
        browser.with_session(Session { csrf_token: token.to_owned(), cookie: session.cookie.clone() })
    };
    for token in ["", "wrong", &session.cookie] {
        forged(token).post("/api/v1/scans", &order).await.refused(403, "INSUFFICIENT_PERMISSIONS");
    }
    let created = browser.post("/api/v1/scans", &order).await;
    let scan = ada.scan_with_id(created.created()["scan_id"].as_str().unwrap());
    scan.finished().await;
    browser.get(&scan.path("/results")).await.granted();
    assert_eq!(browser.get(&scan.path("/stream")).await.status, 200);
    browser.post("/api/v1/auth/rotate", &json!({})).await.refused(403, "INSUFFICIENT_PERMISSIONS");
    let bearer = service.stranger(session.cookie.split_once('=').unwrap().1);
    bearer.scans("").await.refused(401, "INVALID_API_KEY");
    forged("").post("/api/v1/auth/logout", &json!({})).await.refused(403, "INSUFFICIENT_PERMISSIONS");
    let out = browser.post("/api/v1/auth/logout", &json!({})).await;
    assert_eq!(out.ok()["logged_out"], true);
    assert!(out.header("set-cookie").contains("Max-Age=0"), "{out:?}");
    browser.get("/api/v1/scans").await.refused(401, "INVALID_API_KEY");
}

#[tokio::test]
async fn a_new_password_and_being_disabled_end_sessions_for_good() {
    let service = TestService::start(Pair::PostgresEmbedded).await;
    service.register("ada@example.net").await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, USER_PASSWORD).unwrap();
    let change = ["user", "set-password", "ada@example.net", "--password-file", file.to_str().unwrap()];
    for changes in [
        &[change.as_slice()][..],
        &[&["user", "disable", "ada@example.net"], &["user", "enable", "ada@example.net"]],
    ] {
        let (browser, _) = browser(&service, "ada@example.net").await;
        browser.get("/api/v1/scans").await.granted();
        for change in changes {
            service.operate_json(change).await;
        }
        let refused = until("the end of the session", SOON, async || {
            let answer = browser.get("/api/v1/scans").await;
            (answer.status != 200).then_some(answer)
        });
        refused.await.refused(401, "INVALID_API_KEY");
    }
}

#[tokio::test]
async fn a_websocket_opens_for_pages_of_this_server_only() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let ada = service.register("ada@example.net").await;
    let scan = ada.scan(&own_address().to_string()).ports("1").await;
    scan.finished().await;
    let (_, session) = browser(&service, "ada@example.net").await;
    let url = format!("ws://{}/ws/scans/{}", service.address(), scan.id);
    for origin in ["http://elsewhere.example", "null", "http://127.0.0.1"] {
        let refused = Socket::open_from_page(&url, origin, &session.cookie).await;
        assert_eq!(refused.err(), Some(Refused(403)), "{origin}");
    }
    let own = format!("http://{}", service.address());
    let (_, code) = Socket::open_from_page(&url, &own, &session.cookie).await.unwrap().rest().await;
    assert_eq!(code, 1000);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_are_told_alike_and_slowed_down() {
    let service = Deployment::of(Pair::SqliteEmbedded).with("VEDETTE_LOGINS", "6").start().await;
    service.register("ada@example.net").await;
    let nobody = service.owner().without_key();
    let (wrong, unknown) = (
        log_in(&nobody, "ada@example.net", "not-the-password").await,
        log_in(&nobody, "bob@example.net", USER_PASSWORD).await,
    );
    let told = |answer: &Answer| answer.problem(401, "INVALID_API_KEY").clone();
    assert_eq!(told(&wrong), told(&unknown));
    let refused = until("a refusal", SOON, async || {
        let answer = log_in(&nobody, "ada@example.net", "not-the-password").await;
        (answer.status != 401).then_some(answer)
    });
    refused.await.refused(429, "RATE_LIMIT_EXCEEDED");
}
