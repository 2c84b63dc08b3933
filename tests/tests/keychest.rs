//! The KeyChest API: keys for the asking, what they open, and what is refused how.
#![cfg(test)]

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use vedette_tests::answer::Answer;
use vedette_tests::deployment::Deployment;
use vedette_tests::{Client, Pair, TestService, on_every_pair};

const CLAIM: &str = "/api/v1.0/access/claim";
const USER: &str = "/api/v1.0/user";
const KEY: &str = "my-own-key-0123456789";
const REFUSED: &str = "not-allowed";

on_every_pair! {
    keys_are_claimed_and_used,
}

async fn keys_are_claimed_and_used(pair: Pair) {
    let service = Deployment::of(pair).start().await;
    let nobody = service.owner().without_key();
    let first = claim(&service, "/ada@example.net").await;
    let again = claim(&service, "/ada@example.net").await;
    assert_ne!(first.body["api_key"], again.body["api_key"], "a new key each time");
    for answer in [&first, &again] {
        assert_eq!(
            (&answer.body["status"], &answer.body["user"]),
            (&json!("created"), &json!("ada@example.net"))
        );
        assert_eq!(address_of(&service, answer).await, "ada@example.net");
    }
    let chosen = json!({ "email": "ada@example.net", "api_key": KEY });
    service.add_secret(KEY);
    let made = nobody.post(CLAIM, &chosen).await;
    assert_eq!(
        made.body,
        json!({ "status": "created", "user": "ada@example.net", "api_key": KEY }),
        "{made:?}"
    );
    let same = nobody.post(CLAIM, &chosen).await;
    assert_eq!((same.status, &same.body), (200, &json!({ "status": "success" })));
    let other = nobody.post(CLAIM, &json!({ "email": "eve@example.net", "api_key": KEY })).await;
    assert_eq!((other.status, &other.body), (405, &json!({ "status": REFUSED })));
    assert_eq!(address_of(&service, &made).await, "ada@example.net");
    let api = service.api_count() - 1;
    assert_eq!(service.client_at(api, KEY).get(USER).await.body, json!({ "user": "ada@example.net" }));
}

#[tokio::test]
async fn the_address_in_a_path_is_taken_as_it_stands() {
    let service = Deployment::of(Pair::SqliteEmbedded).with("VEDETTE_LOG", "trace").start().await;
    for (path, user) in [
        ("/ada+certbot@example.net", "ada+certbot@example.net"),
        ("/ada%2Bcertbot%40example.net", "ada+certbot@example.net"),
        ("/Bob%40Example.net", "bob@example.net"),
    ] {
        let answer = claim(&service, path).await;
        assert_eq!(
            (&answer.body["user"], answer.header("cache-control")),
            (&json!(user), "no-store"),
            "{path}"
        );
        for secret in [path.trim_start_matches('/'), user] {
            service.add_secret(secret);
        }
    }
    let nobody = service.owner().without_key();
    for path in ["/[email%20protected]", "/ada", "/%FF@example.net", "/a@b@c", "/%20"] {
        let answer = nobody.get(&format!("{CLAIM}{path}")).await;
        assert_eq!((answer.status, answer.header("cache-control")), (422, "no-store"), "{path}: {answer:?}");
        assert!(
            answer.body["errors"]["email"][0].is_string() && answer.body["message"].is_string(),
            "{answer:?}"
        );
    }
    let elsewhere = nobody.get("/api/v1.0//access/claim/ada+certbot@example.net").await;
    assert_eq!(elsewhere.status, 404);
    let head = nobody.send(nobody.request(Method::HEAD, &format!("{CLAIM}/eve@example.net"))).await;
    assert_eq!(head.status, 405, "what makes an account is not asked for in passing");
}

#[tokio::test]
async fn a_key_may_stand_in_five_places() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let (watcher, owner) = (service.claim("ada@example.net").await, service.owner());
    for (client, address) in [(&watcher, "ada@example.net"), (&owner, "owner@example.net")] {
        for (place, request) in places(&client.without_key(), client.key()) {
            let answer = client.send(request).await;
            assert_eq!((answer.status, &answer.body["user"]), (200, &json!(address)), "{place}: {answer:?}");
        }
    }
    for (place, request) in places(&owner.without_key(), "nobodys-key-0123456789") {
        assert_unauthenticated(&owner.send(request).await, place);
    }
    let twice = owner.without_key().get(&format!("{USER}?api_key={0}&api_key={0}", watcher.key())).await;
    assert_unauthenticated(&twice, "two keys");
    assert_unauthenticated(&owner.without_key().get(USER).await, "no key");
    let narrow = service.issue("owner@example.net", &["--permissions", "scans:read"]).await.1;
    let refused = narrow.get(USER).await;
    assert_eq!(refused.status, 403, "{refused:?}");
    assert!(refused.body["error"].as_str().unwrap().contains("certificates:read"), "{refused:?}");
}

