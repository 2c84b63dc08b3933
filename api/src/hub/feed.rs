//! All events of one organization, for those who follow it as a whole.
//!
//! What is told here comes from the database alone: messages only say that there may be more. They carry no position,
//! since nobody knows an event's place among others before all that may come before it are settled.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use shared::{
    error::Result,
    event::{Event, Fact, Position, Progress},
    id::{JobId, OrganizationId},
    job::view::About,
    store::{Store, feed},
};
use tokio::sync::watch;

use super::{
    frame::{Frame, Step},
    window::Window,
};

/// Events read at once.
const PAGE: i64 = 256;
/// Jobs whose progress is kept; that of others is not told.
const JOBS: usize = 10_000;
/// What may not be told yet is looked for again so soon: transactions are short.
const AGAIN: Duration = Duration::from_millis(10);

/// What followers watch: both only rise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rung {
    /// How often it was said that there may be more events.
    pub(super) events: u64,
    /// How often there was progress.
    pub(super) progress: u64,
}

/// The newest progress of each job, by when it came.
#[derive(Debug, Default)]
struct Steps {
    by_age: BTreeMap<u64, Arc<Step>>,
    ages: HashMap<JobId, u64>,
}

#[derive(Debug)]
struct Known {
    window: Window<Position>,
    /// The ring after which the window was last brought up to date.
    at: u64,
}

#[derive(Debug)]
pub(super) struct Feed {
    store: Store,
    organization: OrganizationId,
    known: Mutex<Known>,
    /// Held while the database is read, so that a thousand followers make one read.
    reading: tokio::sync::Mutex<()>,
    steps: Mutex<Steps>,
    pub(super) rung: watch::Sender<Rung>,
}

/// What comes behind a position.
#[derive(Debug)]
pub(super) enum Behind {
    /// These events, in order, and perhaps more.
    Events(Vec<Arc<Frame>>),
    /// Nothing, when this was the number of rings.
    Nothing,
    /// Events behind it have been removed.
    Pruned,
}

impl Feed {
    /// A feed from `newest` on, the position behind everything that may be told by now.
    pub(super) fn new(store: Store, organization: OrganizationId, newest: Position) -> Self {
        let known = Mutex::new(Known { window: Window::behind(newest), at: 0 });
        let rung = watch::Sender::new(Rung { events: 1, progress: 0 });
        let (reading, steps) = (tokio::sync::Mutex::default(), Mutex::default());
        Self { store, organization, known, reading, steps, rung }
    }

    /// There may be more events.
    pub(super) fn ring(&self) {
        self.rung.send_modify(|rung| rung.events += 1);
    }

    /// Takes progress of one of the jobs; it replaces what was taken before.
    pub(super) fn progress(&self, progress: Progress, about: &About) {
        let age = self.rung.borrow().progress + 1;
        if self.steps.lock().unwrap_or_else(PoisonError::into_inner).take(age, progress, about) {
            self.rung.send_modify(|rung| rung.progress = age);
        }
    }

    /// Forgets the progress of a job that has ended.
    pub(super) fn note(&self, event: &Event) {
        if matches!(event.fact, Fact::Complete { .. }) {
            self.steps.lock().unwrap_or_else(PoisonError::into_inner).forget(event.job);
        }
    }

    /// The oldest progress that came after the `seen`-th, and which it was.
    pub(super) fn step_after(&self, seen: u64) -> Option<(u64, Arc<Step>)> {
        let steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        steps.by_age.range(seen + 1..).next().map(|(age, step)| (*age, step.clone()))
    }

    /// What comes behind a position.
    pub(super) async fn after(self: &Arc<Self>, position: Position) -> Result<Behind> {
        if let Some(behind) = self.kept(position) {
            return Ok(behind);
        }
        let _turn = self.reading.lock().await;
        if let Some(behind) = self.kept(position) {
            return Ok(behind);
        }
        let at = self.rung.borrow().events;
        let last = self.known.lock().unwrap_or_else(PoisonError::into_inner).window.last();
        // Behind the window it is the window that is read on, for all.
        let from = position.min(last);
        let page = feed::after(&self.store, self.organization, from, PAGE).await?;
        // Asked behind the read: what is removed in between is then known to be.
        if feed::oldest(&self.store, self.organization).await? > position {
            return Ok(Behind::Pruned);
        }
        if page.is_held {
            self.ring_again();
        }
        let frame = |told: feed::Told| {
            let frame = Frame::new(told.event, told.about, Some(told.position));
            (told.position, Arc::new(frame))
        };
        let frames: Vec<_> = page.told.into_iter().map(frame).collect();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let was_last = from == known.window.last();
        known.window.insert(from, frames.iter().cloned());
        if was_last && !page.is_full {
            known.at = at;
        }
        drop(known);
        let frames: Vec<_> = frames.into_iter().filter(|(place, _)| *place > position).collect();
        Ok(Behind::Events(frames.into_iter().map(|(_, frame)| frame).collect()))
    }

    /// What is known of what comes behind a position, without asking anybody.
    fn kept(&self, position: Position) -> Option<Behind> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let is_up_to_date = known.at == self.rung.borrow().events;
        match known.window.after(position) {
            Some(frames) if !frames.is_empty() => Some(Behind::Events(frames)),
            Some(_) if is_up_to_date => Some(Behind::Nothing),
            None if is_up_to_date && position > known.window.last() => Some(Behind::Nothing),
            Some(_) | None => None,
        }
    }

    fn ring_again(self: &Arc<Self>) {
        let feed = Arc::downgrade(self);
        tokio::spawn(async move {
            tokio::time::sleep(AGAIN).await;
            if let Some(feed) = feed.upgrade() {
                feed.ring();
            }
        });
    }
}

impl Steps {
    /// False when there is no room, or what is known is further on.
    fn take(&mut self, age: u64, progress: Progress, about: &About) -> bool {
        if let Some(before) = self.ages.get(&progress.job) {
            let is_older = |step: &Arc<Step>| !progress.is_after(&step.progress);
            if self.by_age.get(before).is_some_and(is_older) {
                return false;
            }
            self.forget(progress.job);
        }
        if self.ages.len() >= JOBS {
            return false;
        }
        self.ages.insert(progress.job, age);
        self.by_age.insert(age, Step::new(progress, about.clone()).into());
        true
    }

    fn forget(&mut self, job: JobId) {
        if let Some(age) = self.ages.remove(&job) {
            self.by_age.remove(&age);
        }
    }
}
