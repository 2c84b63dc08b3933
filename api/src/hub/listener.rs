//! One listener's place in a topic.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use shared::event::Progress;
use tokio::sync::watch;

use super::{
    frame::{Frame, Step},
    topic::{Newest, Topic},
};

/// What a listener is given next.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    /// A stored event: each number once, in order.
    Event(Arc<Frame>),
    /// How far the job is; the newest only.
    Progress(Arc<Step>),
    /// Events that come next have been removed. Comes again until the listener is set to another number.
    Pruned,
}

/// A cursor in the events of one job.
#[derive(Debug)]
pub(crate) struct Listener {
    topic: Arc<Topic>,
    newest: watch::Receiver<Newest>,
    ready: VecDeque<Arc<Frame>>,
    last: i64,
    told: Progress,
}

impl Listener {
    pub(super) fn new(topic: Arc<Topic>, after: i64, told: Progress) -> Self {
        let newest = topic.newest.subscribe();
        Self { topic, newest, ready: VecDeque::new(), last: after, told }
    }

    /// Goes back, or forward, to behind number `after`.
    pub(crate) fn rewind(&mut self, after: i64) {
        self.ready.clear();
        self.last = after;
    }

    /// The number of the event that it was given last.
    pub(crate) fn last(&self) -> i64 {
        self.last
    }

    /// Whether all that comes next is there, as far as it is known by now.
    pub(crate) async fn is_whole(&mut self) -> bool {
        let newest = self.newest.borrow().seq;
        if newest <= self.last || !self.ready.is_empty() {
            return true;
        }
        let Ok(frames) = self.topic.after(self.last).await else { return true };
        self.ready.extend(frames);
        !self.ready.is_empty()
    }

    /// The next event or progress; waits until there is one. Safe to drop while it waits.
    pub(crate) async fn next(&mut self) -> Item {
        loop {
            if let Some(frame) = self.ready.pop_front() {
                self.last = frame.event.seq;
                return Item::Event(frame);
            }
            let (seq, progress) = {
                let newest = self.newest.borrow_and_update();
                (newest.seq, newest.progress.clone())
            };
            if seq > self.last {
                match self.topic.after(self.last).await {
                    Ok(frames) if frames.is_empty() => return Item::Pruned,
                    Ok(frames) => self.ready.extend(frames),
                    Err(error) => wait_for_the_database(&error).await,
                }
                continue;
            }
            if let Some(step) = progress.filter(|step| step.progress.is_after(&self.told)) {
                self.told = step.progress;
                return Item::Progress(step);
            }
            if self.newest.changed().await.is_err() {
                // The topic lives as long as this listener, so its sender cannot be gone.
                std::future::pending::<()>().await;
            }
        }
    }
}

/// A stream outlives a database that is away for a while.
pub(crate) async fn wait_for_the_database(error: &shared::error::Error) {
    tracing::warn!(%error, "a stream waits for the database");
    tokio::time::sleep(Duration::from_millis(500)).await;
}
