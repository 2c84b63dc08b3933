//! Sessions: a cookie that scripts cannot read, and that a page of somebody else's can do nothing with.

use reqwest::{Method, RequestBuilder};
use serde_json::json;
use vedette_tests::answer::Answer;
use vedette_tests::deployment::Deployment;
use vedette_tests::listeners::own_address;
use vedette_tests::service::USER_PASSWORD;
use vedette_tests::websocket::{Refused, Socket};
use vedette_tests::{Client, Pair, TestService, on_every_pair};

on_every_pair! {
    a_session_does_what_its_user_may_until_they_log_out,
}

/// A browser that is logged in.
struct Browser {
    nobody: Client,
    cookie: String,
    token: String,
}

impl Browser {
    async fn log_in(service: &TestService, email: &str) -> Browser {
        let nobody = service.owner().without_key();
        let answer = log_in(&nobody, email, USER_PASSWORD).await;
        let token = answer.ok()["csrf_token"].as_str().unwrap().to_owned();
        let line = answer.header("set-cookie").to_owned();
        for attribute in ["Path=/", "HttpOnly", "SameSite=Strict", "Max-Age=43"] {
            assert!(line.contains(attribute), "{attribute} in {line}");
        }
        let cookie = line.split(';').next().unwrap().to_owned();
        service.add_secret(cookie.split_once('=').unwrap().1);
        service.add_secret(&token);
        Browser { nobody, cookie, token }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.nobody.request(method, path).header("cookie", format!("theme=dark; {}", self.cookie))
    }

    async fn get(&self, path: &str) -> Answer {
        self.nobody.send(self.request(Method::GET, path)).await
    }

    async fn post(&self, path: &str, token: &str) -> Answer {
        let body = json!({ "target": own_address().to_string(), "ports": "1" });
        let request = self.request(Method::POST, path).header("x-csrf-token", token).json(&body);
        self.nobody.send(request).await
    }
}

async fn log_in(nobody: &Client, email: &str, password: &str) -> Answer {
    nobody.post("/api/v1/auth/login", &json!({ "email": email, "password": password })).await
}

async fn a_session_does_what_its_user_may_until_they_log_out(pair: Pair) {
    let service = Deployment::of(pair).start().await;
    let ada = service.register("ada@example.net").await;
    let browser = Browser::log_in(&service, "ada@example.net").await;
    let profile = browser.get("/api/v1/user/profile").await;
    assert_eq!(
        (&profile.ok()["email"], &profile.ok()["csrf_token"]),
        (&json!("ada@example.net"), &json!(browser.token))
    );
    for token in ["", "wrong", &browser.cookie] {
        browser.post("/api/v1/scans", token).await.refused(403, "INSUFFICIENT_PERMISSIONS");
    }
    let created = browser.post("/api/v1/scans", &browser.token).await;
    let scan = ada.scan_with_id(created.created()["scan_id"].as_str().unwrap());
    scan.finished().await;
    browser.get(&scan.path("/results")).await.granted();
    assert_eq!(browser.get(&scan.path("/stream")).await.status, 200);
    browser.post("/api/v1/auth/rotate", &browser.token).await.refused(403, "INSUFFICIENT_PERMISSIONS");
    let bearer = service.stranger(browser.cookie.split_once('=').unwrap().1);
    bearer.scans("").await.refused(401, "INVALID_API_KEY");
    browser.post("/api/v1/auth/logout", "").await.refused(403, "INSUFFICIENT_PERMISSIONS");
    let out = browser.post("/api/v1/auth/logout", &browser.token).await;
    assert_eq!(out.ok()["logged_out"], true);
    assert!(out.header("set-cookie").contains("Max-Age=0"), "{out:?}");
    browser.get("/api/v1/scans").await.refused(401, "INVALID_API_KEY");
}

#[tokio::test]
async fn a_websocket_opens_for_pages_of_this_server_only() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let ada = service.register("ada@example.net").await;
    let scan = ada.scan(&own_address().to_string()).ports("1").await;
    scan.finished().await;
    let browser = Browser::log_in(&service, "ada@example.net").await;
    let url = format!("ws://{}/ws/scans/{}", service.address(), scan.id);
    for origin in ["http://elsewhere.example", "null", "http://127.0.0.1"] {
        let refused = Socket::open_from_page(&url, origin, &browser.cookie).await;
        assert_eq!(refused.err(), Some(Refused(403)), "{origin}");
    }
    let own = format!("http://{}", service.address());
    let (_, code) = Socket::open_from_page(&url, &own, &browser.cookie).await.unwrap().rest().await;
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
    let refused = vedette_tests::wait::until("a refusal", vedette_tests::wait::SOON, async || {
        let answer = log_in(&nobody, "ada@example.net", "not-the-password").await;
        (answer.status != 401).then_some(answer)
    });
    refused.await.refused(429, "RATE_LIMIT_EXCEEDED");
}
