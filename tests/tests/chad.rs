//! The CHAD API: keys that their users look after themselves.
#![cfg(test)]

use reqwest::Method;
use serde_json::{Value, json};
use vedette_tests::answer::{Answer, is_time};
use vedette_tests::deployment::Deployment;
use vedette_tests::service::USER_PASSWORD;
use vedette_tests::{Client, Pair, Session, TestService, on_every_pair};

const KEYS: &str = "/api/api-keys";

on_every_pair! {
    a_key_is_made_changed_and_revoked,
}

async fn a_key_is_made_changed_and_revoked(pair: Pair) {
    let service = Deployment::of(pair).start().await;
    let owner = service.owner();
    let made = owner.post(KEYS, &json!({ "name": "SIEM" })).await;
    assert_eq!(made.status, 201, "{made:?}");
    let (key, id) = (text(&made.body, "key"), text(&made.body, "id"));
    service.add_secret(&key);
    assert!(key.starts_with("chad_ak_") && key.starts_with(&text(&made.body, "key_prefix")), "{made:?}");
    let api = service.api_count() - 1;
    let siem = service.client_at(api, &key);
    siem.scans("").await.granted();
    let listed = siem.get(KEYS).await;
    let newest = listed.body[0].clone();
    assert_eq!((&newest["id"], &newest["key"]), (&json!(id), &Value::Null), "shown once: {listed:?}");
    assert!(is_time(&text(&newest, "created_at")), "{newest}");
    let path = format!("{KEYS}/{id}");
    let change = json!({ "name": "SIEM 2", "description": "reads", "read_only": true, "rate_tier": "high" });
    let changed = patch(&owner, &path, &change).await;
    for (field, value) in change.as_object().unwrap() {
        assert_eq!(&changed.body[field], value, "{changed:?}");
    }
    vedette_tests::wait::until("what a read-only key may", vedette_tests::wait::SOON, async || {
        (siem.post(KEYS, &json!({ "name": "more" })).await.status == 403).then_some(())
    })
    .await;
    assert_eq!(owner.get(&path).await.body, changed.body);
    assert_eq!(owner.delete(&path).await.status, 200);
    vedette_tests::wait::until("the end of a key", vedette_tests::wait::SOON, async || {
        (siem.get(KEYS).await.status == 401).then_some(())
    })
    .await;
    assert_eq!(owner.get(&path).await.body["is_active"], false);
    let again = patch(&owner, &path, &json!({ "is_active": true })).await;
    assert_eq!(
        (again.status, &again.body["detail"][0]["loc"]),
        (422, &json!(["body", "is_active"])),
        "{again:?}"
    );
}

#[tokio::test]
async fn every_field_of_a_key_is_kept_and_can_be_taken_away() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let owner = service.owner();
    let order = json!({
        "name": "Dashboards",
        "description": "shows numbers",
        "expires_at": "2100-01-31T12:00:00+01:00",
        "read_only": true,
        "rate_tier": "high",
        "ip_allowlist": ["192.0.2.0/24", "2001:db8::1"],
    });
    let made = owner.post(KEYS, &order).await;
    service.add_secret(&text(&made.body, "key"));
    let expected = json!({
        "expires_at": "2100-01-31T11:00:00Z",
        "ip_allowlist": ["192.0.2.0/24", "2001:db8::1/128"],
    });
    for (field, value) in order.as_object().unwrap() {
        assert_eq!(&made.body[field], expected.get(field).unwrap_or(value), "{made:?}");
    }
    let elsewhere = service.stranger(&text(&made.body, "key")).get(KEYS).await;
    assert_eq!((elsewhere.status, &elsewhere.body["status_code"]), (403, &json!(403)), "{elsewhere:?}");
    let path = format!("{KEYS}/{}", text(&made.body, "id"));
    let nothing = json!({ "description": null, "expires_at": null, "ip_allowlist": null });
    let bare = patch(&owner, &path, &nothing).await;
    let gone = ["description", "expires_at", "ip_allowlist"].map(|field| bare.body[field].clone());
    assert_eq!(gone, [Value::Null, Value::Null, json!([])], "{bare:?}");
    assert_eq!((&bare.body["name"], &bare.body["read_only"]), (&json!("Dashboards"), &json!(true)));
    let dead = patch(&owner, &path, &json!({ "is_active": false })).await;
    assert_eq!(dead.body["is_active"], false, "{dead:?}");
    let lines = owner.get("/api/v1/audit").await;
    let told: Vec<String> =
        lines.ok()["entries"].as_array().unwrap().iter().map(|line| text(line, "action")).collect();
    let mut newest = told[..5].to_vec();
    newest[..2].sort_unstable();
    assert_eq!(
        newest,
        ["key.change", "key.revoke", "key.change", "authentication.refused", "key.create"],
        "every write and every refused key: {told:?}"
    );
}

