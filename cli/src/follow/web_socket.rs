//! One stream of WebSocket frames.

use std::sync::Arc;
use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use reqwest::header::AUTHORIZATION;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::Response;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};

use super::{Cut, Follower};
use crate::call_error::CallError;
use crate::client::unwrap_envelope;
use crate::event::Event;
use crate::failure::root;
use crate::wire::Problem;

/// How long connecting and the upgrade may take.
const OPEN_TIMEOUT: Duration = Duration::from_secs(30);
/// A server of ours pings every 20 s.
const SILENCE: Duration = Duration::from_mins(1);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Reads one stream to its end.
pub(super) async fn read(follower: &mut Follower) -> Cut {
    match timeout(OPEN_TIMEOUT, connect(follower)).await {
        Err(_) => Cut::unopened("the WebSocket does not open"),
        Ok(Err(cut)) => cut,
        Ok(Ok(socket)) => read_frames(follower, socket).await,
    }
}

async fn connect(follower: &Follower) -> Result<Socket, Cut> {
    let link = follower.scan.websocket_url.as_deref();
    let url = link
        .and_then(|link| follower.client.server().rebase_socket(link))
        .ok_or_else(|| Cut::Unavailable("the server offers none".into()))?;
    let mut request = url.into_client_request().map_err(|error| Cut::Unavailable(error.to_string()))?;
    request.headers_mut().insert(AUTHORIZATION, follower.client.key().authorization());
    let connector = if follower.client.server().is_secure() {
        Connector::Rustls(Arc::new(follower.client.tls().clone()))
    } else {
        Connector::Plain
    };
    let (mut socket, _) =
        connect_async_tls_with_config(request, None, false, Some(connector)).await.map_err(not_opened)?;
    if let Some(last) = follower.journal.last().and_then(|id| id.parse::<u64>().ok()) {
        let resume = json!({"type": "resume", "last_seq": last}).to_string();
        socket.send(Message::text(resume)).await.map_err(not_opened)?;
    }
    Ok(socket)
}

fn not_opened(error: Error) -> Cut {
    if let Error::Http(response) = error {
        return Cut::from_refusal(refusal(&response));
    }
    Cut::unopened(format!("the server cannot be reached by WebSocket ({})", root(&error)))
}

fn refusal(response: &Response<Option<Vec<u8>>>) -> CallError {
    let status = response.status();
    match unwrap_envelope(status, response.body().as_deref().unwrap_or_default()) {
        Err(error) => error,
        Ok(_) => CallError::Foreign { status: status.as_u16(), cause: None },
    }
}

async fn read_frames(follower: &mut Follower, mut socket: Socket) -> Cut {
    loop {
        let text = match timeout(SILENCE, socket.next()).await {
            Err(_) => return Cut::open("the WebSocket fell silent"),
            Ok(None) => return Cut::open("the WebSocket was closed"),
            Ok(Some(Err(error))) => return Cut::open(format!("the WebSocket was cut ({})", root(&error))),
            Ok(Some(Ok(Message::Close(frame)))) => return closed(frame),
            Ok(Some(Ok(Message::Text(text)))) => text,
            Ok(Some(Ok(_))) => continue,
        };
        let Some(event) = event(&text) else { continue };
        if !follower.deliver(event).await {
            drop(socket.close(None).await);
            return Cut::Ended;
        }
    }
}

fn closed(frame: Option<CloseFrame>) -> Cut {
    let Some(frame) = frame else { return Cut::open("the WebSocket was closed") };
    if frame.code == CloseCode::Normal {
        return Cut::Over;
    }
    if frame.code == CloseCode::Policy {
        let (code, message) = ("KEY_REVOKED".into(), frame.reason.to_string());
        let problem = Problem { code, message, ..Problem::default() };
        return Cut::Refused(CallError::Refused { status: 401, problem });
    }
    Cut::open(format!("the WebSocket was closed (code {})", frame.code))
}

/// The event of a frame; nothing for the frames that only serve the connection.
///
/// Shape: `{"type":"port_found","seq":3,..}`, the rest being what the SSE event carries.
fn event(text: &str) -> Option<Event> {
    let Ok(Value::Object(mut fields)) = serde_json::from_str(text) else { return None };
    let kind = fields.remove("type")?.as_str()?.to_owned();
    if matches!(kind.as_str(), "pong" | "error") {
        return None;
    }
    let id = fields.remove("seq").and_then(|seq| seq.as_u64()).map(|seq| seq.to_string());
    Some(Event { id, kind, data: Value::Object(fields) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_the_event_it_would_be_by_sse() {
        let read = event(r#"{"type":"port_found","seq":3,"port":22}"#).unwrap();
        assert_eq!(
            read,
            Event { id: Some("3".into()), kind: "port_found".into(), data: json!({"port": 22}) }
        );
        for text in [r#"{"type":"pong"}"#, r#"{"seq":1}"#, "pong", "[]"] {
            assert_eq!(event(text), None);
        }
    }
}
