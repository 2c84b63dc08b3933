//! The SSE stream of a scan.

use std::{collections::VecDeque, convert::Infallible, time::Duration};

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::stream;
use serde::Deserialize;
use shared::{
    event::Fact,
    job::{Status, cancel},
    store::scans::Scan,
};
use tokio::time::{Instant, Interval, interval_at};

use super::{
    body::{Query, ScanId},
    caller::Leave,
    event,
    problem::Problem,
};
use crate::{
    hub::{Item, Listener},
    metrics::OpenStream,
    site::Site,
};

/// Proxies cut what is silent for half a minute.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What may stand in the query of a stream.
#[derive(Debug, Deserialize)]
pub(super) struct Position {
    last_event_id: Option<String>,
}

impl Position {
    pub(super) fn last_event_id(&self) -> Option<&str> {
        self.last_event_id.as_deref()
    }
}

/// Streams a scan: first what has happened, then what happens, until it has ended.
pub(super) async fn stream(
    State(site): State<Site>,
    leave: Leave,
    ScanId(id): ScanId,
    Query(query): Query<Position>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let scan = cancel::find(&site.core, &leave.principal, id).await?;
    let header = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let after = position(header.or(query.last_event_id()), &scan);
    if scan.job.status.is_final() && after == scan.job.last_seq {
        // The one answer that makes an EventSource stop coming back.
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let feed = Feed::new(site, leave, &scan, after);
    let frames =
        stream::unfold(feed, async |mut feed| Some((Ok::<Bytes, Infallible>(feed.next().await?), feed)));
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-cache"),
        // Without this a proxy that compresses holds events back.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, Body::from_stream(frames)).into_response())
}

/// Where a listener goes on. A position that cannot be served is a first connect.
pub(super) fn position(text: Option<&str>, scan: &Scan) -> i64 {
    let number = text.and_then(|text| text.trim().parse().ok());
    number.filter(|number| (0..=scan.job.last_seq).contains(number)).unwrap_or(0)
}

struct Feed {
    site: Site,
    leave: Leave,
    listener: Listener,
    first: VecDeque<Bytes>,
    keep_alive: Interval,
    over: bool,
    _counted: OpenStream,
}

impl Feed {
    fn new(site: Site, leave: Leave, scan: &Scan, after: i64) -> Self {
        let shown = event::snapshot(scan);
        let listener = site.hub.listen(after, shown);
        let first = VecDeque::from([
            Bytes::from_static(b"retry: 3000\n\n"),
            event::sse_progress(&shown, scan.job.status),
        ]);
        let keep_alive = interval_at(Instant::now() + KEEP_ALIVE, KEEP_ALIVE);
        let counted = site.metrics.stream_opened("sse");
        Self { site, leave, listener, first, keep_alive, over: false, _counted: counted }
    }

    /// The next bytes; `None` ends the stream.
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(bytes) = self.first.pop_front() {
            return Some(bytes);
        }
        if self.over {
            return None;
        }
        tokio::select! {
            biased;
            () = self.site.stop.cancelled() => {
                self.over = true;
                Some(spread_retry())
            }
            () = self.leave.changed() => self.still_allowed().await,
            item = self.listener.next() => Some(self.encode(item)),
            _ = self.keep_alive.tick() => self.still_allowed().await,
        }
    }

    fn encode(&mut self, item: Item) -> Bytes {
        match item {
            Item::Progress(progress) => event::sse_progress(&progress, Status::Running),
            Item::Event(frame) => {
                self.over = matches!(frame.event.fact, Fact::Complete { .. });
                frame.sse(event::sse)
            }
        }
    }

    /// A key that was revoked or has expired ends its streams.
    async fn still_allowed(&mut self) -> Option<Bytes> {
        self.leave.holds().await.then(|| Bytes::from_static(b": keep-alive\n\n"))
    }
}

/// Sent away on shutdown, listeners come back over a few seconds, not all at once.
fn spread_retry() -> Bytes {
    let mut random = [0_u8; 1];
    if getrandom::fill(&mut random).is_err() {
        random = [128];
    }
    let milliseconds = 500 + u32::from(random[0]) * 10;
    Bytes::from(format!("retry: {milliseconds}\n\n"))
}
