use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout_at,
};
use tokio_rustls::client::TlsStream;

use crate::{handshake::Handshaker, hello::Asker, wire::Wire};

/// As long as the head of a page may be.
const HEAD: usize = 16 * 1024;

/// What a page says of HSTS (RFC 6797).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hsts {
    /// For how many seconds browsers are to come by HTTPS only; none without the header, or where it makes no sense.
    pub max_age: Option<u64>,
    /// For all names below too.
    pub includes_subdomains: bool,
    /// The owner wants it built into browsers.
    pub preload: bool,
}

impl Hsts {
    /// Reads the value of the header.
    #[must_use]
    pub fn read(value: &str) -> Self {
        let mut read = Self::default();
        for directive in value.split(';') {
            let (name, argument) = directive.split_once('=').unwrap_or((directive, ""));
            match name.trim().to_ascii_lowercase().as_str() {
                "max-age" => read.max_age = argument.trim().trim_matches('"').parse().ok(),
                "includesubdomains" => read.includes_subdomains = true,
                "preload" => read.preload = true,
                _ => {}
            }
        }
        read
    }
}

/// Finds out which protocols are spoken inside, and asks for a page.
pub(super) async fn look(asker: &Asker<'_>, handshaker: &Handshaker) -> (Vec<&'static str>, Option<Hsts>) {
    let mut alpn = Vec::new();
    if !asker.target.may_serve_pages() {
        return (alpn, None);
    }
    let (shown, _) = handshaker.open(asker, &["h2"]).await;
    if shown.alpn.as_deref() == Some("h2") {
        alpn.push("h2");
    }
    let (shown, stream) = handshaker.open(asker, &["http/1.1"]).await;
    if shown.alpn.as_deref() == Some("http/1.1") {
        alpn.push("http/1.1");
    }
    let hsts = match stream {
        Some(stream) => ask(asker, stream).await,
        None => None,
    };
    (alpn, hsts)
}

async fn ask(asker: &Asker<'_>, mut stream: TlsStream<Wire>) -> Option<Hsts> {
    let until = asker.until();
    let host = asker.name().map_or_else(|| asker.target.address.ip().to_string(), str::to_owned);
    let host: String = host.chars().filter(|it| !it.is_control() && !it.is_whitespace()).collect();
    let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    timeout_at(until, stream.write_all(request.as_bytes())).await.ok()?.ok()?;
    let mut heard = Vec::new();
    while !heard.windows(4).any(|end| end == b"\r\n\r\n") && heard.len() < HEAD {
        match timeout_at(until, stream.read_buf(&mut heard)).await {
            Ok(Ok(count)) if count > 0 => {}
            _ => break,
        }
    }
    read_head(&heard)
}

/// What the head of an answer says; none when it is no answer of a web server.
fn read_head(heard: &[u8]) -> Option<Hsts> {
    let text = String::from_utf8_lossy(heard);
    let lines = text.split("\r\n\r\n").next()?;
    let mut lines = lines.lines();
    if !lines.next()?.starts_with("HTTP/1.") {
        return None;
    }
    let value = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("strict-transport-security").then_some(value)
    });
    Some(value.map(Hsts::read).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read() {
        let read = |value| Hsts::read(value);
        let year = Hsts { max_age: Some(31_536_000), includes_subdomains: true, preload: true };
        assert_eq!(read(" max-age=\"31536000\"; includeSubDomains ;PRELOAD"), year);
        assert_eq!(read("max-age=soon").max_age, None);
        assert_eq!(read(""), Hsts::default());
        let page = b"HTTP/1.1 301 Moved\r\nstrict-transport-security: max-age=5\r\n\r\nbody";
        assert_eq!(read_head(page).unwrap().max_age, Some(5));
        assert_eq!(read_head(b"HTTP/1.0 200 OK\r\n\r\n"), Some(Hsts::default()));
        assert_eq!(read_head(b"* OK IMAP"), None);
        assert_eq!(read_head(b""), None);
    }
}
