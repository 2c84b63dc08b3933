//! The server's own TLS, through the eyes of real clients.
#![cfg(test)]

use std::path::Path;
use std::process::Command;

use reqwest::{Method, Version};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use vedette_tests::authority::{Authority, Files, NAME};
use vedette_tests::deployment::{Deployment, OWNER_KEY, bare};
use vedette_tests::listeners::{Listeners, own_address, ports};
use vedette_tests::process::Process;
use vedette_tests::raw::is_held;
use vedette_tests::sample::run;
use vedette_tests::scan::open_ports;
use vedette_tests::wait::{SOON, until, within};
use vedette_tests::{Client, Pair, TestService, on_every_pair};

/// A service behind a certificate of its own.
struct Stage {
    service: TestService,
    authority: Authority,
    files: Files,
    folder: TempDir,
}

impl Stage {
    async fn start(deployment: Deployment) -> Stage {
        let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
        let files = authority.issue(NAME, folder.path());
        let deployment = deployment.with_tls(&files);
        let mut service = deployment.start().await;
        // What is left over is looked for over plain HTTP. Each story ends its own scans.
        service.may_leave_jobs();
        Stage { service, authority, files, folder }
    }

    fn owner(&self) -> Client {
        self.service.owner().over_tls(&self.authority)
    }
}

on_every_pair! {
    a_scan_is_made_and_followed_over_tls,
}

async fn a_scan_is_made_and_followed_over_tls(pair: Pair) {
    let stage = Stage::start(Deployment::of(pair).slowed_to(2000)).await;
    let (owner, listeners) = (stage.owner(), Listeners::at(&[1024, 3000]));
    let scan = owner.scan(&listeners.target()).ports(&ports(1, 4_000)).await;
    let (base, id) = (owner.base(), &scan.id);
    assert_eq!(scan.created["sse_url"], format!("{base}/api/v1/scans/{id}/stream"));
    assert_eq!(scan.created["websocket_url"], format!("{}/ws/scans/{id}", base.replace("https", "wss")));
    let mut socket = scan.websocket().await;
    let mut stream = scan.follow().await;
    let frames = within("the end of a stream", SOON, stream.rest()).await;
    assert_eq!(frames.last().unwrap().event, "complete");
    let (heard, code) = socket.rest().await;
    assert_eq!((heard.last().unwrap()["type"].as_str(), code), (Some("complete"), 1000));
    assert_eq!(open_ports(&scan.results().await), listeners.expected());
}

#[tokio::test]
async fn clients_choose_between_http_2_and_http_1() {
    let stage = Stage::start(Deployment::of(Pair::SqliteEmbedded)).await;
    let (owner, health) = (stage.owner(), "/api/v1/health");
    let two = within("an answer", SOON, owner.request(Method::GET, health).send()).await.unwrap();
    assert_eq!((two.version(), two.status().as_u16()), (Version::HTTP_2, 200));
    let port = owner.address().rsplit(':').next().unwrap().to_owned();
    let root = stage.folder.path().join("root.pem");
    std::fs::write(&root, stage.authority.certificate()).unwrap();
    let connect = format!("{NAME}:{port}:{}", owner.address());
    for (option, version) in [("--http1.1", "1.1"), ("--http2", "2")] {
        let url = format!("{}{health}", owner.base());
        let trust = ["--connect-to", &connect, "--cacert", root.to_str().unwrap()];
        let told = ["-sS", option, "-o", "/dev/null", "-w", "%{http_code} %{http_version}", &url];
        let told = run("curl", &[&trust[..], &told[..]].concat()).await;
        assert_eq!(told.output, format!("200 {version}"), "{told:?}");
    }
}

#[tokio::test]
async fn a_new_certificate_is_shown_without_cutting_anybody_and_a_bad_one_is_not() {
    let mut stage = Stage::start(Deployment::of(Pair::SqliteEmbedded).slowed_to(500)).await;
    let owner = stage.owner();
    let scan = owner.scan(&own_address().to_string()).ports(&ports(1, 30_000)).await;
    let (mut stream, mut socket) = (scan.follow().await, scan.websocket().await);
    stream.next_named("progress").await;
    std::fs::write(&stage.files.certificate, "no certificate").unwrap();
    stage.service.api().logged("the old one stays").await;
    assert_eq!(stage.owner().get("/api/v1/health").await.status, 200, "with the old certificate");
    let (new, old) = (Authority::new(), stage.authority.clone());
    let _files = new.issue(NAME, stage.folder.path());
    stage.service.api().logged("are shown the new certificate").await;
    let renewed = stage.service.owner().over_tls(&new);
    assert_eq!(renewed.get("/api/v1/health").await.status, 200);
    let refused = stage.service.owner().over_tls(&old).request(Method::GET, "/api/v1/health").send().await;
    assert!(refused.is_err(), "the old certificate is not shown any more");
    stream.next_named("progress").await;
    socket.hear_type("progress").await;
    scan.seen_by(&renewed).stop().await;
    within("the end of a stream", SOON, stream.rest()).await;
    assert_eq!(socket.rest().await.1, 1000);
}

