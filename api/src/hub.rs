//! The hub: one subscription to the bell, however many listeners.
//!
//! Each job that somebody listens to has a *topic*: the newest events, in order and without a gap, shared by all its
//! listeners. A listener is a cursor: it takes what comes after its own number from the topic, or from the database
//! when it is further behind than the topic reaches. So a slow listener costs nothing and slows nobody. Each organization
//! that somebody follows as a whole has a *feed*, which is the same for the events of all its jobs.

mod feed;
mod follower;
mod frame;
mod listener;
mod organizations;
mod topic;
mod window;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

pub(crate) use self::{
    follower::{Follower, News as OrganizationNews},
    frame::{Encoded, Frame, Step},
    listener::{Item, Listener, wait_for_the_database},
};
use self::{organizations::Organizations, topic::Topic};
use shared::{
    bell::{Heard, News},
    core::Core,
    error::Result,
    event::{Event, Fact, Position},
    id::{JobId, OrganizationId},
    job::view::View,
    store::jobs,
};

use crate::metrics::Metrics;

/// A message that got lost as the last of its job is followed by none that shows the gap, so the database is asked.
const CHECK: Duration = Duration::from_secs(10);

/// Carries events of jobs to listeners. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Hub {
    core: Core,
    metrics: Metrics,
    topics: Arc<Mutex<HashMap<JobId, Weak<Topic>>>>,
    organizations: Organizations,
}

impl Hub {
    /// Starts the task that follows the bell.
    pub(crate) fn start(core: Core, metrics: Metrics) -> Self {
        let organizations = Organizations::start(core.store.clone());
        let hub = Self { core, metrics, topics: Arc::default(), organizations };
        let following = hub.clone();
        tokio::spawn(async move { following.follow().await });
        hub
    }

    /// Listens to a job from behind number `after`; `view` is the job as the caller has read it.
    pub(crate) fn listen(&self, after: i64, view: &View) -> Listener {
        let (job, shown) = (view.job.id, view.progress());
        let topic = {
            let mut topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
            topics.get(&job).and_then(Weak::upgrade).unwrap_or_else(|| {
                let topic = Arc::new(Topic::new(self.core.store.clone(), job, view.about(), after));
                topics.insert(job, Arc::downgrade(&topic));
                topic
            })
        };
        topic.announce(shown.seq);
        Listener::new(topic, after, shown)
    }

    /// Follows all jobs of an organization from behind a position.
    ///
    /// # Errors
    /// `Unavailable` when the database is away.
    pub(crate) async fn follow_all(&self, organization: OrganizationId, after: Position) -> Result<Follower> {
        self.organizations.follow(organization, after).await
    }

    async fn follow(&self) {
        let mut news = self.core.bell.news();
        let mut check = tokio::time::interval(CHECK);
        loop {
            tokio::select! {
                heard = news.next() => match heard {
                    Some(Heard::Message(news)) => self.pass_on(news),
                    Some(Heard::Gap) => self.check().await,
                    None => return,
                },
                _ = check.tick() => self.check().await,
            }
        }
    }

    fn pass_on(&self, news: News) {
        if let News::Event(Event { fact: Fact::Complete { status, .. }, .. }) = &news {
            self.metrics.job_ended(*status);
        }
        self.organizations.take(&news);
        let topic = {
            let topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
            topics.get(&news.job()).and_then(Weak::upgrade)
        };
        let Some(topic) = topic else { return };
        match news {
            News::Event(event) => topic.push(event),
            News::Progress(progress) => topic.progress(progress),
        }
    }

    /// Compares every topic with the database, and forgets those that nobody listens to.
    async fn check(&self) {
        self.organizations.ring_all();
        let ids: Vec<JobId> = {
            let mut topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
            topics.retain(|_, topic| topic.strong_count() > 0);
            topics.keys().copied().collect()
        };
        if ids.is_empty() {
            return;
        }
        let newest = match jobs::newest(&self.core.store, &ids).await {
            Ok(newest) => newest,
            Err(error) => return tracing::warn!(%error, "streams are not checked"),
        };
        let topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        for (job, seq) in newest {
            if let Some(topic) = topics.get(&job).and_then(Weak::upgrade) {
                topic.announce(seq);
            }
        }
    }
}
