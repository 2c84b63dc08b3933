//! No key and no password stands in a log file, however much is logged. The parting of every service looks.
#![cfg(test)]

use reqwest::Method;
use serde_json::json;
use vedette_tests::deployment::{Deployment, OWNER_KEY};
use vedette_tests::listeners::own_address;
use vedette_tests::service::USER_PASSWORD;
use vedette_tests::{Pair, on_every_pair};

on_every_pair! {
    nothing_secret_is_logged_even_when_everything_is,
}

async fn nothing_secret_is_logged_even_when_everything_is(pair: Pair) {
    let service = Deployment::of(pair).with("VEDETTE_LOG", "trace").start().await;
    let user = service.register("ada@example.net").await;
    let nobody = user.without_key();
    let scan = user.scan(&own_address().to_string()).ports("1-3").await;
    scan.websocket().await.rest().await;
    let stream = format!("{}?api_key={}", scan.path("/stream"), user.key());
    nobody.open(&stream, None).await.rest().await;
    for body in
        [json!({ "password": USER_PASSWORD }), json!({ "email": USER_PASSWORD, "password": USER_PASSWORD })]
    {
        nobody.post("/api/v1/auth/register", &body).await.refused(400, "VALIDATION_ERROR");
    }
    let path = format!("/api/v1/nothing?api_key={OWNER_KEY}&token={OWNER_KEY}");
    nobody.get(&path).await.refused(404, "NOT_FOUND");
    user.get(&format!("/api/v1/scans?target={}", user.key())).await;
    let watcher = service.claim("ada.lovelace@example.net").await;
    service.add_secret("ada.lovelace");
    for key in [watcher.key(), OWNER_KEY] {
        let path = format!("/api/v1.0/user?api_key={key}");
        assert_eq!(nobody.get(&path).await.status, 200);
        let body = json!({ "email": "ada.lovelace@example.net", "api_key": key });
        let in_body = nobody.request(Method::GET, "/api/v1.0/user").json(&body);
        assert_eq!(nobody.send(in_body).await.status, 200);
        nobody.post("/api/v1.0/access/claim", &body).await;
        assert_eq!(nobody.get(&format!("/api/alerts?api_key={key}&token={key}")).await.status, 404);
        nobody.get(&format!("/api/v1.0/nothing/ada.lovelace@example.net?api_key={key}")).await;
        nobody.post("/api/api-keys", &json!({ "name": 7, "api_key": key })).await;
    }
    let said: usize = service.logs().iter().map(|(_, log)| log.lines().count()).sum();
    assert!(said > 20, "everything was logged: {said} lines");
}

#[tokio::test]
async fn an_answer_never_repeats_a_password() {
    let service = Deployment::of(Pair::SqliteEmbedded).start().await;
    let nobody = service.owner().without_key();
    for body in [
        json!({ "email": 5, "password": USER_PASSWORD }),
        json!({ "email": "a@example.net", "password": "short12" }),
    ] {
        let answer = nobody.post("/api/v1/auth/register", &body).await;
        answer.refused(400, "VALIDATION_ERROR");
        let said = answer.body.to_string();
        assert!(!said.contains(USER_PASSWORD) && !said.contains("short12"), "{said}");
    }
}
