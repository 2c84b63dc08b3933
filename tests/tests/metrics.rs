//! The numbers that operators read.
#![cfg(test)]

use reqwest::Method;
use vedette_tests::deployment::Deployment;
use vedette_tests::hawk::SELF_TEST;
use vedette_tests::listeners::{own_address, ports};
use vedette_tests::wait::{SOON, until};
use vedette_tests::{Client, Pair, TestService, on_every_pair};

on_every_pair! {
    requests_jobs_and_streams_are_counted,
}

/// A number by its name with its labels, as it is told now; 0 while nothing was counted.
async fn number(owner: &Client, name: &str) -> i64 {
    let response = owner.request(Method::GET, "/metrics").send().await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    let text = response.text().await.unwrap();
    assert!(text.ends_with("# EOF\n"), "{text}");
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(0, |number| number.trim_end_matches(".0").parse().unwrap())
}

async fn becomes(owner: &Client, name: &str, expected: i64) {
    until(name, SOON, async || (number(owner, name).await == expected).then_some(())).await;
}

async fn requests_jobs_and_streams_are_counted(pair: Pair) {
    let service = Deployment::of(pair).slowed_to(500).start().await;
    let owner = service.owner();
    let nobody = owner.without_key();
    for _ in 0..3 {
        nobody.get(SELF_TEST).await;
    }
    assert_eq!(number(&owner, "vedette_requests_total{dialect=\"aip\",status=\"4xx\"}").await, 3);
    let good = "vedette_requests_total{dialect=\"cybersec\",status=\"2xx\"}";
    let before = number(&owner, good).await;
    owner.scans("").await.granted();
    assert_eq!(number(&owner, good).await, before + 2, "with the request for the numbers themselves");
    let scan = owner.scan(&own_address().to_string()).ports(&ports(1, 20_000)).await;
    let (mut stream, mut socket) = (scan.follow().await, scan.websocket().await);
    stream.next_named("progress").await;
    socket.hear_type("progress").await;
    assert_eq!(number(&owner, "vedette_streams_open{carrier=\"sse\"}").await, 1);
    assert_eq!(number(&owner, "vedette_streams_open{carrier=\"websocket\"}").await, 1);
    scan.stop().await;
    becomes(&owner, "vedette_jobs_ended_total{outcome=\"cancelled\"}", 1).await;
    becomes(&owner, "vedette_streams_open{carrier=\"sse\"}", 0).await;
    socket.rest().await;
    becomes(&owner, "vedette_streams_open{carrier=\"websocket\"}", 0).await;
    becomes(&owner, "vedette_queue_waiting", 0).await;
}

#[tokio::test]
async fn quotas_that_nobody_could_count_are_told() {
    let mut service = TestService::start(Pair::PostgresRedisMany).await;
    let owner = service.owner();
    let told = "vedette_quota_failed_open_total";
    assert_eq!(number(&owner, told).await, 0);
    service.redis().kill();
    owner.scans("").await.granted();
    assert!(number(&owner, told).await >= 1);
}
