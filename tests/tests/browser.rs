//! Streams in a real browser, whose server is restarted under it.
#![cfg(test)]

use serde_json::{Value, json};
use vedette_tests::authority::{Authority, NAME};
use vedette_tests::browser::Browser;
use vedette_tests::deployment::Deployment;
use vedette_tests::listeners::{Listeners, ports};
use vedette_tests::skip::skipped;
use vedette_tests::wait::{LONG, SOON, until};
use vedette_tests::{Client, Pair, Scan, TestService};

/// Follows a job by EventSource, which comes back by itself, and by WebSocket, which the page opens again with the number
/// of the last fact; notes the numbers that came.
const PAGE: &str = r"
    const names = ['status', 'port_found', 'service_found', 'warning', 'complete'];
    const [job, key] = ['JOB', 'KEY'];
    window.told = { sse: [], socket: [], opened: 0, sockets: 0, is_over: false };
    const events = new EventSource(`/api/v1/jobs/${job}/stream?api_key=${key}`);
    events.onopen = () => told.opened++;
    for (const name of names) events.addEventListener(name, event => {
        told.sse.push(Number(event.lastEventId));
        if (name === 'complete') events.close();
    });
    let last = null;
    function listen() {
        const base = location.origin.replace('http', 'ws');
        const behind = last ? `&last_event_id=${last}` : '';
        const socket = new WebSocket(`${base}/ws/jobs/${job}?api_key=${key}${behind}`);
        socket.onopen = () => told.sockets++;
        socket.onmessage = message => {
            const data = JSON.parse(message.data);
            if (!names.includes(data.type)) return;
            told.socket.push(last = data.seq);
            told.is_over = data.type === 'complete';
        };
        socket.onclose = () => told.is_over || setTimeout(listen, 100);
    }
    listen();
";

#[tokio::test]
async fn a_page_misses_nothing_while_its_server_is_restarted() {
    let test = "a_page_misses_nothing_while_its_server_is_restarted";
    let deployment = Deployment::of(Pair::PostgresRedisMany).apis(1).workers(1).slowed_to(500);
    let mut service = deployment.start().await;
    let owner = service.owner();
    match Browser::start(NAME, service.address()).await {
        Ok(browser) => follow_through_restarts(&mut service, &owner, &browser).await,
        Err(why) => skipped(test, why),
    }
}

/// Over TLS a browser speaks HTTP/2, also where a page opens a WebSocket.
#[tokio::test]
async fn a_page_misses_nothing_over_tls_either() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let files = authority.issue(NAME, folder.path());
    let deployment = Deployment::of(Pair::PostgresRedisMany).apis(1).workers(1).slowed_to(500);
    let mut service = deployment.with_tls(&files).start().await;
    service.may_leave_jobs();
    let owner = service.owner().over_tls(&authority);
    match Browser::start(NAME, service.address()).await {
        Ok(browser) => follow_through_restarts(&mut service, &owner, &browser).await,
        Err(why) => return skipped("a_page_misses_nothing_over_tls_either", why),
    }
    let opened = |log: &str| log.contains("method=CONNECT path=\"/ws/jobs/");
    assert!(service.logs().iter().any(|(_, log)| opened(log)), "the WebSocket was opened over HTTP/2");
}

async fn follow_through_restarts(service: &mut TestService, owner: &Client, browser: &Browser) {
    let open: Vec<u16> = (0..60).map(|number| 2000 + number * 200).collect();
    let listeners = Listeners::at(&open);
    // A browser takes its time to start: the scan begins when it is there.
    browser.open(&format!("{}/api/v1/health", owner.base())).await;
    let scan = owner.scan(&listeners.target()).ports(&ports(1_500, 14_500)).await;
    browser.run(&PAGE.replace("JOB", &scan.id).replace("KEY", owner.key())).await;
    told(browser, |told| {
        told["sse"].as_array().unwrap().len() > 3 && told["socket"].as_array().unwrap().len() > 3
    })
    .await;
    // As a deploy does it, then as a crash.
    let api = service.api();
    api.terminate();
    assert!(api.ended(SOON).await.success(), "{}", api.log());
    service.start_api_again().await;
    told(browser, |told| told["opened"].as_u64() >= Some(2) && told["sockets"].as_u64() >= Some(2)).await;
    service.api().kill();
    service.start_api_again().await;
    let all = told(browser, |told| told["is_over"] == true && has_all(told)).await;
    assert_eq!(all["sse"], json!(facts(&scan).await), "by EventSource");
    assert_eq!(all["socket"], all["sse"], "by WebSocket");
    assert!(all["opened"].as_u64() >= Some(2), "it was sent away and came back: {all}");
}

/// Whether both carriers came to the same end.
fn has_all(told: &Value) -> bool {
    let last = |carrier: &str| told[carrier].as_array().and_then(|numbers| numbers.last().cloned());
    last("sse") == last("socket")
}

async fn told(browser: &Browser, is_enough: impl Fn(&Value) -> bool) -> Value {
    until("enough for the page", LONG, async || {
        let told = browser.run("return window.told").await;
        is_enough(&told).then_some(told)
    })
    .await
}

/// The numbers of the facts that are stored.
async fn facts(scan: &Scan) -> Vec<u64> {
    vedette_tests::follow::ids(&scan.told_to_the_end().await)
}
