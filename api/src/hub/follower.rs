//! One follower's place in the events of an organization.

use std::{collections::VecDeque, sync::Arc};

use shared::event::Position;
use tokio::sync::watch;

use super::{
    feed::{Behind, Feed, Rung},
    frame::{Frame, Step},
    listener::wait_for_the_database,
};

/// What a follower is given next.
#[derive(Clone, Debug)]
pub(crate) enum News {
    /// A stored event: each once, each job's in order.
    Event(Arc<Frame>),
    /// How far a job is; the newest only.
    Progress(Arc<Step>),
    /// Events that come next have been removed. Comes again until the follower is set to another position.
    Pruned,
}

/// A cursor in the events of one organization.
#[derive(Debug)]
pub(crate) struct Follower {
    feed: Arc<Feed>,
    rung: watch::Receiver<Rung>,
    ready: VecDeque<Arc<Frame>>,
    last: Position,
    seen: Rung,
}

impl Follower {
    pub(super) fn new(feed: Arc<Feed>, after: Position) -> Self {
        let mut rung = feed.rung.subscribe();
        // What was told before counts as seen, but for events: there may be some behind the position.
        let seen = Rung { events: 0, progress: rung.borrow_and_update().progress };
        Self { feed, rung, ready: VecDeque::new(), last: after, seen }
    }

    /// Goes back, or forward, to behind a position.
    pub(crate) fn rewind(&mut self, after: Position) {
        self.ready.clear();
        self.last = after;
        self.seen.events = 0;
    }

    /// The position of the event that it was given last.
    pub(crate) fn last(&self) -> Position {
        self.last
    }

    /// The next event or progress; waits until there is one. Safe to drop while it waits.
    pub(crate) async fn next(&mut self) -> News {
        loop {
            if let Some(frame) = self.ready.pop_front() {
                self.last = frame.position.unwrap_or(self.last);
                return News::Event(frame);
            }
            let rung = *self.rung.borrow_and_update();
            if rung.events > self.seen.events {
                match self.feed.after(self.last).await {
                    Ok(Behind::Events(frames)) => self.ready.extend(frames),
                    Ok(Behind::Nothing) => self.seen.events = rung.events,
                    Ok(Behind::Pruned) => return News::Pruned,
                    Err(error) => wait_for_the_database(&error).await,
                }
            } else if let Some((age, step)) = self.feed.step_after(self.seen.progress) {
                self.seen.progress = age;
                return News::Progress(step);
            } else if self.rung.changed().await.is_err() {
                // The feed lives as long as this follower, so its sender cannot be gone.
                std::future::pending::<()>().await;
            }
        }
    }
}
