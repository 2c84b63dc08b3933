//! A service behind a real proxy.
#![cfg(test)]

use std::net::Ipv4Addr;
use std::process::Stdio;

use reqwest::Method;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{ChildStdout, Command};
use vedette_tests::authority::{Authority, NAME};
use vedette_tests::deployment::Deployment;
use vedette_tests::listeners::{Listeners, own_address, ports};
use vedette_tests::proxy::Proxy;
use vedette_tests::scan::open_ports;
use vedette_tests::skip::skipped;
use vedette_tests::wait::{SOON, within};
use vedette_tests::{Client, Pair, TestService};

const HEALTH: &str = "/api/v1/health";

async fn proxied(test: &str, deployment: Deployment, more: &str) -> Option<(TestService, Proxy)> {
    let service = deployment.start().await;
    match Proxy::start(service.address(), more).await {
        Ok(proxy) => Some((service, proxy)),
        Err(why) => {
            skipped(test, why);
            None
        }
    }
}

fn trusting() -> Deployment {
    Deployment::of(Pair::SqliteEmbedded).with("VEDETTE_TRUSTED_PROXIES", "127.0.0.0/8")
}

/// How many requests without a key an address has left, by one more of them.
async fn left(client: &Client, forwarded_for: &str) -> String {
    let request = client.request(Method::GET, "/api/v1/scans").header("x-forwarded-for", forwarded_for);
    client.send(request).await.header("x-ratelimit-remaining").to_owned()
}

#[tokio::test]
async fn a_trusted_proxy_tells_who_asks() {
    let test = "a_trusted_proxy_tells_who_asks";
    // The client's own address is no proxy's, the one that nginx dials from is.
    let deployment = Deployment::of(Pair::SqliteEmbedded).with("VEDETTE_TRUSTED_PROXIES", "127.0.0.1");
    let deployment = deployment.limited().with("VEDETTE_ANONYMOUS_REQUESTS", "50");
    let Some((service, proxy)) = proxied(test, deployment, "proxy_bind 127.0.0.1;").await else { return };
    let nobody = service.owner().without_key().at(&proxy.address());
    let (one, two) = (Ipv4Addr::new(127, 1, 2, 3), Ipv4Addr::new(127, 1, 2, 4));
    assert_eq!(left(&nobody.dialling_from(one), "192.0.2.1").await, "49");
    assert_eq!(
        left(&nobody.dialling_from(one), "192.0.2.2, 127.0.0.1").await,
        "48",
        "what it claims is nothing"
    );
    assert_eq!(left(&nobody.dialling_from(two), "garbage").await, "49", "another client, the same proxy");
    let direct = service.owner().without_key().dialling_from(two);
    assert_eq!(
        left(&direct, "192.0.2.9").await,
        "48",
        "past the proxy it is the same client, and has no say"
    );
}

#[tokio::test]
async fn without_trust_all_that_come_by_a_proxy_are_the_proxy() {
    let test = "without_trust_all_that_come_by_a_proxy_are_the_proxy";
    let deployment = Deployment::of(Pair::SqliteEmbedded).limited().with("VEDETTE_ANONYMOUS_REQUESTS", "50");
    let Some((service, proxy)) = proxied(test, deployment, "").await else { return };
    let nobody = service.owner().without_key().at(&proxy.address());
    let (one, two) = (Ipv4Addr::new(127, 1, 2, 3), Ipv4Addr::new(127, 1, 2, 4));
    assert_eq!(left(&nobody.dialling_from(one), "192.0.2.1").await, "49");
    assert_eq!(left(&nobody.dialling_from(two), "192.0.2.2").await, "48");
}

#[tokio::test]
async fn addresses_of_streams_are_those_that_the_client_sees() {
    let test = "addresses_of_streams_are_those_that_the_client_sees";
    for (deployment, public) in [
        (trusting(), None),
        (
            trusting().with("VEDETTE_PUBLIC_URL", "https://scan.example.net/v"),
            Some("https://scan.example.net/v"),
        ),
    ] {
        let Some((service, proxy)) = proxied(test, deployment, "").await else { return };
        let owner = service.owner().at(&proxy.address());
        let scan = owner.scan(&own_address().to_string()).ports("1").await;
        let base = public.map_or_else(|| owner.base(), str::to_owned);
        assert_eq!(scan.created["sse_url"], format!("{base}/api/v1/scans/{}/stream", scan.id));
        scan.finished().await;
    }
}

