//! Signed requests: real clients, over plain HTTP and over TLS, and what is refused.
#![cfg(test)]

use serde_json::{Value, json};
use vedette_tests::answer::Answer;
use vedette_tests::authority::{Authority, NAME};
use vedette_tests::deployment::Deployment;
use vedette_tests::hawk::{Credentials, SELF_TEST};
use vedette_tests::listeners::own_address;
use vedette_tests::sample::{node_is_ready, python_is_ready};
use vedette_tests::skip::skipped;
use vedette_tests::wait::{SOON, until};
use vedette_tests::{Client, Pair, TestService};

const CLIENTS: [&str; 4] = ["hawk", "@hapi/hawk", "mohawk", "requests-hawk"];

/// Whether the clients are installed; says so where they are not.
async fn ready(test: &str) -> bool {
    match node_is_ready().await.and(python_is_ready().await) {
        Ok(()) => true,
        Err(why) => {
            skipped(test, &why);
            false
        }
    }
}

/// Insists that each client is believed, believes the answer, and is refused with another key.
async fn assert_believed(credentials: &Credentials, base: &str) {
    let url = format!("{base}{SELF_TEST}");
    for client in CLIENTS {
        for query in ["", "?token=a%3D%3D&until=2026-01-01T00:00:00", "?token=YQ==&b=1&a=%2F"] {
            let told = credentials.ask(client, &format!("{url}{query}"), &[]).await;
            assert_eq!(told.output.trim(), "200 {\"authenticated\":true}", "{client} {query}: {told:?}");
        }
        let told = credentials.ask(client, &url, &["POST", "{\"name\":\"b\u{e4}r\"}"]).await;
        let expected = "405 {\"errors\":[\"this method is not allowed here\"]}";
        assert_eq!(told.output.trim(), expected, "{client}: {told:?}");
        let wrong = Credentials { key: "another key".to_owned(), ..credentials.clone() };
        let told = wrong.ask(client, &url, &[]).await;
        assert!(!told.output.contains("200"), "{client}: {told:?}");
    }
}

#[tokio::test]
async fn real_clients_sign_and_are_answered_with_a_signature() {
    if !ready("real_clients_sign_and_are_answered_with_a_signature").await {
        return;
    }
    for pair in [Pair::PostgresEmbedded, Pair::PostgresRedisMany] {
        let service = TestService::start(pair).await;
        let credentials = service.hawk_key().await;
        assert_believed(&credentials, &service.owner().base()).await;
    }
}

#[tokio::test]
async fn real_clients_sign_over_tls() {
    if !ready("real_clients_sign_over_tls").await {
        return;
    }
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let files = authority.issue(NAME, folder.path());
    let mut service = Deployment::of(Pair::PostgresEmbedded).with_tls(&files).start().await;
    service.may_leave_jobs();
    let credentials = service.hawk_key().await;
    // These clients dial the address itself, which is known only now.
    let address = service.address().to_owned();
    let _files = authority.issue(address.rsplit_once(':').unwrap().0, folder.path());
    service.api().logged("are shown the new certificate").await;
    let root = folder.path().join("root.pem");
    std::fs::write(&root, authority.certificate()).unwrap();
    let credentials = credentials.trusting(&root);
    assert_believed(&credentials, &format!("https://{address}")).await;
}

#[tokio::test]
async fn a_client_with_a_wrong_clock_is_told_the_time() {
    if !ready("a_client_with_a_wrong_clock_is_told_the_time").await {
        return;
    }
    let service = TestService::start(Pair::PostgresEmbedded).await;
    let credentials = service.hawk_key().await;
    let url = format!("{}{SELF_TEST}", service.owner().base());
    for client in ["hawk", "@hapi/hawk"] {
        for seconds in ["-3600", "3600"] {
            let told = credentials.ask(client, &url, &["GET", "", seconds]).await;
            let expected = "clock set by the server after 401\n200 {\"authenticated\":true}";
            assert_eq!(told.output.trim(), expected, "{client} {seconds}: {told:?}");
        }
        let told = credentials.ask(client, &url, &["GET", "", "50"]).await;
        assert_eq!(told.output.trim(), "200 {\"authenticated\":true}", "within a minute: {told:?}");
    }
}

async fn show(client: &Client, authorization: &str) -> Answer {
    vedette_tests::hawk::show(client, SELF_TEST, authorization).await
}

fn assert_refused(answer: &Answer, status: u16, why: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    let challenge = if status == 401 { format!("Hawk error=\"{why}\"") } else { String::new() };
    assert_eq!(answer.header("www-authenticate"), challenge);
    assert_eq!(answer.body, serde_json::json!({ "errors": [why] }));
    // Where the signature holds all the same, the answer has one, too.
    let holds = ["Invalid nonce", "this key may not be used from this address"].contains(&why);
    assert_eq!(answer.header("server-authorization").starts_with("Hawk mac="), holds, "{answer:?}");
}

