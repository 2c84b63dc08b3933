//! The bell of one process.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, broadcast},
    time::{Instant, timeout_at},
};

use super::{News, Turns, Workers};
use crate::{
    id::{JobId, ShardId, UserId},
    job::Due,
    scan::Ability,
};

/// Rings that may wait in one list; one that finds no room is rung again by the sweeper.
const RINGS: usize = 100_000;
/// Messages that a subscriber may be behind before it hears of a gap.
const BEHIND: usize = 4096;

/// Channels of this process.
#[derive(Clone, Debug)]
pub struct Embedded {
    rings: Arc<Rings>,
    news: broadcast::Sender<News>,
    stops: broadcast::Sender<JobId>,
    access: broadcast::Sender<UserId>,
    worker: Arc<OnceLock<Ability>>,
}

#[derive(Debug, Default)]
struct Rings {
    lists: Mutex<HashMap<Ability, VecDeque<ShardId>>>,
    rung: Notify,
    turns: Turns,
}

impl Embedded {
    pub(super) fn new() -> Self {
        let (news, stops) = (broadcast::Sender::new(BEHIND), broadcast::Sender::new(BEHIND));
        let access = broadcast::Sender::new(BEHIND);
        Self { rings: Arc::default(), news, stops, access, worker: Arc::default() }
    }

    pub(super) fn ring(&self, shards: &[Due]) {
        let mut lists = self.rings.locked();
        for Due { shard, needs } in shards {
            let list = lists.entry(*needs).or_default();
            if list.len() < RINGS {
                list.push_back(*shard);
            } else {
                tracing::debug!(shard.id = %shard, "no room to ring; the sweeper will");
            }
        }
        drop(lists);
        self.rings.rung.notify_waiters();
    }

    pub(super) async fn hear(&self, ability: Ability, most: usize) -> Vec<ShardId> {
        let lists = self.rings.turns.next(ability);
        let end = Instant::now() + Duration::from_secs(1);
        loop {
            // Listens before it looks, so that no ring falls in between.
            let rung = self.rings.rung.notified();
            let shards = self.rings.take(&lists, most);
            if !shards.is_empty() || timeout_at(end, rung).await.is_err() {
                return shards;
            }
        }
    }

    pub(super) fn rung(&self, most: usize) -> Option<Vec<ShardId>> {
        let lists = self.rings.locked();
        let is_short = lists.values().all(|list| list.len() <= most);
        is_short.then(|| lists.values().flatten().copied().collect())
    }

    pub(super) fn waiting(&self) -> usize {
        self.rings.locked().values().map(VecDeque::len).sum()
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

    pub(super) fn workers(&self) -> Option<Workers> {
        self.worker.get().map(|ability| Workers { all: *ability, best: *ability })
    }
}

impl Rings {
    /// The oldest rings of the first list that has any.
    fn take(&self, lists: &[Ability], most: usize) -> Vec<ShardId> {
        let mut rings = self.locked();
        for needs in lists {
            if let Some(list) = rings.get_mut(needs).filter(|list| !list.is_empty()) {
                return list.drain(..most.min(list.len())).collect();
            }
        }
        Vec::new()
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<Ability, VecDeque<ShardId>>> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
