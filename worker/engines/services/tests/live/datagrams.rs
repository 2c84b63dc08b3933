//! Services by UDP.

use std::net::SocketAddr;

use services::{Identifier, Identity, Target};
use tokio::{net::UdpSocket, task::JoinHandle, time::timeout};

use crate::play::{FOREVER, words};

/// Answers every datagram with what `part` makes of it, from a socket of its own where `elsewhere` says so.
async fn play(
    elsewhere: bool,
    part: impl Fn(&[u8]) -> Vec<u8> + Send + 'static,
) -> (SocketAddr, JoinHandle<()>) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let other = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let playing = tokio::spawn(async move {
        let mut asked = vec![0; 2048];
        while let Ok((length, from)) = socket.recv_from(&mut asked).await {
            let answer = part(&asked[..length]);
            let answering = if elsewhere { &other } else { &socket };
            answering.send_to(&answer, from).await.ok();
        }
    });
    (address, playing)
}

async fn identity(address: SocketAddr) -> Identity {
    let target = Target { address, host: "localhost".to_owned() };
    Identifier::new().unwrap().identify_datagrams(&target).await
}

#[tokio::test]
async fn a_server_is_known_on_an_odd_port() {
    let (address, playing) = play(false, |asked| {
        let is_asked = asked.starts_with(b"\x56\x45\0\0\0\x01\0\0version\r\n");
        if is_asked { b"VE\0\0\0\x01\0\0VERSION 1.6.18\r\n".to_vec() } else { b"ERROR\r\n".to_vec() }
    })
    .await;
    let identity = identity(address).await;
    assert_eq!(words(&identity), ["memcached", "memcached", "1.6.18"]);
    assert_eq!(identity.confidence, 95);
    playing.abort();
}

#[tokio::test]
async fn an_answer_may_come_from_another_port_of_the_host() {
    let (address, playing) = play(true, |asked| {
        let is_asked = asked.starts_with(b"\0\x01vedette-asks\0octet\0");
        if is_asked { b"\0\x05\0\x01File not found\0".to_vec() } else { Vec::new() }
    })
    .await;
    assert_eq!(words(&identity(address).await), ["tftp", "-", "-"]);
    playing.abort();
}

#[tokio::test]
async fn an_answer_may_call_for_one_more_question() {
    let (address, playing) = play(false, |asked| match asked.first() {
        Some(0x23) => [&[0x24, 1, 6, 0xe8][..], &[0; 20], b"VEDEVEDE", &[0; 16]].concat(),
        Some(0x16) => b"\x16\x82\0\x01\0\0\0\0\0\0\0\x1eversion=\"ntpd ntpsec-1.2.2\"\r\n\0".to_vec(),
        _ => Vec::new(),
    })
    .await;
    assert_eq!(words(&identity(address).await), ["ntp", "NTPsec", "1.2.2"]);
    playing.abort();
}

#[tokio::test]
async fn who_sends_everything_back_or_noise_is_nobody() {
    let (echo, echoing) = play(false, <[u8]>::to_vec).await;
    let (noise, making) = play(false, |_| b"\x1b[2Jnoise".repeat(200)).await;
    let (echo, noise) = tokio::join!(identity(echo), identity(noise));
    assert_eq!((words(&echo), words(&noise)), (["echo", "-", "-"], ["-", "-", "-"]));
    assert!(noise.banner.unwrap().starts_with("\\x1b[2Jnoise"));
    echoing.abort();
    making.abort();
}

#[tokio::test]
async fn silence_ends() {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let found = timeout(FOREVER, identity(socket.local_addr().unwrap())).await.unwrap();
    assert_eq!(found, Identity::default());
}
