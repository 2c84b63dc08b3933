//! Which organization hears of which news.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use shared::{
    bell::News,
    error::Result,
    event::Position,
    id::{JobId, OrganizationId},
    job::view::About,
    store::{Store, feed, views},
};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::{feed::Feed, follower::Follower};

/// News that may wait to be sorted; when there are more, every organization is told that there may be events.
const WAITING: usize = 8192;
/// Jobs of which it is known what they are.
const KNOWN: usize = 20_000;

/// The organizations that somebody follows. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Organizations {
    store: Store,
    feeds: Arc<Mutex<HashMap<OrganizationId, Weak<Feed>>>>,
    news: Sender<News>,
}

impl Organizations {
    /// Starts the task that sorts news.
    pub(super) fn start(store: Store) -> Self {
        let (news, waiting) = channel(WAITING);
        let organizations = Self { store, feeds: Arc::default(), news };
        let sorting = organizations.clone();
        tokio::spawn(async move { sorting.sort(waiting).await });
        organizations
    }

    /// Follows an organization from behind a position.
    ///
    /// # Errors
    /// `Unavailable` when the database is away.
    pub(super) async fn follow(&self, organization: OrganizationId, after: Position) -> Result<Follower> {
        if let Some(feed) = self.feed(organization) {
            return Ok(Follower::new(feed, after));
        }
        let newest = feed::newest(&self.store).await?;
        let mut feeds = self.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        let feed = feeds.get(&organization).and_then(Weak::upgrade).unwrap_or_else(|| {
            let feed = Arc::new(Feed::new(self.store.clone(), organization, newest));
            feeds.insert(organization, Arc::downgrade(&feed));
            feed
        });
        Ok(Follower::new(feed, after))
    }

    /// Takes news for those who follow the organization.
    pub(super) fn take(&self, news: &News) {
        let nobody_follows = self.feeds.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
        if !nobody_follows && self.news.try_send(news.clone()).is_err() {
            self.ring_all();
        }
    }

    /// Says everywhere that there may be events, and forgets the organizations that nobody follows.
    pub(super) fn ring_all(&self) {
        let mut feeds = self.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        feeds.retain(|_, feed| feed.upgrade().inspect(|feed| feed.ring()).is_some());
    }

    fn feed(&self, organization: OrganizationId) -> Option<Arc<Feed>> {
        let feeds = self.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        feeds.get(&organization).and_then(Weak::upgrade)
    }

    async fn sort(&self, mut waiting: Receiver<News>) {
        let mut known: HashMap<JobId, About> = HashMap::new();
        let mut batch = Vec::new();
        while waiting.recv_many(&mut batch, 256).await > 0 {
            if let Err(error) = self.learn(&mut known, &batch).await {
                tracing::warn!(%error, "it is not known whose jobs these are; all organizations look for events");
                self.ring_all();
            }
            self.hand_out(&known, batch.drain(..));
        }
    }

    /// Finds out what the jobs are that are not known yet.
    async fn learn(&self, known: &mut HashMap<JobId, About>, batch: &[News]) -> Result<()> {
        if known.len() > KNOWN {
            known.clear();
        }
        let jobs: HashSet<JobId> =
            batch.iter().map(News::job).filter(|job| !known.contains_key(job)).collect();
        if !jobs.is_empty() {
            known.extend(views::about(&self.store, &Vec::from_iter(jobs)).await?);
        }
        Ok(())
    }

    fn hand_out(&self, known: &HashMap<JobId, About>, batch: impl Iterator<Item = News>) {
        let mut rung: HashMap<OrganizationId, Arc<Feed>> = HashMap::new();
        for news in batch {
            let Some(about) = known.get(&news.job()) else { continue };
            let Some(feed) = self.feed(about.organization) else { continue };
            match news {
                News::Progress(progress) => feed.progress(progress, about),
                News::Event(event) => {
                    feed.note(&event);
                    rung.insert(about.organization, feed);
                }
            }
        }
        // Once for all of the batch.
        for feed in rung.values() {
            feed.ring();
        }
    }
}
