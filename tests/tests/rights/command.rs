//! `vedette key` and `vedette user`, beside a running server and without one.

use serde_json::{Value, json};
use vedette_tests::deployment::{OWNER_EMAIL, bare};
use vedette_tests::{Pair, TestService, on_every_pair};

on_every_pair! {
    keys_and_users_are_made_listed_and_taken_away,
}

async fn keys_and_users_are_made_listed_and_taken_away(pair: Pair) {
    let service = TestService::start(pair).await;
    let added = service.operate_json(&["user", "add", "Ada@Example.net", "--role", "viewer"]).await;
    assert_eq!((&added["email"], &added["role"]), (&json!("ada@example.net"), &json!("viewer")));
    let own = ["user", "add", "eve@example.org", "--own-organization", "--tier", "pro"];
    let own = service.operate_json(&own).await;
    assert_eq!(
        (&own["role"], &own["tier"], &own["organization"]),
        (&json!("owner"), &json!("pro"), &json!("eve@example.org"))
    );
    let narrow = ["--name", "laptop", "--permissions", "scans:read", "--from", "127.0.0.0/8", "--days", "7"];
    let (id, laptop) =
        service.issue("ada@example.net", &[narrow.as_slice(), &["--form", "chad_ak_"]].concat()).await;
    assert!(laptop.key().starts_with("chad_ak_"));
    laptop.scans("").await.granted();
    laptop.get("/api/v1/user/profile").await.refused(403, "INSUFFICIENT_PERMISSIONS");
    let listed = service.operate_json(&["key", "list", "--user", "ada@example.net"]).await;
    let key = &listed[0];
    assert_eq!((&key["key_id"], &key["name"]), (&json!(id), &json!("laptop")));
    assert_eq!(
        (&key["permissions"], &key["allowed_addresses"]),
        (&json!("scans:read"), &json!(["127.0.0.0/8"]))
    );
    assert!(!listed.to_string().contains(laptop.key()));
    let role = service.operate_json(&["user", "set-role", "ada@example.net", "analyst"]).await;
    assert_eq!(role["role"], "analyst");
    service.operate_json(&["key", "revoke", &id]).await;
    vedette_tests::wait::until("the end of the key", vedette_tests::wait::SOON, async || {
        (laptop.scans("").await.status == 401).then_some(())
    })
    .await;
    let users = service.operate_json(&["user", "list"]).await;
    let emails: Vec<&Value> = users.as_array().unwrap().iter().map(|user| &user["email"]).collect();
    assert_eq!(emails, [OWNER_EMAIL, "ada@example.net", "eve@example.org"]);
    let table = service.operate(&["user", "list"]).await;
    assert!(String::from_utf8_lossy(&table.stdout).starts_with("USER"), "{table:?}");
}

#[tokio::test]
async fn what_cannot_be_done_is_explained() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    for (arguments, code, words) in [
        (vec!["user", "disable", "nobody@example.net"], 1, "user not found"),
        (vec!["user", "add", OWNER_EMAIL], 1, "exists"),
        (vec!["user", "add", "no address"], 2, "not an e-mail address"),
        (vec!["user", "add", "ada@claimed.invalid"], 2, "claimed"),
        (vec!["key", "revoke", "key_1"], 2, "vedette key list"),
        (vec!["key", "revoke", "key_0000000000000000000000"], 1, "key not found"),
        (vec!["key", "create", OWNER_EMAIL, "--permissions", "scans:fly"], 2, "scans:read"),
        (vec!["key", "create", OWNER_EMAIL, "--from", "example.com"], 2, "example.com"),
        (vec!["key", "create", OWNER_EMAIL, "--days", "0"], 2, "--days"),
        (vec!["user", "set-role", OWNER_EMAIL, "king"], 2, "viewer"),
    ] {
        let output = service.operate(&arguments).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(words) && !said.contains("panicked"), "{arguments:?}: {said}");
    }
}

#[test]
fn without_a_database_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let output =
        bare("vedette").args(["key", "list", "--data"]).arg(folder.path().join("data")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("--data") && said.contains("DATABASE_URL"), "{said}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
