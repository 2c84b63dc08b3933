//! Services that do whatever harms. Most of them go on for ever: a test that ends has left them.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::sleep,
};

use crate::play::{FOREVER, Service, drain, words};

async fn endure(service: Service) -> services::Identity {
    let identity = service.identity().await;
    let banner = identity.banner.as_deref().unwrap_or_default();
    assert!(banner.len() <= 500 && !banner.chars().any(char::is_control), "{banner:?}");
    identity
}

async fn flood(mut stream: TcpStream, head: &'static [u8], part: &'static [u8]) {
    stream.write_all(head).await.ok();
    while stream.write_all(part).await.is_ok() {}
}

#[tokio::test]
async fn an_endless_banner_is_read_to_a_bound() {
    let identity = endure(Service::play(|stream| flood(stream, b"", &[b'A'; 4096])).await).await;
    assert_eq!(words(&identity), ["-", "-", "-"]);
    assert_eq!(identity.banner.unwrap().len(), 500);
}

#[tokio::test]
async fn an_endless_page_is_still_a_page() {
    let head = b"HTTP/1.1 200 OK\r\nServer: nginx/1.25.0\r\n";
    let service =
        Service::play(|stream| flood(stream, head, b"X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"));
    assert_eq!(words(&endure(service.await).await), ["http", "nginx", "1.25.0"]);
}

#[tokio::test]
async fn a_byte_now_and_then_holds_nothing_up() {
    let service = Service::play(drip).await;
    assert_eq!(words(&endure(service).await), ["-", "-", "-"], "half a version is none");
}

async fn drip(mut stream: TcpStream) {
    let mut bytes = b"SSH-2.0-OpenSSH_9.2p1 and so on".iter().cycle();
    while let Some(byte) = bytes.next()
        && stream.write_all(&[*byte]).await.is_ok()
    {
        sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn silence_is_unknown() {
    let identity = endure(Service::play(|mut stream| async move { drain(&mut stream).await }).await).await;
    assert_eq!(identity, services::Identity::default());
}

#[tokio::test]
async fn who_reads_nothing_and_says_nothing_is_unknown() {
    let service = Service::play(|stream| async move {
        sleep(FOREVER).await;
        drop(stream);
    });
    assert_eq!(endure(service.await).await, services::Identity::default());
}

#[tokio::test]
async fn an_echo_is_an_echo_and_not_what_was_sent() {
    let service = Service::play(|mut stream| async move {
        let (mut from, mut to) = stream.split();
        tokio::io::copy(&mut from, &mut to).await.ok();
    });
    assert_eq!(words(&endure(service.await).await), ["echo", "-", "-"]);
}

#[tokio::test]
async fn who_hangs_up_at_once_is_unknown() {
    let service = Service::play(|stream| async move { drop(stream) }).await;
    assert_eq!(endure(service).await, services::Identity::default());
}

#[tokio::test]
async fn what_only_begins_like_tls_is_not() {
    let service = Service::play(|mut stream| async move {
        let mut hello = [0; 1024];
        drop(stream.read(&mut hello).await);
        stream.write_all(b"\x16\x03\x03\x40\x00").await.ok();
        flood(stream, b"", &[0xa5; 4096]).await;
    });
    let identity = endure(service.await).await;
    assert_eq!(words(&identity), ["-", "-", "-"]);
    assert_eq!(identity.tls, None);
}

#[tokio::test]
async fn a_closed_port_is_unknown() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let target = services::Target { address: listener.local_addr().unwrap(), host: "localhost".to_owned() };
    drop(listener);
    let identity = services::Identifier::new().unwrap().identify(&target, services::Looks::ALL).await;
    assert_eq!(identity, services::Identity::default());
}
