//! The newest events of one job.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use axum::extract::ws::Utf8Bytes;
use bytes::Bytes;
use shared::{
    error::Result,
    event::{Event, Progress},
    id::JobId,
    store::{Store, events},
};
use tokio::sync::watch;

/// Events that a topic keeps; a listener further behind reads the database.
const WINDOW: usize = 1024;
/// Events read at once.
const PAGE: i64 = 512;

/// One event, encoded at most once for each kind of stream.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) event: Event,
    sse: OnceLock<Bytes>,
    text: OnceLock<Utf8Bytes>,
}

impl Frame {
    fn new(event: Event) -> Arc<Self> {
        Arc::new(Self { event, sse: OnceLock::new(), text: OnceLock::new() })
    }

    /// The event for an SSE stream, by `encode` the first time.
    pub(crate) fn sse(&self, encode: impl FnOnce(&Event) -> Bytes) -> Bytes {
        self.sse.get_or_init(|| encode(&self.event)).clone()
    }

    /// The event for a WebSocket, by `encode` the first time.
    pub(crate) fn text(&self, encode: impl FnOnce(&Event) -> Utf8Bytes) -> Utf8Bytes {
        self.text.get_or_init(|| encode(&self.event)).clone()
    }
}

/// What listeners watch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Newest {
    /// The newest number known to exist.
    pub(super) seq: i64,
    /// The newest progress.
    pub(super) progress: Option<Progress>,
}

#[derive(Debug)]
struct History {
    /// In order; ends with number `last`.
    frames: VecDeque<Arc<Frame>>,
    last: i64,
}

#[derive(Debug)]
pub(super) struct Topic {
    store: Store,
    job: JobId,
    history: Mutex<History>,
    /// Held while the database is read, so that a thousand listeners make one read.
    reading: tokio::sync::Mutex<()>,
    pub(super) newest: watch::Sender<Newest>,
}

impl Topic {
    pub(super) fn new(store: Store, job: JobId, after: i64) -> Self {
        let history = Mutex::new(History { frames: VecDeque::new(), last: after });
        let newest = watch::Sender::new(Newest { seq: after, progress: None });
        Self { store, job, history, reading: tokio::sync::Mutex::new(()), newest }
    }

    /// Takes an event from the feed. One out of turn is only announced: listeners then read the gap.
    pub(super) fn push(&self, event: Event) {
        let seq = event.seq;
        {
            let mut history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
            if seq == history.last + 1 {
                history.push(event);
            }
        }
        self.announce(seq);
    }

    /// Tells listeners that number `seq` exists.
    pub(super) fn announce(&self, seq: i64) {
        self.newest.send_if_modified(|newest| {
            let newer = seq > newest.seq;
            newest.seq = newest.seq.max(seq);
            newer
        });
    }

    /// Takes progress from the feed; an older one than the last, overtaken on the way, is dropped.
    pub(super) fn progress(&self, progress: Progress) {
        self.announce(progress.seq);
        self.newest.send_if_modified(|newest| {
            let newer = newest.progress.is_none_or(|last| progress.is_after(&last));
            if newer {
                newest.progress = Some(progress);
            }
            newer
        });
    }

    /// Events after number `after`, in order: at least one whenever a newer one exists.
    pub(super) async fn after(&self, after: i64) -> Result<Vec<Arc<Frame>>> {
        if let Some(frames) = self.kept(after) {
            return Ok(frames);
        }
        let _turn = self.reading.lock().await;
        if let Some(frames) = self.kept(after) {
            return Ok(frames);
        }
        let Some(last) = self.read_from(after) else { return self.older(after).await };
        let read = events::after(&self.store, self.job, last, PAGE).await?;
        let mut history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        for event in read {
            if event.seq > history.last {
                history.push(event);
            }
        }
        Ok(history.after(after))
    }

    /// The number behind which the topic reads on for a listener at `after`; `None` when the listener is behind all
    /// that the topic keeps.
    fn read_from(&self, after: i64) -> Option<i64> {
        let mut history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        if history.frames.is_empty() {
            history.last = after;
        }
        (after >= history.last).then_some(history.last)
    }

    /// What this topic has, unless the caller is further behind or further ahead than it reaches.
    fn kept(&self, after: i64) -> Option<Vec<Arc<Frame>>> {
        let history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        let first = history.frames.front()?.event.seq;
        (first <= after + 1 && after < history.last).then(|| history.after(after))
    }

    async fn older(&self, after: i64) -> Result<Vec<Arc<Frame>>> {
        let read = events::after(&self.store, self.job, after, PAGE).await?;
        Ok(read.into_iter().map(Frame::new).collect())
    }
}

impl History {
    fn push(&mut self, event: Event) {
        self.last = event.seq;
        self.frames.push_back(Frame::new(event));
        if self.frames.len() > WINDOW {
            self.frames.pop_front();
        }
    }

    fn after(&self, after: i64) -> Vec<Arc<Frame>> {
        self.frames.iter().skip_while(|frame| frame.event.seq <= after).cloned().collect()
    }
}
