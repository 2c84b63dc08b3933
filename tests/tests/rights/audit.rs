//! What the audit log tells an owner, and what it never holds.

use serde_json::{Value, json};
use vedette_tests::listeners::own_address;
use vedette_tests::service::USER_PASSWORD;
use vedette_tests::{Client, Pair, TestService, on_every_pair};

on_every_pair! {
    the_log_tells_who_did_what_from_where_with_which_key,
}

async fn the_log_tells_who_did_what_from_where_with_which_key(pair: Pair) {
    let service = TestService::start(pair).await;
    let ada = service.register("ada@example.net").await;
    let elsewhere = own_address();
    let scan = ada.dialling_from(elsewhere).scan(&own_address().to_string()).ports("1").await;
    scan.finished().await;
    scan.delete_results().await.granted();
    let (id, second) = service.issue("ada@example.net", &["--name", "second"]).await;
    second.scans("").await.granted();
    ada.delete(&format!("/api/v1/auth/keys/{id}")).await.granted();
    second.get(&format!("/api/v1/scans?api_key={}", second.key())).await.refused(401, "INVALID_API_KEY");
    service.stranger("sk_live_0123456789abcdef").scans("").await.refused(401, "INVALID_API_KEY");
    let wrong = json!({ "email": "ada@example.net", "password": "not-the-password" });
    ada.without_key().post("/api/v1/auth/login", &wrong).await.refused(401, "INVALID_API_KEY");
    let lines = log(&ada).await;
    let told: Vec<&str> = lines.iter().map(|line| line["action"].as_str().unwrap()).collect();
    let expected = [
        "authentication.refused",
        "authentication.refused",
        "key.revoke",
        "key.create",
        "results.delete",
        "scan.create",
        "account.register",
    ];
    assert_eq!(told, expected, "the newest first");
    let (login, refused, revoked, made, ordered) = (&lines[0], &lines[1], &lines[2], &lines[3], &lines[5]);
    assert_eq!((&login["subject"], &login["key_id"]), (&json!("login"), &Value::Null));
    assert_eq!((&refused["subject"], &refused["key_id"]), (&json!("revoked key"), &json!(id)));
    assert_eq!((&revoked["subject"], &revoked["address"]), (&json!(id), &json!("127.0.0.1")));
    assert_eq!((&made["user_id"], &made["address"]), (&Value::Null, &Value::Null), "the operator");
    assert_eq!((&ordered["subject"], &ordered["address"]), (&json!(scan.id), &json!(elsewhere.to_string())));
    assert_eq!(ordered["key_id"], revoked["key_id"]);
    assert_eq!((&ordered["actor"], &made["actor"]), (&json!("user"), &json!("operator")));
    let all = Value::from(lines).to_string();
    for secret in [ada.key(), second.key(), USER_PASSWORD, "not-the-password", "ada@example.net"] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
    let owners = log(&service.owner()).await;
    let strangers: Vec<_> = owners.iter().filter(|line| line["actor"] == "stranger").collect();
    assert_eq!(strangers.len(), 1, "who is nobody's is told those who look after the server: {owners:?}");
    assert_eq!(
        (&strangers[0]["subject"], &strangers[0]["address"]),
        (&json!("unknown key"), &json!("127.0.0.1"))
    );
    assert!(
        owners.iter().all(|line| line["subject"] != json!(scan.id)),
        "others' logs are not seen: {owners:?}"
    );
}

async fn log(user: &Client) -> Vec<Value> {
    let page = user.get("/api/v1/audit?per_page=100").await;
    let page = page.ok();
    let entries = page["entries"].as_array().unwrap().clone();
    assert_eq!(page["pagination"]["total"], entries.len());
    entries
}
