//! The WebSocket of a scan: the same events as SSE, and messages back.

use std::time::Duration;

use axum::{
    extract::{
        State, WebSocketUpgrade,
        ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code, rejection::WebSocketUpgradeRejection},
    },
    response::Response,
};
use futures::{SinkExt, StreamExt, stream::SplitSink};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::{
    event::Fact,
    job::{Status, cancel},
    store::scans::Scan,
};
use tokio::time::{Instant, interval_at, timeout};

use super::{
    body::{Query, ScanId},
    caller::Leave,
    event,
    problem::Problem,
    sse::position,
};
use crate::{
    hub::{Item, Listener},
    site::Site,
};

const PING: Duration = Duration::from_secs(20);
/// A peer that says nothing for so long, not even a pong, is gone.
const SILENCE: Duration = Duration::from_mins(1);
/// A frame that cannot be written for so long has a listener that does not read. It is given as long again to take what
/// was written, and with it the close code.
const SLOW: Duration = Duration::from_secs(10);
/// Any other listener has so long to take its close code, and so long to answer it.
const PARTING: Duration = Duration::from_secs(1);
/// The largest message a client may send, in bytes.
const LARGEST: usize = 16 * 1024;
/// The largest that is read, to be refused in good order: closed with bytes unread, the connection would be reset and
/// the close code lost.
const READ: usize = 1024 * 1024;

/// Opens the WebSocket of a scan.
pub(super) async fn upgrade(
    State(site): State<Site>,
    leave: Leave,
    ScanId(id): ScanId,
    Query(query): Query<super::sse::Position>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let scan = cancel::find(&site.core, &leave.principal, id).await?;
    let upgrade = upgrade.map_err(|error| Problem::unreadable("upgrade", error.body_text()))?;
    let after = position(query.last_event_id(), &scan);
    let upgrade = upgrade.read_buffer_size(4096).max_message_size(READ).max_frame_size(READ);
    Ok(upgrade.on_upgrade(async move |socket| Box::pin(Session::run(site, leave, scan, after, socket)).await))
}

/// What a client may say.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Said {
    Ping,
    Cancel,
    Resume { last_seq: i64 },
}

/// Reads an object; the derived reader alone would take a list for one.
fn said(text: &str) -> Option<Said> {
    let object: serde_json::Map<String, Value> = serde_json::from_str(text).ok()?;
    serde_json::from_value(Value::Object(object)).ok()
}

struct Session {
    site: Site,
    leave: Leave,
    scan: Scan,
    listener: Listener,
    sink: SplitSink<WebSocket, Message>,
}

