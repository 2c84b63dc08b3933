//! Names without an address, the whole way: command line, HTTP, worker. Only the name servers are scripted.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use api::Server;
use futures::future::BoxFuture;
use reqwest::header::AUTHORIZATION;
use serde_json::{Value, json};
use shared::core::Core;
use shared::identity::open_owner;
use shared::settings::{Mode, Settings, Web};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use worker::{Outcome, Resolver, Work, run_with};

use crate::command::{Ended, run, vedette};

/// A server in this process, whose worker knows one name.
struct Served {
    url: String,
    key: String,
    stop: CancellationToken,
    _folder: TempDir,
}

impl Served {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings::read(Mode::Embedded(folder.path()), &|_| None).unwrap();
        let core = Core::open(&settings).await.unwrap();
        core.store.migrate().await.unwrap();
        let owner = open_owner(&core, "owner@localhost", None).await.unwrap().unwrap();
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = Server::bind(core.clone(), Web::plain(any_port)).await.unwrap();
        let (url, stop) = (server.url(), CancellationToken::new());
        tokio::spawn(server.run(stop.clone(), Duration::ZERO));
        tokio::spawn(run_with(core, 2, Duration::ZERO, stop.clone(), perform));
        Self { url, key: owner.key.reveal().to_owned(), stop, _folder: folder }
    }

    async fn scan(&self, target: &str, port: u16) -> Ended {
        let mut command = vedette(&["scan", target, "--json", "--ports", &port.to_string()]);
        command.env("VEDETTE_SERVER", &self.url).env("VEDETTE_KEY", &self.key);
        run(command).await
    }

    async fn status(&self, scan_id: &str) -> Value {
        // reqwest is built with TLS but without its cryptography; none of it is used here.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = http.get(format!("{}/api/v1/scans/{scan_id}", self.url));
        let answer = request.header(AUTHORIZATION, format!("Bearer {}", self.key)).send().await.unwrap();
        answer.json::<Value>().await.unwrap()["data"].take()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn perform(mut work: Work) -> BoxFuture<'static, Outcome> {
    let names = HashMap::from([("app.test".to_owned(), vec![Ipv4Addr::LOCALHOST.into()])]);
    work.resolver = Resolver::Fixed(Arc::new(names));
    worker::perform(work)
}

#[tokio::test]
async fn the_rest_is_scanned_and_the_name_is_told_wherever_a_client_looks() {
    let served = Served::start().await;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let ended = served.scan("gone.test,app.test", listener.local_addr().unwrap().port()).await;
    assert_eq!(ended.code, Some(0), "{}", ended.errors);
    let warning = json!({
        "code": "UNRESOLVED_HOST", "message": "gone.test has no address", "host": "gone.test",
    });
    let lines = ended.lines();
    let told = lines.iter().find(|line| line["event"] == "warning").expect("the stream tells it");
    for (name, value) in warning.as_object().unwrap() {
        assert_eq!(&told["data"][name], value, "{told}");
    }
    let results = &lines.last().unwrap()["data"];
    assert_eq!((&results["status"], &results["warnings"]), (&json!("completed"), &json!([warning])));
    assert_eq!((&results["ports"][0]["host"], results["ports"][1].is_null()), (&json!("app.test"), true));
    let status = served.status(results["scan_id"].as_str().unwrap()).await;
    assert_eq!(status["warnings"], json!([warning]));
}

#[tokio::test]
async fn a_scan_of_nothing_else_fails_and_says_why() {
    let served = Served::start().await;
    let ended = served.scan("gone.test", 1).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.errors.contains("scan of gone.test: gone.test has no address"), "{}", ended.errors);
}
