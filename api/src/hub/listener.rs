//! One listener's place in a topic.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use shared::event::Progress;
use tokio::sync::watch;

use super::topic::{Frame, Newest, Topic};

/// What a listener is given next.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    /// A stored event: each number once, in order.
    Event(Arc<Frame>),
    /// How far the job is; the newest only.
    Progress(Progress),
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

    /// The next event or progress; waits until there is one. Safe to drop while it waits.
    pub(crate) async fn next(&mut self) -> Item {
        loop {
            if let Some(frame) = self.ready.pop_front() {
                self.last = frame.event.seq;
                return Item::Event(frame);
            }
            let newest = *self.newest.borrow_and_update();
            if newest.seq > self.last {
                self.fetch().await;
                continue;
            }
            if let Some(progress) = newest.progress.filter(|progress| progress.is_after(&self.told)) {
                self.told = progress;
                return Item::Progress(progress);
            }
            if self.newest.changed().await.is_err() {
                // The topic lives as long as this listener, so its sender cannot be gone.
                std::future::pending::<()>().await;
            }
        }
    }

    async fn fetch(&mut self) {
        match self.topic.after(self.last).await {
            Ok(frames) if frames.is_empty() => {
                // Announced, yet not to be read: pruned, or not visible yet to this reader.
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Ok(frames) => self.ready.extend(frames),
            Err(error) => {
                tracing::warn!(%error, "a stream waits for the database");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
    }
}