#[tokio::test]
async fn a_request_counts_once_at_all_processes_together() {
    // One name for all, as behind a balancer.
    let deployment =
        Deployment::of(Pair::PostgresRedisMany).with("VEDETTE_PUBLIC_URL", "https://aip.example.net");
    let mut service = deployment.start().await;
    let credentials = service.hawk_key().await;
    let url = format!("https://aip.example.net{SELF_TEST}");
    let (one, two) = (service.owner_at(0), service.owner_at(1));
    let signed = credentials.sign(&url);
    let answers =
        futures::future::join_all((0..20).map(|n| show(if n % 2 == 0 { &one } else { &two }, &signed)));
    let believed = answers.await.into_iter().filter(|answer| answer.status == 200).count();
    assert_eq!(believed, 1, "of twenty at once");
    assert_refused(&show(&two, &signed).await, 401, "Invalid nonce");
    service.redis().flush_all().await;
    let signed = credentials.sign(&url);
    assert_eq!(show(&one, &signed).await.status, 200);
    service.redis().kill();
    assert_refused(&show(&one, &signed).await, 401, "Invalid nonce");
    let signed = credentials.sign(&url);
    assert_eq!(show(&one, &signed).await.status, 200, "without Redis each process knows what it heard");
    assert_refused(&show(&one, &signed).await, 401, "Invalid nonce");
}

#[tokio::test]
async fn what_is_not_signed_well_is_refused_with_the_reason() {
    let service = TestService::start(Pair::PostgresEmbedded).await;
    let credentials = service.hawk_key().await;
    let owner = service.owner();
    let url = format!("{}{SELF_TEST}", owner.base());
    let unsigned = owner.without_key().get(SELF_TEST).await;
    assert_eq!((unsigned.status, unsigned.header("www-authenticate")), (401, "Hawk"), "{unsigned:?}");
    assert_eq!(owner.get(SELF_TEST).await.status, 401, "a Bearer key is none of this API's");
    for (id, organization, why) in [
        ("000000000000000000000000", credentials.organization.as_str(), "Unknown credentials"),
        (&credentials.id, "000000000000000000000000", "Unknown credentials"),
        (&credentials.id, "", "Unknown credentials"),
    ] {
        let other =
            Credentials { id: id.to_owned(), organization: organization.to_owned(), ..credentials.clone() };
        assert_refused(&show(&owner, &other.sign(&url)).await, 401, why);
    }
    let elsewhere = credentials.sign(&format!("{url}?other"));
    assert_refused(&show(&owner, &elsewhere).await, 401, "Bad mac");
    assert_refused(&show(&owner, "Hawk id=\"x\"").await, 400, "missing attributes");
    assert_refused(&show(&owner, "Hawk x").await, 400, "bad header format");
    let first = credentials.sign(&url);
    let renewed = service.hawk_key().await;
    assert_refused(&show(&owner, &first).await, 401, "Bad mac");
    assert_eq!(show(&owner, &renewed.sign(&url)).await.status, 200);
    service.operate_json(&["key", "revoke", &renewed.key_id]).await;
    assert_shut_out(&owner, &renewed).await;
}

/// Waits until a key is refused like one that nobody has.
async fn assert_shut_out(client: &Client, credentials: &Credentials) {
    let refused = until("a refusal", SOON, async || {
        let answer = credentials.get(client, SELF_TEST).await;
        (answer.status != 200).then_some(answer)
    });
    assert_refused(&refused.await, 401, "Unknown credentials");
}

#[tokio::test]
async fn a_key_that_signs_is_listed_restricted_and_revoked_like_any_other() {
    let service = TestService::start(Pair::PostgresRedisMany).await;
    let (here, there) = (service.owner_at(0), service.owner_at(1));
    service.operate_json(&["user", "add", "ada@example.com"]).await;
    let narrow = ["--name", "agents", "--read-only", "--days", "7", "--from", "127.0.0.1"];
    let credentials = service.hawk_key_of("ada@example.com", &narrow).await;
    for client in [&here, &there] {
        assert_eq!(credentials.get(client, SELF_TEST).await.status, 200);
        let elsewhere = credentials.get(&client.dialling_from(own_address()), SELF_TEST).await;
        assert_refused(&elsewhere, 403, "this key may not be used from this address");
    }
    let listed = service.operate_json(&["key", "list", "--user", "ada@example.com"]).await;
    let key = &listed[0];
    assert_eq!((&key["key_id"], &key["name"]), (&json!(credentials.key_id), &json!("agents")));
    assert_eq!((&key["read_only"], &key["allowed_addresses"]), (&json!(true), &json!(["127.0.0.1/32"])));
    assert!(!listed.to_string().contains(&credentials.key));
    here.delete(&format!("/api/v1/auth/keys/{}", credentials.key_id)).await.granted();
    assert_refused(&credentials.get(&there, SELF_TEST).await, 401, "Unknown credentials");
    let credentials = service.hawk_key_of("ada@example.com", &[]).await;
    assert_eq!(credentials.get(&there, SELF_TEST).await.status, 200);
    service.operate_json(&["user", "disable", "ada@example.com"]).await;
    assert_shut_out(&there, &credentials).await;
    let log = here.get("/api/v1/audit?per_page=100").await;
    let lines = log.ok()["entries"].as_array().unwrap();
    let subjects: Vec<&Value> = lines
        .iter()
        .filter(|line| line["action"] == "authentication.refused")
        .map(|line| &line["subject"])
        .collect();
    let expected = ["disabled user", "revoked key", "address not allowed", "address not allowed"];
    assert_eq!(subjects, expected, "{lines:?}");
}