fn places(nobody: &Client, key: &str) -> [(&'static str, RequestBuilder); 5] {
    let request = || nobody.request(Method::GET, USER);
    [
        ("the query", nobody.request(Method::GET, &format!("{USER}?api_key={key}"))),
        ("JSON", request().json(&json!({ "api_key": key, "other": [] }))),
        ("a form", request().header("content-type", FORM).body(format!("other=1&api_key={key}"))),
        ("Bearer", request().bearer_auth(key)),
        ("Basic", request().basic_auth("whoever", Some(key))),
    ]
}

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn a_claimed_key_opens_nothing_else() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let watcher = service.claim("ada@example.net").await;
    let key = watcher.key();
    watcher.scans("").await.refused(401, "INVALID_API_KEY");
    watcher.get(&format!("/api/v1/scans/x/stream?api_key={key}")).await.refused(401, "INVALID_API_KEY");
    let header = watcher.without_key().request(Method::GET, "/api/api-keys").header("x-api-key", key);
    for answer in [watcher.get("/api/api-keys").await, watcher.send(header).await] {
        assert_eq!((answer.status, &answer.body["status_code"]), (401, &json!(401)), "{answer:?}");
    }
}

#[tokio::test]
async fn claims_are_read_from_json_and_from_forms_and_every_fault_is_named() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let nobody = service.owner().without_key();
    let post = |kind: &str, body: &str| {
        let request = nobody.request(Method::POST, CLAIM).header("content-type", kind);
        nobody.send(request.body(body.to_owned()))
    };
    let made = post(FORM, "email=ada%2Bx%40example.net&api_key=form-key-0123456789").await;
    assert_eq!((made.status, &made.body["user"]), (200, &json!("ada+x@example.net")), "{made:?}");
    for (kind, body, fields) in [
        (FORM, "", &["api_key", "email"][..]),
        (FORM, "email=ada", &["api_key", "email"]),
        (FORM, "email=a@b.c&email=a@b.c&api_key=0123456789abcdef", &["email"]),
        ("application/json", "{}", &["api_key", "email"]),
        ("application/json", "{\"email\":\"a@b.c\"}", &["api_key"]),
    ] {
        let answer = post(kind, body).await;
        let errors = answer.body["errors"].as_object();
        let named: Vec<&str> =
            errors.into_iter().flat_map(serde_json::Map::keys).map(String::as_str).collect();
        assert_eq!((answer.status, named.as_slice()), (422, fields), "{body}: {answer:?}");
    }
    assert_eq!(post("text/plain", "email=a@b.c").await.status, 415);
}

#[tokio::test]
async fn where_registration_is_closed_nobody_claims() {
    let closed = Deployment::of(Pair::SqliteEmbedded).with("VEDETTE_REGISTRATION", "closed").start().await;
    let nobody = closed.owner().without_key();
    let chosen = json!({ "email": "ada@example.net", "api_key": KEY });
    for answer in [nobody.get(&format!("{CLAIM}/ada@example.net")).await, nobody.post(CLAIM, &chosen).await] {
        assert_eq!((answer.status, &answer.body), (405, &json!({ "status": REFUSED })));
    }
}

#[tokio::test]
async fn without_a_database_a_claim_is_told_to_come_back() {
    let service = Deployment::of(Pair::PostgresEmbedded).own_postgres().start().await;
    service.postgres().stop();
    let answer = service.owner().without_key().get(&format!("{CLAIM}/ada@example.net")).await;
    assert_eq!((answer.status, &answer.body["status"]), (503, &json!("error")), "{answer:?}");
    service.postgres().start_again();
}

#[tokio::test]
async fn the_owner_reads_who_tried_a_key_that_was_revoked() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let (id, gone) = service.issue("owner@example.net", &[]).await;
    service.operate_json(&["key", "revoke", &id]).await;
    vedette_tests::wait::until("the end of a key", vedette_tests::wait::SOON, async || {
        (gone.get(USER).await.status == 401).then_some(())
    })
    .await;
    let log = service.owner().get("/api/v1/audit").await;
    let newest = &log.ok()["entries"][0];
    assert_eq!((&newest["subject"], &newest["key_id"]), (&json!("revoked key"), &json!(id)), "{log:?}");
}

/// Claims a key by GET, and has the logs searched for it.
async fn claim(service: &TestService, path: &str) -> Answer {
    let answer = service.owner().without_key().get(&format!("{CLAIM}{path}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    service.add_secret(answer.body["api_key"].as_str().unwrap());
    answer
}

/// The address that the key in an answer goes by.
async fn address_of(service: &TestService, answer: &Answer) -> Value {
    service.stranger(answer.body["api_key"].as_str().unwrap()).get(USER).await.body["user"].clone()
}

fn assert_unauthenticated(answer: &Answer, place: &str) {
    assert_eq!((answer.status, &answer.body), (401, &json!({ "error": "Unauthenticated." })), "{place}");
    assert_eq!(answer.header("www-authenticate"), "Bearer", "{place}");
}