#[tokio::test]
async fn nobody_makes_a_key_that_may_do_more_than_they_may() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    service.operate_json(&["user", "add", "ada@example.net"]).await;
    let tied = service
        .issue("ada@example.net", &["--from", "127.0.0.0/8", "--permissions", "account:write"])
        .await
        .1;
    for order in [
        json!({ "name": "wide", "ip_allowlist": ["0.0.0.0/0"] }),
        json!({ "name": "fast", "rate_tier": "high" }),
    ] {
        let refused = tied.post(KEYS, &order).await;
        assert_eq!((refused.status, &refused.body["status_code"]), (403, &json!(403)), "{refused:?}");
    }
    let (id, brief) = service.issue("ada@example.net", &["--days", "5"]).await;
    let made = brief.post(KEYS, &json!({ "name": "as brief" })).await;
    let own = brief.get(&format!("{KEYS}/{id}")).await;
    assert_eq!(made.body["expires_at"], own.body["expires_at"], "{made:?}, {own:?}");
    service.add_secret(&text(&made.body, "key"));
    for end in [Value::Null, json!("2100-01-31T12:00:00Z")] {
        let longer = patch(&brief, &format!("{KEYS}/{id}"), &json!({ "expires_at": end })).await;
        assert_eq!(longer.status, 403, "{longer:?}");
    }
    let longer = brief.post(KEYS, &json!({ "name": "long", "expires_at": "2100-01-31T12:00:00Z" })).await;
    assert_eq!(longer.status, 403, "{longer:?}");
    let made = tied.post(KEYS, &json!({ "name": "like it" })).await;
    assert_eq!(made.body["ip_allowlist"], json!(["127.0.0.0/8"]), "{made:?}");
    service.add_secret(&text(&made.body, "key"));
    service.stranger(&text(&made.body, "key")).scans("").await.refused(403, "INSUFFICIENT_PERMISSIONS");
}

#[tokio::test]
async fn a_key_may_stand_in_a_header_and_for_what_is_external_in_the_query() {
    let service =
        Deployment::of(Pair::SqliteEmbedded).with("VEDETTE_CHAD_HIGH_REQUESTS", "777777").start().await;
    let (_, fast) = service.issue("owner@example.net", &["--rate-tier", "high"]).await;
    let (nobody, key) = (fast.without_key(), fast.key());
    let request = |path: &str| nobody.request(Method::GET, path);
    let queried = |path: &str| request(&format!("{path}?api_key={key}"));
    for (status, limit, request) in [
        (200, "777777", request(KEYS).bearer_auth(key)),
        (200, "777777", request(KEYS).header("x-api-key", key)),
        (401, "1000000", queried(KEYS)),
        (401, "1000000", request(KEYS).basic_auth("whoever", Some(key))),
        (404, "777777", queried("/api/external/alerts")),
        (404, "777777", queried("/api/alerts")),
        (404, "1000000", queried("/api/rules")),
    ] {
        let answer = nobody.send(request).await;
        assert_eq!((answer.status, answer.header("x-ratelimit-limit")), (status, limit), "{answer:?}");
    }
    let refused = nobody.get(KEYS).await;
    assert_eq!((refused.header("www-authenticate"), &refused.body["status_code"]), ("Bearer", &json!(401)));
}

#[tokio::test]
async fn a_session_looks_after_keys_with_its_token_only() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let user = service.register("ada@example.net").await;
    let session = user.log_in("ada@example.net", USER_PASSWORD).await;
    service.add_secret(session.cookie.split_once('=').unwrap().1);
    let elsewhere = user.with_session(Session { csrf_token: "guessed".to_owned(), ..session.clone() });
    let browser = user.with_session(session);
    let listed = browser.get(KEYS).await;
    assert_eq!(listed.body.as_array().map(Vec::len), Some(1), "the session is no key: {listed:?}");
    let order = json!({ "name": "mine" });
    assert_eq!(elsewhere.post(KEYS, &order).await.status, 403);
    let made = browser.post(KEYS, &order).await;
    assert_eq!((made.status, &made.body["expires_at"]), (201, &Value::Null), "{made:?}");
    service.add_secret(&text(&made.body, "key"));
}

async fn patch(client: &Client, path: &str, body: &Value) -> Answer {
    client.send(client.request(Method::PATCH, path).json(body)).await
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value}")).to_owned()
}
