//! Stories over Server-Sent Events.

use std::{convert::Infallible, pin::Pin, time::Duration};

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bytes::{Bytes, BytesMut};
use futures::{FutureExt, stream};
use tokio::time::{Instant, Interval, interval_at};
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::{
    body::{PathJob, Query, ScanId},
    caller::Leave,
    following::{Following, Position},
    problem::Problem,
    story::{Asked, Told},
};
use crate::{metrics::OpenStream, site::Site};

/// Proxies cut what is silent for half a minute.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// A connection that takes nothing of what waits for it for so long has a listener that does not read.
const SLOW: Duration = Duration::from_secs(10);
/// Bytes that are handed over at once, when so many wait.
const AT_ONCE: usize = 16 * 1024;

/// Streams a scan: first what has happened, then what happens, until it has ended.
pub(super) async fn scan(
    State(site): State<Site>,
    leave: Leave,
    ScanId(id): ScanId,
    Query(position): Query<Position>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    Following::scan(site, leave, id, position.text(&headers)).await.map(stream)
}

/// Streams a job of any kind in the same way.
pub(super) async fn job(
    State(site): State<Site>,
    leave: Leave,
    PathJob(id): PathJob,
    Query(position): Query<Position>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    Following::job(site, leave, id, position.text(&headers)).await.map(stream)
}

/// Streams all jobs of the organization that the caller may see: what happens from now on, or from a position.
pub(super) async fn all(
    State(site): State<Site>,
    leave: Leave,
    Query(asked): Query<Asked>,
    Query(position): Query<Position>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    Following::all(site, leave, asked, position.text(&headers)).await.map(stream)
}

fn stream(following: Following) -> Response {
    if following.is_over {
        // The one answer that makes an EventSource stop coming back.
        return StatusCode::NO_CONTENT.into_response();
    }
    let feed = Feed::new(following);
    let frames =
        stream::unfold(feed, async |mut feed| Some((Ok::<Bytes, Infallible>(feed.next().await?), feed)));
    (HEADERS, Body::from_stream(frames)).into_response()
}

const HEADERS: [(header::HeaderName, &str); 3] = [
    (header::CONTENT_TYPE, "text/event-stream"),
    (header::CACHE_CONTROL, "no-cache"),
    // Without this a proxy that compresses holds events back.
    (header::HeaderName::from_static("x-accel-buffering"), "no"),
];

/// Has an EventSource come back later where the server cannot serve it now: after a 503 it never would.
pub(super) async fn come_back(request: Request, next: Next) -> Response {
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let is_event_source = accept.is_some_and(|accept| accept.contains("text/event-stream"));
    let response = next.run(request).await;
    if is_event_source && response.status() == StatusCode::SERVICE_UNAVAILABLE {
        return (HEADERS, spread_retry()).into_response();
    }
    response
}

struct Feed {
    following: Following,
    keep_alive: Interval,
    /// The server stops. Kept while it waits: to begin to wait anew for each event would cost more than the event.
    stopped: Pin<Box<WaitForCancellationFutureOwned>>,
    has_begun: bool,
    is_over: bool,
    /// When the connection was given something last.
    handed: Instant,
    _counted: OpenStream,
}

impl Feed {
    fn new(following: Following) -> Self {
        let now = Instant::now();
        let keep_alive = interval_at(now + KEEP_ALIVE, KEEP_ALIVE);
        let counted = following.site.metrics.stream_opened("sse");
        let stopped = Box::pin(following.site.stop.clone().cancelled_owned());
        Self {
            following,
            keep_alive,
            stopped,
            has_begun: false,
            is_over: false,
            handed: now,
            _counted: counted,
        }
    }

    /// The next bytes; `None` ends the stream. Asked as soon as the connection has room for more.
    async fn next(&mut self) -> Option<Bytes> {
        if self.is_over {
            return None;
        }
        let bytes = if self.handed.elapsed() > SLOW && self.has_begun {
            tracing::info!("a listener is too slow and sent away");
            self.is_over = true;
            Some(spread_retry())
        } else {
            self.more().await
        };
        self.has_begun = true;
        self.handed = Instant::now();
        bytes
    }

    async fn more(&mut self) -> Option<Bytes> {
        if !self.has_begun {
            return Some(Bytes::from_static(b"retry: 3000\n\n"));
        }
        let Following { leave, story, .. } = &mut self.following;
        tokio::select! {
            biased;
            () = &mut self.stopped => {
                self.is_over = true;
                Some(spread_retry())
            }
            () = leave.changed() => self.still_allowed().await,
            told = story.next() => Some(self.gather(&told)),
            _ = self.keep_alive.tick() => self.still_allowed().await,
        }
    }

    /// A message, and those that wait behind it.
    fn gather(&mut self, told: &Told) -> Bytes {
        self.is_over = told.is_last;
        let first = told.message.sse();
        let mut more: Option<BytesMut> = None;
        while !self.is_over && more.as_ref().map_or(first.len(), BytesMut::len) < AT_ONCE {
            let Some(told) = self.following.story.next().now_or_never() else { break };
            self.is_over = told.is_last;
            more.get_or_insert_with(|| BytesMut::from(first.as_ref())).extend_from_slice(&told.message.sse());
        }
        more.map_or(first, BytesMut::freeze)
    }

    /// A key that was revoked or has expired ends its streams.
    async fn still_allowed(&mut self) -> Option<Bytes> {
        if !self.following.leave.holds().await {
            self.is_over = true;
            return None;
        }
        let position = self.following.story.position();
        Some(position.map_or(Bytes::from_static(b": keep-alive\n\n"), |message| message.sse()))
    }
}

/// Sent away, listeners come back over a few seconds, not all at once.
fn spread_retry() -> Bytes {
    let mut random = [0_u8; 1];
    if getrandom::fill(&mut random).is_err() {
        random = [128];
    }
    let milliseconds = 500 + u32::from(random[0]) * 10;
    Bytes::from(format!("retry: {milliseconds}\n\n"))
}
