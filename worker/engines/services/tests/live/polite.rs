//! Services that do what their protocols say.

use std::sync::Arc;

use services::{Identifier, Looks};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Mutex,
};

use crate::play::{Service, words};

#[tokio::test]
async fn who_speaks_first_is_heard() {
    let service = Service::greeting(b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n").await;
    let identity = service.identity().await;
    assert_eq!(words(&identity), ["ssh", "OpenSSH", "9.2p1"]);
    assert_eq!(identity.banner.as_deref(), Some("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\\r\\n"));
    assert_eq!(identity.cpe.as_deref(), Some("cpe:2.3:a:openbsd:openssh:9.2p1:*:*:*:*:*:*:*"));
    assert_eq!(identity.os.unwrap().name.as_deref(), Some("Debian"));
    assert!(identity.confidence >= 90 && identity.tls.is_none());
}

#[tokio::test]
async fn who_waits_for_the_right_question_is_asked_it_on_any_port() {
    let info = b"$60\r\n# Server\r\nredis_version:7.0.15\r\nos:Linux 6.1.0 x86_64\r\n\r\n";
    let redis = Service::answering(b"*1\r\n$4\r\nINFO", info).await;
    assert_eq!(words(&redis.identity().await), ["redis", "Redis", "7.0.15"]);
    let memcached = Service::answering(b"version\r\n", b"VERSION 1.6.18\r\n").await;
    assert_eq!(words(&memcached.identity().await), ["memcached", "memcached", "1.6.18"]);
    let zookeeper = Service::answering(b"srvr", b"Zookeeper version: 3.8.0-x, built on\n").await;
    assert_eq!(words(&zookeeper.identity().await), ["zookeeper", "ZooKeeper", "3.8.0"]);
    let postgres = b"E\0\0\0\x40SFATAL\0VFATAL\0C0A000\0Munsupported frontend protocol\0\0";
    let postgres = Service::answering(b"\0\0\0\x08\0\xff", postgres).await;
    assert_eq!(words(&postgres.identity().await), ["postgresql", "PostgreSQL", "-"]);
}

#[tokio::test]
async fn a_page_says_what_serves_it_and_with_which_status() {
    let page = b"HTTP/1.1 403 Forbidden\r\nServer: nginx/1.22.1\r\nConnection: close\r\n\r\n<html>";
    let identity = Service::answering(b"GET / ", page).await.identity().await;
    assert_eq!(words(&identity), ["http", "nginx", "1.22.1"]);
    assert_eq!(identity.http_status, Some(403));
}

#[tokio::test]
async fn who_serves_one_at_a_time_and_refuses_the_rest_is_asked_properly() {
    let turn = Arc::new(Mutex::new(()));
    let service = Service::play(move |stream| one_at_a_time(stream, Arc::clone(&turn)));
    let identity = service.await.identity().await;
    assert_eq!((words(&identity), identity.http_status), (["http", "Gunicorn", "-"], Some(200)));
}

/// Answers a request for a page, and refuses everything else as no request.
async fn one_at_a_time(mut stream: TcpStream, turn: Arc<Mutex<()>>) {
    let _turn = turn.lock().await;
    let mut asked = vec![0; 512];
    let length = stream.read(&mut asked).await.unwrap_or_default();
    let is_page = asked[..length].starts_with(b"GET / ");
    let (status, server) = if is_page { (200, "Server: gunicorn\r\n") } else { (400, "") };
    stream.write_all(format!("HTTP/1.1 {status} Word\r\n{server}\r\n").as_bytes()).await.ok();
}

#[tokio::test]
async fn a_page_that_says_little_has_other_pages_asked() {
    let service = Service::play(|mut stream| async move {
        let mut asked = vec![0; 512];
        let length = stream.read(&mut asked).await.unwrap_or_default();
        let answer: &[u8] = match &asked[..length] {
            asked if asked.starts_with(b"GET /version ") => {
                b"HTTP/1.1 200 OK\r\n\r\n{\"etcdserver\":\"3.4.23\",\"etcdcluster\":\"3.4.0\"}"
            }
            asked if asked.starts_with(b"GET ") => b"HTTP/1.1 404 Not Found\r\n\r\n404 page not found\n",
            _ => return,
        };
        stream.write_all(answer).await.ok();
    });
    let identity = service.await.identity().await;
    assert_eq!(words(&identity), ["http", "etcd", "3.4.23"]);
    assert_eq!(identity.http_status, Some(404));
}

#[tokio::test]
async fn the_answer_to_a_second_question_tells_mail_from_files() {
    let service = Service::play(|mut stream| async move {
        stream.write_all(b"220 box ready\r\n").await.ok();
        let mut asked = vec![0; 512];
        let length = stream.read(&mut asked).await.unwrap_or_default();
        let answer: &[u8] =
            if asked[..length].starts_with(b"EHLO ") { b"250-box\r\n250 SIZE\r\n" } else { b"500 ?\r\n" };
        stream.write_all(answer).await.ok();
    });
    assert_eq!(words(&service.await.identity().await), ["smtp", "-", "-"]);
}

#[tokio::test]
async fn who_says_nothing_known_is_unknown() {
    let identity = Service::greeting(b"good day to you\r\n").await.identity().await;
    assert_eq!(words(&identity), ["-", "-", "-"]);
    assert_eq!((identity.banner.as_deref(), identity.confidence), (Some("good day to you\\r\\n"), 0));
}

#[tokio::test]
async fn a_printer_is_sent_nothing() {
    // An address that other tests do not use, because the port is fixed.
    let [.., high, low] = std::process::id().to_be_bytes();
    let address = format!("127.91.{high}.{low}:9100");
    let service = Service::play_at(&address, |mut stream| async move {
        let mut asked = [0; 1];
        let heard = stream.read(&mut asked).await;
        assert_eq!(heard.unwrap_or_default(), 0, "it would be printed");
        stream.write_all(b"nothing").await.ok();
    });
    let service = service.await;
    for looks in [Looks::ALL, Looks { service: false, tls: true }] {
        let identity = Identifier::new().unwrap().identify(&service.target("localhost"), looks).await;
        assert_eq!(identity, services::Identity::default());
    }
    assert_eq!(service.taken.available_permits(), 1, "it was listened to once");
}
