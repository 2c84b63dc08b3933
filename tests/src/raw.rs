//! Requests byte by byte, for what a decent HTTP client refuses to send; and connections that nobody reads.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, SocketAddrV4, TcpStream};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use crate::answer::Answer;

const LIMIT: Duration = Duration::from_secs(20);

/// GET with a key.
pub(crate) fn get(address: &str, path: &str, key: &str) -> Answer {
    let head = format!(
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\nconnection: close\r\n\r\n"
    );
    send(address, head.as_bytes())
}

/// Sends these bytes on a connection of its own and reads the one answer. Blocks.
///
/// # Panics
/// When what comes back is not an HTTP answer.
#[must_use]
pub fn send(address: &str, bytes: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    let mut received = Vec::new();
    // A server may answer and close before it has read all: then writing fails, and the answer still counts.
    drop(stream.write_all(bytes));
    let mut chunk = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut chunk) {
        received.extend(chunk.iter().take(count));
        if is_whole(&received) {
            break;
        }
    }
    drop(stream.shutdown(Shutdown::Both));
    read_answer(&received)
}

/// Sends these bytes and waits until the other side has answered or gone, whatever it says. Blocks.
pub(crate) fn send_unheard(address: &str, bytes: &[u8]) {
    let Ok(mut stream) = TcpStream::connect(address) else { return };
    drop(stream.set_read_timeout(Some(LIMIT)));
    drop(stream.write_all(bytes));
    drop(stream.read(&mut [0; 4096]));
}

/// A connection that takes as little as a connection can, as long as nobody reads it.
///
/// # Panics
/// When nobody listens.
pub async fn narrow(address: &str) -> tokio::net::TcpStream {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    // The kernel raises it to its own least.
    socket.set_recv_buffer_size(1).unwrap();
    socket.connect(address.parse().unwrap()).await.unwrap()
}

/// Whether the other side of a connection to this machine still has it open, from the kernel's table: state `01` is
/// established.
///
/// # Panics
/// When it is not a connection over IPv4.
#[must_use]
pub fn is_held(connection: &tokio::net::TcpStream) -> bool {
    let (near, far) = (connection.local_addr().unwrap(), connection.peer_addr().unwrap());
    let row = format!("{} {} 01", in_table(far), in_table(near));
    std::fs::read_to_string("/proc/net/tcp").unwrap().contains(&row)
}

/// How many bytes the other side of a connection to this machine has sent that have not come over, from the same table.
///
/// # Panics
/// When it is not a connection over IPv4.
#[must_use]
pub fn unread(connection: &tokio::net::TcpStream) -> u64 {
    let (near, far) = (connection.local_addr().unwrap(), connection.peer_addr().unwrap());
    let row = format!("{} {} 01 ", in_table(far), in_table(near));
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let waits = table.split_once(&row).and_then(|(_, rest)| u64::from_str_radix(rest.get(..8)?, 16).ok());
    waits.unwrap_or_default()
}

fn in_table(address: SocketAddr) -> String {
    let SocketAddr::V4(address) = address else { panic!("not over IPv4: {address}") };
    let octets = SocketAddrV4::ip(&address).octets();
    format!("{:08X}:{:04X}", u32::from_ne_bytes(octets), address.port())
}

fn is_whole(received: &[u8]) -> bool {
    let Some((head, body)) = split_head(received) else { return false };
    let length = header_lines(&head).find(|(name, _)| name == "content-length").map(|(_, value)| value);
    length.is_some_and(|length| length.parse().is_ok_and(|length: usize| body.len() >= length))
}

fn read_answer(received: &[u8]) -> Answer {
    let shown = String::from_utf8_lossy(received);
    let (head, body) = split_head(received).unwrap_or_else(|| panic!("not an HTTP answer: {shown:?}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.unwrap_or_else(|| panic!("no status in {head:?}"));
    let mut headers = HeaderMap::new();
    for (name, value) in header_lines(&head) {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, HeaderValue::from_str(&value).unwrap());
    }
    Answer { status, headers, body: json_in(&body), text: String::from_utf8_lossy(&body).into_owned() }
}

fn split_head(received: &[u8]) -> Option<(String, Vec<u8>)> {
    let end = received.windows(4).position(|window| window == b"\r\n\r\n")?;
    let (head, body) = received.split_at(end);
    Some((String::from_utf8_lossy(head).into_owned(), body.iter().skip(4).copied().collect()))
}

fn header_lines(head: &str) -> impl Iterator<Item = (String, String)> {
    let lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    lines.map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
}

/// The JSON of a body, plain or in chunks: what lies between the first and the last brace.
fn json_in(body: &[u8]) -> Value {
    let start = body.iter().position(|byte| *byte == b'{').unwrap_or_default();
    let end = body.iter().rposition(|byte| *byte == b'}').map_or(0, |end| end + 1);
    let inner = body.get(start..end).unwrap_or_default();
    serde_json::from_slice(inner).unwrap_or_default()
}
