//! The chen.ist dialect: who calls, how often, and what is not there.
#![cfg(test)]

use futures::future::join_all;
use serde_json::json;
use vedette_tests::Pair;
use vedette_tests::answer::Answer;
use vedette_tests::deployment::Deployment;
use vedette_tests::wait::{SOON, until};

const PATH: &str = "/v1/nothing";

#[tokio::test]
async fn every_answer_tells_where_its_caller_stands() {
    let service = Deployment::of(Pair::SqliteEmbedded).limited().start().await;
    let owner = service.owner();
    for (answer, status, code, limit) in [
        (owner.without_key().get(PATH).await, 401, "authentication_error", 100),
        (owner.get(PATH).await, 404, "resource_not_found", 1000),
    ] {
        let error = &answer.body["error"];
        assert_eq!((answer.status, &error["code"]), (status, &json!(code)), "{answer:?}");
        assert_eq!(answer.body["status"], "error", "{answer:?}");
        assert!(error["message"].is_string() && error["details"].is_string(), "{answer:?}");
        assert_eq!(number(&answer, "x-rate-limit-limit"), limit, "{answer:?}");
        assert_eq!(number(&answer, "x-rate-limit-reset") % 3600, 0, "{answer:?}");
        assert_eq!(answer.header("x-ratelimit-limit"), "", "that is another dialect's: {answer:?}");
    }
}

#[tokio::test]
async fn of_many_requests_at_once_exactly_the_limit_passes() {
    let deployment = Deployment::of(Pair::PostgresRedisMany).limited();
    let service = deployment.with("VEDETTE_CHENIST_REQUESTS", "50").start().await;
    // Where an hour ends in between, the story is told again.
    let answers = until("an hour that is long enough", SOON, async || {
        let key = service.issue("owner@example.net", &[]).await.1;
        let apis: Vec<_> = (0..service.api_count()).map(|api| service.client_at(api, key.key())).collect();
        let answers = join_all(apis.iter().cycle().take(100).map(|api| api.get(PATH))).await;
        let resets = answers.iter().map(|answer| number(answer, "x-rate-limit-reset"));
        let first = number(&answers[0], "x-rate-limit-reset");
        resets.into_iter().all(|reset| reset == first).then_some(answers)
    });
    let (passed, refused): (Vec<_>, Vec<_>) =
        answers.await.into_iter().partition(|answer| answer.status == 404);
    assert_eq!(passed.len(), 50);
    for answer in refused {
        assert_eq!((answer.status, &answer.body["error"]["code"]), (429, &json!("rate_limit_exceeded")));
        assert_eq!(number(&answer, "x-rate-limit-remaining"), 0, "{answer:?}");
        assert!((1..=3600).contains(&number(&answer, "retry-after")), "{answer:?}");
    }
}

fn number(answer: &Answer, header: &str) -> i64 {
    answer.header(header).parse().unwrap_or_else(|_| panic!("no {header}: {answer:?}"))
}
