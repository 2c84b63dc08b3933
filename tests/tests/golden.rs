//! Every JSON example of the reference documents, replayed: the answer has all that the document shows.
#![cfg(test)]

use vedette_tests::deployment::Deployment;
use vedette_tests::golden::Golden;
use vedette_tests::listeners::{own_address, ports};
use vedette_tests::service::USER_PASSWORD;
use vedette_tests::wait::{SOON, until};
use vedette_tests::{Client, Pair, Scan, TestService};

#[tokio::test]
async fn every_example_of_the_cybersec_document_is_answered_as_the_document_says() {
    let service = Deployment::of(Pair::SqliteEmbedded).slowed_to(2000).start().await;
    replay_all(&service, "cybersec", 25).await;
}

#[tokio::test]
async fn every_example_of_the_keychest_document_is_answered_as_the_document_says() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    replay_all(&service, "keychest", 10).await;
}

#[tokio::test]
async fn every_example_of_the_chad_document_is_answered_as_the_document_says() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    replay_all(&service, "chad", 10).await;
}

async fn replay_all(service: &TestService, dialect: &str, least: usize) {
    let mut wrong = Vec::new();
    let examples = Golden::all(dialect);
    assert!(examples.len() >= least, "{} examples", examples.len());
    for example in examples {
        wrong.extend(match example.given() {
            "no requests left" => replay_exhausted(&example).await,
            _ => replay(service, &example).await,
        });
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each example has a user of its own, so that none sees the scans of another.
async fn replay(service: &TestService, example: &Golden) -> Vec<String> {
    let email = format!("{}@example.net", example.name);
    let user = service.register(&email).await;
    let target = own_address().to_string();
    let client = match example.given() {
        "a session" => user.with_session(user.log_in(&email, USER_PASSWORD).await),
        "a read-only key" => service.issue(&email, &["--read-only"]).await.1,
        // The key of whoever registered ends, and makes none that lasts longer.
        "a key without an end" => service.issue(&email, &[]).await.1,
        "a key to lose" => service.issue(&email, &["--days", "365"]).await.1,
        _ => user.clone(),
    };
    let id = prepare(service, &user, example, &target).await;
    let wrong = example.replay(&client, &id, &target).await;
    put_away(service, &user).await;
    wrong
}

/// Uses up the hundred requests an hour that a free user has, on a service with the document's own limits.
async fn replay_exhausted(example: &Golden) -> Vec<String> {
    let service = Deployment::of(Pair::SqliteEmbedded).limited().start().await;
    let user = service.register("ada@example.net").await;
    loop {
        let reset = until("the end of the hour's requests", SOON, async || exhausted(&user).await).await;
        let wrong = example.replay(&user, "", "").await;
        // Where an hour began in between, the example was not the one that is refused.
        if exhausted(&user).await == Some(reset) {
            return wrong;
        }
    }
}

/// When a user who has no requests left has some again.
async fn exhausted(user: &Client) -> Option<String> {
    let answer = user.scans("").await;
    let header = |name| answer.header(name).to_owned();
    assert_eq!(header("x-ratelimit-limit"), "100");
    (answer.status == 429).then(|| header("x-ratelimit-reset"))
}

/// Makes what an example takes for granted; the id of the scan or the key that it is about.
async fn prepare(service: &TestService, user: &Client, example: &Golden, target: &str) -> String {
    match example.given() {
        "nothing" | "a session" | "a read-only key" | "a key without an end" | "a key to lose" => {
            String::new()
        }
        "a key" => {
            let email = format!("{}@example.net", example.name);
            service.issue(&email, &["--name", "SIEM Integration", "--form", "chad_ak_"]).await.0
        }
        "that claim made before" => {
            let made = example.replay(user, "", "").await;
            assert!(made.iter().any(|wrong| wrong.contains("created")), "it was new: {made:?}");
            String::new()
        }
        "a worker" => {
            until("health", SOON, async || {
                let health = user.get("/api/v1/health").await;
                (health.ok()["status"] == "healthy").then_some(())
            })
            .await;
            String::new()
        }
        "a finished scan" => {
            let scan = user.scan(target).ports("1-1000").await;
            scan.finished().await;
            scan.id
        }
        "two running scans" => {
            user.scan(target).ports(&ports(1, 60_000)).await;
            user.scan(target).ports(&ports(1, 60_000)).await.id
        }
        "a running scan" => running(user, target).await.id,
        other => panic!("{} asks for {other:?}", example.name),
    }
}

async fn running(user: &Client, target: &str) -> Scan {
    let scan = user.scan(target).ports(&ports(1, 60_000)).await;
    scan.reached(1).await;
    scan
}

/// Cancels whatever an example left running.
async fn put_away(service: &TestService, user: &Client) {
    let answer = user.scans("per_page=100").await;
    for row in answer.ok()["scans"].as_array().unwrap() {
        let scan = user.scan_with_id(row["scan_id"].as_str().unwrap());
        let cancelled = scan.cancel().await.status;
        assert!([200, 409].contains(&cancelled), "{row} at {}", service.address());
    }
}