#[tokio::test]
async fn only_a_trusted_proxy_says_what_the_server_is_called() {
    for (trusted, base) in [("127.0.0.0/8", Some("wss://outer.example:8443")), ("10.0.0.0/8", None)] {
        let deployment = Deployment::of(Pair::SqliteEmbedded).with("VEDETTE_TRUSTED_PROXIES", trusted);
        let service = deployment.start().await;
        let owner = service.owner();
        let body = serde_json::json!({ "target": own_address().to_string(), "ports": "1" });
        let order = owner.request(Method::POST, "/api/v1/scans").json(&body);
        let order =
            order.header("x-forwarded-proto", "https").header("x-forwarded-host", "outer.example:8443");
        let answer = owner.send(order).await;
        let created = answer.created();
        let id = created["scan_id"].as_str().unwrap();
        let base = base.map_or_else(|| format!("ws://{}", owner.address()), str::to_owned);
        assert_eq!(created["websocket_url"], format!("{base}/ws/scans/{id}"));
        owner.scan_with_id(id).finished().await;
    }
}

#[tokio::test]
async fn streams_are_live_through_a_proxy_that_buffers() {
    let test = "streams_are_live_through_a_proxy_that_buffers";
    let deployment = trusting().slowed_to(2000);
    let Some((service, proxy)) = proxied(test, deployment, "").await else { return };
    let owner = service.owner().at(&proxy.address());
    let listeners = Listeners::at(&[1024, 5000]);
    let scan = owner.scan(&listeners.target()).ports(&ports(1, 6_000)).await;
    let (mut stream, mut socket) = (scan.follow().await, scan.websocket().await);
    stream.next_named("progress").await;
    socket.hear_type("progress").await;
    assert_eq!(scan.status().await["status"], "running", "what is seen is seen while it happens");
    let frames = within("the end of a stream", SOON, stream.rest()).await;
    assert_eq!(frames.last().unwrap().event, "complete");
    assert_eq!(open_ports(&scan.results().await), listeners.expected());
    assert_eq!(owner.get(HEALTH).await.status, 200);
}

/// Lines of what curl prints while a stream goes on.
async fn line_with(lines: &mut Lines<BufReader<ChildStdout>>, text: &str) -> String {
    within(text, SOON, async {
        loop {
            let line = lines.next_line().await.unwrap().expect("a stream that goes on");
            if line.contains(text) {
                return line;
            }
        }
    })
    .await
}

#[tokio::test]
async fn streams_are_live_through_a_proxy_with_tls_that_compresses() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let files = authority.issue(NAME, folder.path());
    let service = trusting().slowed_to(1000).start().await;
    let proxy = match Proxy::start_tls(service.address(), &files).await {
        Ok(proxy) => proxy,
        Err(why) => return skipped("streams_are_live_through_a_proxy_with_tls_that_compresses", why),
    };
    let owner = service.owner().at(&proxy.address()).over_tls(&authority);
    let listeners = Listeners::at(&[1024, 3000]);
    let scan = owner.scan(&listeners.target()).ports(&ports(1, 6_000)).await;
    let root = folder.path().join("root.pem");
    std::fs::write(&root, authority.certificate()).unwrap();
    let port = proxy.address().rsplit(':').next().unwrap().to_owned();
    let mut curl = Command::new("curl");
    curl.args([
        "-sSN",
        "--http2",
        "--compressed",
        "-w",
        "%{http_version} %header{content-encoding}\\n",
        "--cacert",
    ]);
    curl.arg(&root).args(["--connect-to", &format!("{NAME}:{port}:{}", proxy.address())]);
    curl.args(["-H", &format!("authorization: Bearer {}", owner.key()), "-H", "accept: text/event-stream"]);
    curl.arg(format!("{}{}", owner.base(), scan.path("/stream")));
    let mut curl = curl.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut lines = BufReader::new(curl.stdout.take().unwrap()).lines();
    let mut socket = scan.websocket().await;
    line_with(&mut lines, "event: progress").await;
    socket.hear_type("progress").await;
    line_with(&mut lines, "event: port_found").await;
    assert_eq!(scan.status().await["status"], "running", "what is seen is seen while it happens");
    line_with(&mut lines, "event: complete").await;
    assert_eq!(line_with(&mut lines, "gzip").await, "2 gzip", "over HTTP/2, compressed");
    let (heard, code) = socket.rest().await;
    assert_eq!((heard.last().unwrap()["type"].as_str(), code), (Some("complete"), 1000));
    assert_eq!(open_ports(&scan.results().await), listeners.expected());
}
