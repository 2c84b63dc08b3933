//! Stories over WebSocket, and messages back.

mod ending;

use std::{pin::pin, time::Duration};

use axum::{
    extract::{
        State, WebSocketUpgrade,
        ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code, rejection::WebSocketUpgradeRejection},
    },
    http::HeaderMap,
    response::Response,
};
use futures::{FutureExt, SinkExt, StreamExt, stream::SplitSink};
use serde_json::json;
use shared::job::cancel;
use tokio::time::{Instant, interval_at, timeout};

use self::ending::{COMPLETE, End, GONE, RESTART, REVOKED, TOO_LARGE, TOO_SLOW, fault};
use super::{
    body::{PathJob, Query, ScanId},
    caller::Leave,
    following::{Following, Position},
    problem::Problem,
    said::Said,
    story::{Asked, Told},
};
use crate::site::Site;

const PING: Duration = Duration::from_secs(20);
/// A peer that says nothing for so long, not even a pong, is gone: it is found at the second ping, well within a minute.
const SILENCE: Duration = Duration::from_secs(39);
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
/// Bytes that wait to be written; they are written when there are so many, or nothing more is to be said.
const WRITE: usize = 16 * 1024;
/// The most that may wait.
const MOST_WRITE: usize = 1024 * 1024;

type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

/// Opens the WebSocket of a scan.
pub(super) async fn scan(
    State(site): State<Site>,
    leave: Leave,
    ScanId(id): ScanId,
    Query(position): Query<Position>,
    upgrade: Upgrade,
) -> Result<Response, Problem> {
    open(upgrade, Following::scan(site, leave, id, position.text(&HeaderMap::new())).await?)
}

/// Opens the WebSocket of a job of any kind.
pub(super) async fn job(
    State(site): State<Site>,
    leave: Leave,
    PathJob(id): PathJob,
    Query(position): Query<Position>,
    upgrade: Upgrade,
) -> Result<Response, Problem> {
    open(upgrade, Following::job(site, leave, id, position.text(&HeaderMap::new())).await?)
}

/// Opens the WebSocket of all jobs of the organization that the caller may see.
pub(super) async fn all(
    State(site): State<Site>,
    leave: Leave,
    Query(asked): Query<Asked>,
    Query(position): Query<Position>,
    upgrade: Upgrade,
) -> Result<Response, Problem> {
    open(upgrade, Following::all(site, leave, asked, position.text(&HeaderMap::new())).await?)
}

fn open(upgrade: Upgrade, following: Following) -> Result<Response, Problem> {
    let upgrade = upgrade.map_err(|error| Problem::unreadable("upgrade", error.body_text()))?;
    let upgrade = upgrade.read_buffer_size(4096).max_message_size(READ).max_frame_size(READ);
    let upgrade = upgrade.write_buffer_size(WRITE).max_write_buffer_size(MOST_WRITE);
    Ok(upgrade.on_upgrade(async move |socket| Box::pin(Session::run(following, socket)).await))
}

struct Session {
    following: Following,
    sink: SplitSink<WebSocket, Message>,
}

impl Session {
    async fn run(following: Following, socket: WebSocket) {
        let _counted = following.site.metrics.stream_opened("websocket");
        let (sink, mut incoming) = socket.split();
        let mut session = Self { following, sink };
        let end = if session.following.is_over {
            COMPLETE
        } else {
            session.talk(&mut incoming).await.unwrap_or(GONE)
        };
        session.close(end).await;
        // The peer's own close frame, so that it is not answered with a reset.
        drop(timeout(PARTING, async { while let Some(Ok(_)) = incoming.next().await {} }).await);
    }

