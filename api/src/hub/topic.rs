//! The newest events of one job.

use std::sync::{Arc, Mutex, PoisonError};

use shared::{
    error::Result,
    event::{Event, Progress},
    id::JobId,
    job::view::About,
    store::{Store, events},
};
use tokio::sync::watch;

use super::{
    frame::{Frame, Step},
    window::Window,
};

/// Events read at once.
const PAGE: i64 = 256;

/// What listeners watch.
#[derive(Clone, Debug)]
pub(super) struct Newest {
    /// The newest number known to exist.
    pub(super) seq: i64,
    /// The newest progress.
    pub(super) progress: Option<Arc<Step>>,
}

#[derive(Debug)]
pub(super) struct Topic {
    store: Store,
    job: JobId,
    about: About,
    window: Mutex<Window<i64>>,
    /// Held while the database is read, so that a thousand listeners make one read.
    reading: tokio::sync::Mutex<()>,
    pub(super) newest: watch::Sender<Newest>,
}

impl Topic {
    pub(super) fn new(store: Store, job: JobId, about: About, after: i64) -> Self {
        let newest = watch::Sender::new(Newest { seq: after, progress: None });
        let window = Mutex::new(Window::behind(after));
        Self { store, job, about, window, reading: tokio::sync::Mutex::new(()), newest }
    }

    /// Takes an event from the feed. One out of turn is only announced: listeners then read the gap.
    pub(super) fn push(&self, event: Event) {
        let seq = event.seq;
        {
            let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
            if seq == window.last() + 1 {
                window.push(seq, self.frame(event));
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
            let newer = newest.progress.as_ref().is_none_or(|last| progress.is_after(&last.progress));
            if newer {
                newest.progress = Some(Step::new(progress, self.about.clone()).into());
            }
            newer
        });
    }

    /// Events after number `after`, in order and without a gap, when a newer one has been announced. None when there are
    /// none any more.
    pub(super) async fn after(&self, after: i64) -> Result<Vec<Arc<Frame>>> {
        match self.kept(after) {
            Some(frames) => Ok(frames),
            // Apart, since each listener holds the room for whatever it may come to wait for.
            None => Box::pin(self.read(after)).await,
        }
    }

    async fn read(&self, after: i64) -> Result<Vec<Arc<Frame>>> {
        let _turn = self.reading.lock().await;
        if let Some(frames) = self.kept(after) {
            return Ok(frames);
        }
        let read = events::after(&self.store, self.job, after, PAGE).await?;
        let frames: Vec<Arc<Frame>> = read.into_iter().map(|event| self.frame(event)).collect();
        let expected = (after + 1..).zip(&frames).take_while(|(seq, frame)| *seq == frame.event.seq);
        let whole: Vec<Arc<Frame>> = expected.map(|(_, frame)| frame.clone()).collect();
        let numbered = whole.iter().map(|frame| (frame.event.seq, frame.clone()));
        self.window.lock().unwrap_or_else(PoisonError::into_inner).insert(after, numbered);
        Ok(whole)
    }

    /// What this topic has, unless the caller is further behind or further ahead than it reaches.
    fn kept(&self, after: i64) -> Option<Vec<Arc<Frame>>> {
        let window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        window.after(after).filter(|frames| !frames.is_empty())
    }

    fn frame(&self, event: Event) -> Arc<Frame> {
        Frame::new(event, self.about.clone(), None).into()
    }
}