/// Why a session ends: a close code and a reason.
type End = (u16, &'static str);

impl Session {
    async fn run(site: Site, leave: Leave, scan: Scan, after: i64, socket: WebSocket) {
        let _counted = site.metrics.stream_opened("websocket");
        let (sink, mut incoming) = socket.split();
        let listener = site.hub.listen(after, event::snapshot(&scan));
        let mut session = Self { site, leave, scan, listener, sink };
        let ended_before = session.scan.job.status.is_final() && after == session.scan.job.last_seq;
        let end = if ended_before { COMPLETE } else { session.talk(&mut incoming).await.unwrap_or(GONE) };
        session.close(end).await;
        // The peer's own close frame, so that it is not answered with a reset.
        drop(timeout(PARTING, async { while let Some(Ok(_)) = incoming.next().await {} }).await);
    }

    /// Sends and listens until something ends it; `None` when the peer is gone.
    async fn talk(
        &mut self,
        incoming: &mut (impl StreamExt<Item = Result<Message, axum::Error>> + Unpin),
    ) -> Option<End> {
        let status = self.scan.job.status;
        self.send(event::text_progress(&event::snapshot(&self.scan), status)).await.ok()?;
        let mut pings = interval_at(Instant::now() + PING, PING);
        let mut heard = Instant::now();
        let stop = self.site.stop.clone();
        loop {
            let ended = tokio::select! {
                () = stop.cancelled() => Err((close_code::AWAY, "the server restarts; resume by number")),
                item = self.listener.next() => self.show(item).await,
                message = incoming.next() => {
                    heard = Instant::now();
                    self.answer(message?).await
                }
                () = self.leave.changed() => self.check().await,
                _ = pings.tick() => if heard.elapsed() > SILENCE { return None } else { self.ping().await },
            };
            if let Err(end) = ended {
                return Some(end);
            }
        }
    }

    async fn show(&mut self, item: Item) -> Result<(), End> {
        match item {
            Item::Progress(progress) => self.send(event::text_progress(&progress, Status::Running)).await,
            Item::Event(frame) => {
                self.send(frame.text(event::text)).await?;
                if matches!(frame.event.fact, Fact::Complete { .. }) { Err(COMPLETE) } else { Ok(()) }
            }
        }
    }

    async fn answer(&mut self, message: Result<Message, axum::Error>) -> Result<(), End> {
        match message {
            Ok(Message::Text(text)) if text.len() > LARGEST => Err(TOO_LARGE),
            Ok(Message::Text(text)) => match said(&text) {
                Some(said) => self.heed(said).await,
                None => self.refuse(&unknown()).await,
            },
            Ok(Message::Binary(bytes)) if bytes.len() > LARGEST => Err(TOO_LARGE),
            Ok(Message::Binary(_)) => self.refuse(&unknown()).await,
            Ok(Message::Ping(_) | Message::Pong(_)) => Ok(()),
            Ok(Message::Close(_)) => Err((close_code::NORMAL, "")),
            Err(error) => Err(fault(&error)),
        }
    }

    async fn heed(&mut self, said: Said) -> Result<(), End> {
        match said {
            Said::Ping => self.send(json!({ "type": "pong" }).to_string().into()).await,
            Said::Resume { last_seq } => self.resume(last_seq).await,
            Said::Cancel => {
                let cancelled =
                    cancel::cancel(&self.site.core, &self.leave.principal, self.scan.job.id).await;
                match cancelled {
                    Ok(()) => Ok(()),
                    Err(error) => self.refuse(&error.into()).await,
                }
            }
        }
    }

    /// Goes on after a number that may have come up since the socket was opened.
    async fn resume(&mut self, last_seq: i64) -> Result<(), End> {
        match cancel::find(&self.site.core, &self.leave.principal, self.scan.job.id).await {
            Ok(scan) => self.listener.rewind(position(Some(&last_seq.to_string()), &scan)),
            Err(error) => self.refuse(&error.into()).await?,
        }
        Ok(())
    }

    async fn refuse(&mut self, problem: &Problem) -> Result<(), End> {
        self.send(json!({ "type": "error", "error": problem.to_json() }).to_string().into()).await
    }

    async fn ping(&mut self) -> Result<(), End> {
        self.check().await?;
        self.write(Message::Ping(bytes::Bytes::new())).await
    }

    /// A key that was revoked or has expired ends its streams.
    async fn check(&mut self) -> Result<(), End> {
        if self.leave.holds().await { Ok(()) } else { Err(REVOKED) }
    }

    async fn send(&mut self, text: Utf8Bytes) -> Result<(), End> {
        self.write(Message::Text(text)).await
    }

    async fn write(&mut self, message: Message) -> Result<(), End> {
        if let Ok(sent) = timeout(SLOW, self.sink.send(message)).await {
            return sent.map_err(|_| GONE);
        }
        tracing::info!(job.id = self.scan.job.id.to_base62(), "a listener is too slow and sent away");
        Err(TOO_SLOW)
    }

    async fn close(&mut self, end: End) {
        let (code, reason) = end;
        let patience = if end == TOO_SLOW { SLOW } else { PARTING };
        let frame = CloseFrame { code, reason: reason.into() };
        drop(timeout(patience, self.sink.send(Message::Close(Some(frame)))).await);
    }
}

const TOO_SLOW: End = (close_code::AGAIN, "too slow; resume by number");
const TOO_LARGE: End = (close_code::SIZE, "the message is too large");
const REVOKED: End = (close_code::POLICY, "the key does not hold any more");
const COMPLETE: End = (close_code::NORMAL, "complete");
/// Nobody is left to read it.
const GONE: End = (close_code::AWAY, "");

fn unknown() -> Problem {
    Problem::unreadable("type", "say ping, cancel, or resume with last_seq, as a JSON object with a type")
}

/// A broken protocol, or a message larger than allowed.
fn fault(error: &axum::Error) -> End {
    let text = error.to_string();
    if text.contains("too long") || text.contains("too large") {
        TOO_LARGE
    } else if text.contains("UTF-8") || text.contains("utf-8") {
        (close_code::INVALID, "not UTF-8")
    } else {
        (close_code::PROTOCOL, "not a WebSocket message")
    }
}