    /// Sends and listens until something ends it; `None` when the peer is gone.
    async fn talk(
        &mut self,
        incoming: &mut (impl StreamExt<Item = Result<Message, axum::Error>> + Unpin),
    ) -> Option<End> {
        let mut pings = interval_at(Instant::now() + PING, PING);
        let mut heard = Instant::now();
        let stop = self.following.site.stop.clone();
        let mut stopped = pin!(stop.cancelled());
        loop {
            let ended = tokio::select! {
                () = &mut stopped => Err(RESTART),
                told = self.following.story.next() => self.show(told).await,
                message = incoming.next() => {
                    heard = Instant::now();
                    self.answer(message?).await
                }
                () = self.following.leave.changed() => self.check().await,
                _ = pings.tick() => if heard.elapsed() > SILENCE { return None } else { self.ping().await },
            };
            if let Err(end) = ended {
                return Some(end);
            }
        }
    }

    /// Writes a message, and those that wait behind it, in as few pieces as may be.
    async fn show(&mut self, told: Told) -> Result<(), End> {
        let (mut next, mut length) = (Some(told), 0);
        while let Some(told) = next {
            let text = told.message.text();
            length += text.len();
            self.feed(Message::Text(text)).await?;
            if told.is_last {
                self.flush().await?;
                return Err(COMPLETE);
            }
            next = if length < WRITE { self.following.story.next().now_or_never() } else { None };
        }
        self.flush().await
    }

    async fn answer(&mut self, message: Result<Message, axum::Error>) -> Result<(), End> {
        match message {
            Ok(Message::Text(text)) if text.len() > LARGEST => Err(TOO_LARGE),
            Ok(Message::Text(text)) => match Said::read(&text) {
                // Apart, since each stream holds the room for whatever it may come to wait for.
                Some(said) => Box::pin(self.heed(said)).await,
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
        let done = match said {
            Said::Ping => return self.send(json!({ "type": "pong" }).to_string().into()).await,
            Said::Resume { last_seq, last_event_id } => {
                let position = last_event_id.or(last_seq.map(|number| number.to_string()));
                self.following.story.resume(&position.unwrap_or_default()).await
            }
            Said::Cancel => self.cancel().await,
        };
        match done {
            Ok(()) => Ok(()),
            Err(problem) => self.refuse(&problem).await,
        }
    }

    async fn cancel(&mut self) -> Result<(), Problem> {
        let Following { site, leave, job, .. } = &self.following;
        let Some(job) = *job else {
            return Err(Problem::unreadable("type", "cancel takes the WebSocket of one job"));
        };
        cancel::cancel(&site.core, &leave.principal, job).await.map_err(Problem::from)
    }

    async fn refuse(&mut self, problem: &Problem) -> Result<(), End> {
        self.send(json!({ "type": "error", "error": problem.to_json() }).to_string().into()).await
    }

    async fn ping(&mut self) -> Result<(), End> {
        self.check().await?;
        if let Some(position) = self.following.story.position() {
            self.feed(Message::Text(position.text())).await?;
        }
        self.feed(Message::Ping(bytes::Bytes::new())).await?;
        self.flush().await
    }

    /// A key that was revoked or has expired ends its streams.
    async fn check(&mut self) -> Result<(), End> {
        if self.following.leave.holds().await { Ok(()) } else { Err(REVOKED) }
    }

    async fn send(&mut self, text: Utf8Bytes) -> Result<(), End> {
        self.feed(Message::Text(text)).await?;
        self.flush().await
    }

    async fn feed(&mut self, message: Message) -> Result<(), End> {
        in_time(self.sink.feed(message)).await
    }

    async fn flush(&mut self) -> Result<(), End> {
        in_time(self.sink.flush()).await
    }

    async fn close(&mut self, end: End) {
        let (code, reason) = end;
        let patience = if end == TOO_SLOW { SLOW } else { PARTING };
        let frame = CloseFrame { code, reason: reason.into() };
        drop(timeout(patience, self.sink.send(Message::Close(Some(frame)))).await);
    }
}

async fn in_time(written: impl Future<Output = Result<(), axum::Error>>) -> Result<(), End> {
    if let Ok(written) = timeout(SLOW, written).await {
        return written.map_err(|_| GONE);
    }
    tracing::info!("a listener is too slow and sent away");
    Err(TOO_SLOW)
}

fn unknown() -> Problem {
    let message = "say ping, cancel, or resume with last_seq or last_event_id, as a JSON object with a type";
    Problem::unreadable("type", message)
}
