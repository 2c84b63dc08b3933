//! The bell of one process.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio::sync::{Mutex, broadcast, mpsc};

use super::News;
use crate::{
    id::{JobId, ShardId, UserId},
    scan::Ability,
};

/// Rings that may wait; one that finds no room is rung again by the sweeper.
const RINGS: usize = 100_000;
/// Messages that a subscriber may be behind before it hears of a gap.
const BEHIND: usize = 4096;

/// Channels of this process.
#[derive(Clone, Debug)]
pub struct Embedded {
    ring: mpsc::Sender<ShardId>,
    heard: Arc<Mutex<mpsc::Receiver<ShardId>>>,
    news: broadcast::Sender<News>,
    stops: broadcast::Sender<JobId>,
    access: broadcast::Sender<UserId>,
    worker: Arc<OnceLock<Ability>>,
}

impl Embedded {
    pub(super) fn new() -> Self {
        let (ring, heard) = mpsc::channel(RINGS);
        let heard = Arc::new(Mutex::new(heard));
        let (news, stops) = (broadcast::Sender::new(BEHIND), broadcast::Sender::new(BEHIND));
        let access = broadcast::Sender::new(BEHIND);
        Self { ring, heard, news, stops, access, worker: Arc::default() }
    }

    pub(super) fn ring(&self, shards: &[ShardId]) {
        for shard in shards {
            if self.ring.try_send(*shard).is_err() {
                tracing::debug!(shard.id = %shard, "no room to ring; the sweeper will");
            }
        }
    }

    pub(super) async fn hear(&self, most: usize) -> Vec<ShardId> {
        let mut shards = Vec::new();
        let mut heard = self.heard.lock().await;
        let waiting = heard.recv_many(&mut shards, most);
        if tokio::time::timeout(Duration::from_secs(1), waiting).await.is_err() {
            tracing::trace!("nothing rung");
        }
        shards
    }

    pub(super) fn waiting(&self) -> usize {
        RINGS - self.ring.capacity()
    }

    pub(super) fn tell(&self, news: Vec<News>) {
        for message in news {
            // Nobody listening is no fault.
            drop(self.news.send(message));
        }
    }

    pub(super) fn news(&self) -> broadcast::Receiver<News> {
        self.news.subscribe()
    }

    pub(super) fn stop(&self, job: JobId) {
        drop(self.stops.send(job));
    }

    pub(super) fn stops(&self) -> broadcast::Receiver<JobId> {
        self.stops.subscribe()
    }

    pub(super) fn tell_access(&self, user: UserId) {
        drop(self.access.send(user));
    }

    pub(super) fn access(&self) -> broadcast::Receiver<UserId> {
        self.access.subscribe()
    }

    /// The worker is of this process, and lives as long as it does.
    pub(super) fn report_worker(&self, ability: Ability) {
        self.worker.get_or_init(|| ability);
    }

    pub(super) fn workers(&self) -> Option<Ability> {
        self.worker.get().copied()
    }
}
