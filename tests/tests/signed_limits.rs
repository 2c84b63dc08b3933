//! Limits of the AIP API: who is counted, what is told on every answer, what is refused.
#![cfg(test)]

use futures::future::join_all;
use reqwest::Method;
use vedette_tests::answer::Answer;
use vedette_tests::deployment::Deployment;
use vedette_tests::hawk::{Credentials, SELF_TEST};
use vedette_tests::listeners::own_address;
use vedette_tests::wait::{SOON, until};
use vedette_tests::{Pair, TestService};

#[tokio::test]
async fn of_many_signed_requests_at_once_exactly_the_limit_passes() {
    let service = TestService::start(Pair::PostgresRedisMany).await;
    let clients = [service.owner_at(0), service.owner_at(1)];
    for attempt in 0.. {
        let email = format!("eve{attempt}@example.org");
        service.operate_json(&["user", "add", &email, "--own-organization"]).await;
        let credentials = service.hawk_key_of(&email, &[]).await;
        let minute = minute();
        let requests = (0..300).map(|number| credentials.get(&clients[number % 2], "/v2/nothing"));
        let answers = join_all(requests).await;
        if minute != self::minute() {
            continue;
        }
        let (passed, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 404);
        assert_eq!(passed.len(), 200, "{:?}", refused.first());
        for answer in refused {
            assert_limited(answer, "200", 60);
            assert!(answer.header("server-authorization").starts_with("Hawk mac="), "{answer:?}");
        }
        return;
    }
}

#[tokio::test]
async fn every_answer_tells_where_its_caller_stands() {
    let service = TestService::start(Pair::PostgresEmbedded).await;
    let credentials = service.hawk_key().await;
    let owner = service.owner();
    let sent = async |method, path: &str, header: &str| {
        let request = owner.without_key().request(method, path).header("authorization", header);
        owner.send(request).await
    };
    for (status, answer, limit) in [
        (200, credentials.get(&owner, SELF_TEST).await, "200"),
        (404, credentials.get(&owner, "/v2/nothing?token=a==").await, "200"),
        (404, credentials.get(&owner, "/v2/").await, "200"),
        (404, credentials.get(&owner, "/help/hawk/nothing").await, "200"),
        (401, owner.without_key().get("/v2/agents").await, "1000000"),
        (401, owner.without_key().get("/help/hawk/").await, "1000000"),
        (401, sent(Method::DELETE, "/v2/agents/1", "Bearer sk_live_0123456789abcdef").await, "1000000"),
        (400, sent(Method::POST, "/v2/agents", "Hawk id").await, "1000000"),
    ] {
        assert_eq!((answer.status, answer.header("x-rate-limit-limit")), (status, limit), "{answer:?}");
        assert!(number(&answer, "x-rate-limit-remaining") < number(&answer, "x-rate-limit-limit"));
        assert_eq!(answer.header("x-rate-limit-reset"), "0", "{answer:?}");
        assert_eq!(answer.header("server-authorization").is_empty(), limit != "200", "{answer:?}");
        assert_eq!(answer.body.get("errors").is_none(), status == 200, "{answer:?}");
    }
}

#[tokio::test]
async fn a_stranger_who_names_an_organization_uses_up_nothing_of_it() {
    let deployment = Deployment::of(Pair::PostgresEmbedded).with("VEDETTE_AIP_REQUESTS", "5");
    let service = deployment.start().await;
    let credentials = service.hawk_key().await;
    let owner = service.owner();
    let stranger = Credentials { key: "a guess".to_owned(), ..credentials.clone() };
    for _ in 0..20 {
        assert_eq!(stranger.get(&owner, SELF_TEST).await.status, 401);
    }
    let answer = credentials.get(&owner, SELF_TEST).await;
    assert_eq!((answer.status, answer.header("x-rate-limit-remaining")), (200, "4"), "{answer:?}");
    let refused = until("a refusal", SOON, async || {
        let answer = credentials.get(&owner, SELF_TEST).await;
        (answer.status != 200).then_some(answer)
    });
    assert_limited(&refused.await, "5", 60);
}

#[tokio::test]
async fn bad_signatures_are_slowed_by_address_and_noted_as_long_as_they_are_not() {
    let deployment = Deployment::of(Pair::PostgresEmbedded).with("VEDETTE_ANONYMOUS_REQUESTS", "4");
    loop {
        let service = deployment.clone().start().await;
        let credentials = service.hawk_key().await;
        let (owner, elsewhere) = (service.owner(), service.owner().dialling_from(own_address()));
        let stranger = Credentials { key: "a guess".to_owned(), ..credentials.clone() };
        let hour = minute() / 60;
        let mut refused = Vec::new();
        for _ in 0..8 {
            refused.push(stranger.get(&owner, SELF_TEST).await);
        }
        if hour != minute() / 60 {
            continue;
        }
        assert!(refused.iter().take(4).all(|answer| answer.status == 401), "{refused:?}");
        refused.iter().skip(4).for_each(|answer| assert_limited(answer, "4", 3600));
        assert_eq!(credentials.get(&owner, SELF_TEST).await.status, 200, "who signs well is not slowed");
        assert_eq!(stranger.get(&elsewhere, SELF_TEST).await.status, 401);
        service
            .run_sql("DO $$ BEGIN ASSERT (SELECT COUNT(*) FROM audit WHERE subject = 'Bad mac') = 5; END $$")
            .await;
        return;
    }
}

/// Insists on a refusal by a limit: in plain text, and with the time to wait in milliseconds.
fn assert_limited(answer: &Answer, limit: &str, most_seconds: u64) {
    assert_eq!((answer.status, answer.header("x-rate-limit-limit")), (429, limit), "{answer:?}");
    assert_eq!(answer.header("x-rate-limit-remaining"), "0", "{answer:?}");
    assert!(answer.header("content-type").starts_with("text/plain"), "{answer:?}");
    assert!(answer.body.is_null(), "{answer:?}");
    let (wait_ms, seconds) = (number(answer, "x-rate-limit-reset"), number(answer, "retry-after"));
    assert!((1..=most_seconds * 1000).contains(&wait_ms), "{answer:?}");
    assert!((1..=most_seconds).contains(&seconds), "{answer:?}");
}

fn number(answer: &Answer, header: &str) -> u64 {
    answer.header(header).parse().unwrap_or_else(|_| panic!("no number in {header}: {answer:?}"))
}

/// The minutes since 1970.
fn minute() -> u64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() / 60
}
