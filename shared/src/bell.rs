//! The bell: tells workers that shards are due, and listeners what happened.
//!
//! It may ring twice, late or never: the database holds the truth, a sweeper rings again, and listeners read gaps
//! from the database. So nothing here is stored, leased or acknowledged, and no error stops a caller.

mod embedded;
mod redis;

use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Deserialize, Serialize};

pub(crate) use self::redis::fault_in_url;
pub use self::{embedded::Embedded, redis::Redis};
use crate::{
    error::Result,
    event::{Event, Progress},
    id::{JobId, ShardId, UserId},
    job::Due,
    scan::Ability,
};

/// Rings and hears, in one process or across many.
#[derive(Clone, Debug)]
pub enum Bell {
    /// Channels of this process.
    Embedded(Embedded),
    /// Lists and channels in Redis.
    Redis(Redis),
}

/// What the workers of the last ten seconds are able to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Workers {
    /// Every one of them.
    pub all: Ability,
    /// The ablest.
    pub best: Ability,
}

/// Rings wait in a list for each ability that a worker needs for them, so that nobody hears what they cannot take up. An
/// able worker looks into several, each time beginning with another, so that no list has to wait until others are empty.
#[derive(Debug, Default)]
struct Turns(AtomicUsize);

impl Turns {
    /// The lists for a worker of that ability, in the order of this time.
    fn next(&self, ability: Ability) -> Vec<Ability> {
        let mut lists: Vec<Ability> = Ability::ALL.into_iter().filter(|needs| *needs <= ability).collect();
        let turn = self.0.fetch_add(1, Ordering::Relaxed) % lists.len().max(1);
        lists.rotate_left(turn);
        lists
    }
}

/// News for listeners.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// A stored event, whole, so that the usual path reads nothing.
    Event(Event),
    /// How far a job is.
    Progress(Progress),
}

impl News {
    /// The job that the news is of.
    #[must_use]
    pub fn job(&self) -> JobId {
        match self {
            Self::Event(event) => event.job,
            Self::Progress(progress) => progress.job,
        }
    }
}

/// What a subscription yields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard<T> {
    /// One message.
    Message(T),
    /// Messages may have been missed before this point: look into the database.
    Gap,
}

/// A subscription. Ends only with the process.
#[derive(Debug)]
pub enum Subscription<T> {
    /// In this process.
    Embedded(tokio::sync::broadcast::Receiver<T>),
    /// Fed by a task that reads Redis.
    Redis(tokio::sync::mpsc::Receiver<Heard<T>>),
}

impl<T: Clone> Subscription<T> {
    /// Waits for the next message; `None` when the bell is gone.
    pub async fn next(&mut self) -> Option<Heard<T>> {
        use tokio::sync::broadcast::error::RecvError;
        match self {
            Self::Redis(messages) => messages.recv().await,
            Self::Embedded(messages) => match messages.recv().await {
                Ok(message) => Some(Heard::Message(message)),
                Err(RecvError::Lagged(_)) => Some(Heard::Gap),
                Err(RecvError::Closed) => None,
            },
        }
    }
}

impl Bell {
    /// A bell of this process, or one in the Redis at `url`.
    ///
    /// # Errors
    /// `Unavailable` when that Redis does not answer.
    pub async fn open(url: Option<&str>) -> Result<Self> {
        match url {
            None => Ok(Self::Embedded(Embedded::new())),
            Some(url) => Redis::connect(url).await.map(Self::Redis),
        }
    }

    /// Tells workers that these shards are due. A ring that fails is only logged.
    pub async fn ring(&self, shards: &[Due]) {
        if shards.is_empty() {
            return;
        }
        match self {
            Self::Embedded(bell) => bell.ring(shards),
            Self::Redis(bell) => bell.ring(shards).await,
        }
    }

    /// Waits up to a second for shards that were rung and that a worker of this `ability` can work, and takes at most
    /// `most`.
    ///
    /// # Errors
    /// `Unavailable` when Redis is away: look into the database instead.
    pub async fn hear(&self, ability: Ability, most: usize) -> Result<Vec<ShardId>> {
        match self {
            Self::Embedded(bell) => Ok(bell.hear(ability, most).await),
            Self::Redis(bell) => bell.hear(ability, most).await,
        }
    }

    /// The rings that wait to be heard; `None` when that cannot be known now, or there are more than `most` for one
    /// ability.
    pub async fn rung(&self, most: usize) -> Option<Vec<ShardId>> {
        match self {
            Self::Embedded(bell) => bell.rung(most),
            Self::Redis(bell) => bell.rung(most).await,
        }
    }

    /// How many rings wait to be heard; `None` when that cannot be known now.
    pub async fn waiting(&self) -> Option<usize> {
        match self {
            Self::Embedded(bell) => Some(bell.waiting()),
            Self::Redis(bell) => bell.waiting().await,
        }
    }

    /// Tells every listener. News that cannot be told is only logged.
    pub async fn tell(&self, news: Vec<News>) {
        if news.is_empty() {
            return;
        }
        match self {
            Self::Embedded(bell) => bell.tell(news),
            Self::Redis(bell) => bell.tell(&news).await,
        }
    }

    /// Subscribes to the news of all jobs.
    #[must_use]
    pub fn news(&self) -> Subscription<News> {
        match self {
            Self::Embedded(bell) => Subscription::Embedded(bell.news()),
            Self::Redis(bell) => Subscription::Redis(bell.news()),
        }
    }

    /// Tells workers to stop working at a job.
    pub async fn stop(&self, job: JobId) {
        match self {
            Self::Embedded(bell) => bell.stop(job),
            Self::Redis(bell) => bell.stop(job).await,
        }
    }

    /// Subscribes to the jobs that workers are told to stop.
    #[must_use]
    pub fn stops(&self) -> Subscription<JobId> {
        match self {
            Self::Embedded(bell) => Subscription::Embedded(bell.stops()),
            Self::Redis(bell) => Subscription::Redis(bell.stops()),
        }
    }

    /// Tells every process that a user, or a key of theirs, may do more or less than before.
    pub async fn tell_access(&self, user: UserId) {
        match self {
            Self::Embedded(bell) => bell.tell_access(user),
            Self::Redis(bell) => bell.tell_access(user).await,
        }
    }

    /// Subscribes to the users whose rights change.
    #[must_use]
    pub fn access(&self) -> Subscription<UserId> {
        match self {
            Self::Embedded(bell) => Subscription::Embedded(bell.access()),
            Self::Redis(bell) => Subscription::Redis(bell.access()),
        }
    }

    /// Says that a worker is there, and what it is able to do; holds for ten seconds.
    pub async fn report_worker(&self, ability: Ability) {
        match self {
            Self::Embedded(bell) => bell.report_worker(ability),
            Self::Redis(bell) => bell.report_worker(ability).await,
        }
    }

    /// What the workers of the last ten seconds are able to do; `None` when there was none.
    pub async fn workers(&self) -> Option<Workers> {
        match self {
            Self::Embedded(bell) => bell.workers(),
            Self::Redis(bell) => bell.workers().await,
        }
    }

    /// Asks for a sign of life.
    ///
    /// # Errors
    /// `Unavailable` when Redis gives none.
    pub async fn ping(&self) -> Result<()> {
        match self {
            Self::Embedded(_) => Ok(()),
            Self::Redis(bell) => bell.ping().await,
        }
    }
}