#[tokio::test]
async fn a_stopping_server_says_goodbye_over_tls() {
    let mut stage = Stage::start(Deployment::of(Pair::SqliteEmbedded).slowed_to(300)).await;
    let scan = stage.owner().scan(&own_address().to_string()).ports(&ports(1, 30_000)).await;
    let (mut stream, mut socket) = (scan.follow().await, scan.websocket().await);
    stream.next_named("progress").await;
    let up = stage.service.api();
    up.terminate();
    assert_eq!(socket.rest().await.1, 1001, "going away");
    within("the end of a stream", SOON, stream.rest()).await;
    assert!(up.ended(SOON).await.success(), "{}", up.log());
}

#[tokio::test]
async fn who_does_not_shake_hands_holds_up_nobody_and_is_cut() {
    let stage = Stage::start(Deployment::of(Pair::SqliteEmbedded)).await;
    let mut silent = TcpStream::connect(stage.service.address()).await.unwrap();
    let plain = stage.service.owner().request(Method::GET, "/api/v1/health").send().await;
    assert!(plain.is_err(), "plain HTTP is not spoken here");
    assert_eq!(stage.owner().get("/api/v1/health").await.status, 200);
    let end = within("the end of a silent connection", SOON, silent.read(&mut [0])).await;
    assert!(matches!(end, Ok(0) | Err(_)), "{end:?}");
    until("the server lets go", SOON, async || (!is_held(&silent)).then_some(())).await;
}

#[tokio::test]
async fn one_address_does_not_take_all_the_room_for_handshakes() {
    let stage = Stage::start(Deployment::of(Pair::SqliteEmbedded)).await;
    let server = stage.service.address().parse().unwrap();
    let crowd = own_address();
    let dial = async || {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((crowd, 0).into()).unwrap();
        socket.connect(server).await.unwrap()
    };
    let mut silent = Vec::new();
    for _ in 0..128 {
        silent.push(dial().await);
    }
    let end = within("the end of one too many", SOON, dial().await.read(&mut [0])).await;
    assert!(matches!(end, Ok(0) | Err(_)), "{end:?}");
    assert!(silent.iter().all(is_held), "those before it have their time");
    assert_eq!(stage.owner().get("/api/v1/health").await.status, 200, "others have their room");
    drop(silent);
    until("room again", SOON, async || {
        let mut again = dial().await;
        // What is no handshake is answered with an alert; what has no room is not answered.
        again.write_all(b"GET / HTTP/1.1\r\n\r\n").await.ok()?;
        again.read_u8().await.ok()
    })
    .await;
}

#[tokio::test]
async fn tls_that_cannot_be_had_is_a_clear_error() {
    let (authority, folder, other) =
        (Authority::new(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (files, others) = (authority.issue(NAME, folder.path()), authority.issue(NAME, other.path()));
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let (certificate, key) = (path(&files.certificate), path(&files.key));
    for (certificate, key, expected) in [
        (certificate.as_str(), "", "VEDETTE_TLS_KEY: is not set"),
        ("", key.as_str(), "VEDETTE_TLS_CERT: is not set"),
        ("/nowhere/server.pem", &key, "VEDETTE_TLS_CERT: /nowhere/server.pem: No such file"),
        (&certificate, "/nowhere/server.key", "VEDETTE_TLS_KEY: /nowhere/server.key: No such file"),
        (&certificate, &path(&others.key), "is not the key of the certificate in"),
        (&certificate, &certificate, "holds no private key"),
        (&key, &key, "holds no certificate"),
    ] {
        let data = tempfile::tempdir().unwrap();
        let mut up = bare("vedette");
        up.args(["up", "--listen", "127.0.0.1:0", "--data"]).arg(data.path());
        let said = refused(up.env("VEDETTE_TLS_CERT", certificate).env("VEDETTE_TLS_KEY", key)).await;
        assert!(said.contains(expected), "{said}");
        assert!(!said.contains(OWNER_KEY) && !said.contains("BEGIN"), "{said}");
    }
}

async fn refused(command: &mut Command) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut process = Process::spawn(command.env("VEDETTE_OWNER_KEY", OWNER_KEY), "vedette", folder.path());
    let status = process.ended(SOON).await;
    let said = process.log();
    assert!(!status.success() && !said.contains("panicked"), "{said}");
    said
}
