//! What the fake server says, written as it goes over the wire.

use std::time::Duration;

use serde_json::{Value, json};

/// The scan every test is about.
pub(crate) const SCAN: &str = "scan_Q8m2Zt4LxA0p";

/// One answer.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Bytes of HTTP, and what happens between them; then the connection is closed.
    Http(Vec<Part>),
    /// An upgrade, these frames, and a close.
    Socket(Vec<String>),
}

/// A piece of an answer.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    /// Sent as it stands.
    Text(String),
    /// Waits until a request of this method came.
    Until(&'static str),
    /// Waits.
    Pause(Duration),
}

impl Reply {
    /// An answer of the API.
    pub(crate) fn data(status: u16, data: &Value) -> Self {
        Self::json(status, &json!({"success": true, "data": data, "metadata": {}}))
    }

    /// An error of the API.
    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        let error = json!({"code": code, "message": message, "details": {}});
        Self::json(status, &json!({"success": false, "error": error, "metadata": {}}))
    }

    fn json(status: u16, body: &Value) -> Self {
        Self::http(status, "application/json", &body.to_string())
    }

    /// Any answer.
    pub(crate) fn http(status: u16, content_type: &str, body: &str) -> Self {
        let length = body.len();
        Self::Http(vec![Part::Text(format!(
            "HTTP/1.1 {status} Fine\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}"
        ))])
    }

    /// The answer that a stream has nothing more to tell.
    pub(crate) fn no_content() -> Self {
        Self::Http(vec![Part::Text("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n".into())])
    }

    /// A stream of events that ends without saying so.
    pub(crate) fn stream(parts: impl IntoIterator<Item = Part>) -> Self {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\
                    Connection: close\r\n\r\nretry: 20\n\n";
        Self::Http([Part::Text(head.into())].into_iter().chain(parts).collect())
    }

    /// A stream that breaks off within the data of its first event.
    pub(crate) fn torn(data: &str) -> Self {
        let event = format!("retry: 20\n\nid: 1\nevent: port_found\ndata: {data}");
        Self::Http(vec![Part::Text(format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{event}\r\n",
            event.len()
        ))])
    }

    /// The scan was accepted; the links are those a proxy's other name would give.
    pub(crate) fn created() -> Self {
        Self::data(
            201,
            &json!({
                "scan_id": SCAN, "status": "queued", "target": "lab.test", "created_at": "2026-03-02T08:11:00Z",
                "estimated_duration": 4,
                "websocket_url": format!("ws://inside.invalid/ws/scans/{SCAN}"),
                "sse_url": format!("http://inside.invalid/api/v1/scans/{SCAN}/stream"),
            }),
        )
    }

    /// The results of a scan that found port 22 and 443.
    pub(crate) fn results() -> Self {
        Self::data(200, &results())
    }
}

/// The document behind [`Reply::results`].
pub(crate) fn results() -> Value {
    json!({
        "scan_id": SCAN, "target": "lab.test", "duration": 2.5,
        "summary": {"total_ports_scanned": 1000, "open_ports": 2, "closed_ports": 990, "filtered_ports": 8},
        "ports": [port(22, "ssh"), port(443, "https")], "hosts": [{"address": "192.0.2.1"}],
    })
}

/// A port as events and results write it.
pub(crate) fn port(number: u16, service: &str) -> Value {
    json!({
        "port": number, "address": "192.0.2.1", "host": "lab.test", "protocol": "tcp", "state": "open",
        "service": service, "version": null, "banner": null, "timestamp": "2026-03-02T08:11:01Z",
    })
}

/// The last event.
pub(crate) fn complete(status: &str, error: &Value) -> Value {
    json!({
        "scan_id": SCAN, "status": status, "progress": 100, "duration": 2.5, "error": error,
        "summary": {"total_ports_scanned": 1000, "open_ports": 2, "closed_ports": 990, "filtered_ports": 8},
    })
}

/// An event on the wire.
pub(crate) fn event(id: u64, name: &str, data: &Value) -> Part {
    Part::Text(format!("id: {id}\nevent: {name}\ndata: {data}\n\n"))
}
