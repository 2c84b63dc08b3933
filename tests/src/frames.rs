//! WebSocket frames byte by byte, past every rule of the protocol.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::wait::{SOON, within};

/// The last piece of a message, in the first byte of a frame.
pub const LAST: u8 = 0x80;
/// More of a message.
pub const MORE: u8 = 0x0;
/// A text.
pub const TEXT: u8 = 0x1;
/// Anything but a text.
pub const BINARY: u8 = 0x2;
/// The end.
pub const CLOSE: u8 = 0x8;
/// A question for a sign of life.
pub const PING: u8 = 0x9;
/// The answer.
pub const PONG: u8 = 0xa;

/// A length in two bytes follows.
const SHORT: u8 = 0x7e;
/// A length in eight bytes follows.
const LONG: u8 = 0x7f;

/// What a server sends.
#[derive(Clone, Debug, PartialEq)]
pub enum Sent {
    /// A text, which is JSON.
    Text(Value),
    /// A ping with its payload.
    Ping(Vec<u8>),
    /// A pong with its payload.
    Pong(Vec<u8>),
    /// The end with its code, which may be missing.
    Close(Option<u16>),
    /// The connection is closed.
    Gone,
}

/// One frame of a client: its first byte, and a payload behind a mask.
#[must_use]
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let masked = payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask);
    let mut bytes = head(first, 0x80, payload.len());
    bytes.extend(MASK);
    bytes.extend(masked);
    bytes
}

/// One frame without a mask, as only servers may send it.
#[must_use]
pub fn bare_frame(first: u8, payload: &[u8]) -> Vec<u8> {
    [head(first, 0, payload.len()), payload.to_vec()].concat()
}

/// The payload of a close frame.
#[must_use]
pub fn close_payload(code: u16, reason: &[u8]) -> Vec<u8> {
    [&code.to_be_bytes()[..], reason].concat()
}

fn head(first: u8, masked: u8, length: usize) -> Vec<u8> {
    let length = u64::try_from(length).unwrap();
    match length {
        0..126 => vec![first, masked | u8::try_from(length).unwrap()],
        126..65_536 => [&[first, masked | SHORT][..], &u16::try_from(length).unwrap().to_be_bytes()].concat(),
        _ => [&[first, masked | LONG][..], &length.to_be_bytes()].concat(),
    }
}

/// An open WebSocket that holds to no rule.
#[derive(Debug)]
pub struct Lawless {
    stream: TcpStream,
}

impl Lawless {
    /// Opens one.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn open(address: &str, path: &str, key: &str) -> Lawless {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\nconnection: upgrade\r\n\
             upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(within("the head of an answer", SOON, stream.read_u8()).await.unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
        Lawless { stream }
    }

    /// Sends bytes. The server may have closed before it has read them all.
    pub async fn send(&mut self, bytes: &[u8]) {
        drop(self.stream.write_all(bytes).await);
    }

    /// What the server sends next.
    ///
    /// # Panics
    /// When it sends nothing soon, or what no server may send.
    pub async fn next(&mut self) -> Sent {
        self.next_within(SOON).await
    }

    /// What the server sends next.
    ///
    /// # Panics
    /// When it sends nothing within the limit, or what no server may send.
    pub async fn next_within(&mut self, limit: Duration) -> Sent {
        within("a frame of the server", limit, self.read()).await
    }

    async fn read(&mut self) -> Sent {
        let Ok(first) = self.stream.read_u8().await else { return Sent::Gone };
        let length = match self.stream.read_u8().await.unwrap() {
            SHORT => usize::from(self.stream.read_u16().await.unwrap()),
            LONG => usize::try_from(self.stream.read_u64().await.unwrap()).unwrap(),
            length => usize::from(length),
        };
        let mut payload = vec![0; length];
        self.stream.read_exact(&mut payload).await.unwrap();
        assert_eq!(first & 0xf0, LAST, "whole messages without reserved bits");
        match first & 0x0f {
            TEXT => Sent::Text(serde_json::from_slice(&payload).expect("JSON")),
            PING => Sent::Ping(payload),
            PONG => Sent::Pong(payload),
            CLOSE => Sent::Close(payload.first_chunk().map(|code| u16::from_be_bytes(*code))),
            other => panic!("a server does not send opcode {other}"),
        }
    }
}
