//! Keys that were recognised lately, so that most requests ask the database nothing.
//!
//! A change of rights is told to every process, which then forgets the user's keys and has their open streams look
//! again. Whatever is not heard of is noticed within a second: nothing is known for longer. A process without Redis hears
//! nobody but itself, so it looks whether somebody else, such as the command line, has changed anything.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::broadcast;

use crate::{
    audit,
    bell::{Bell, Heard},
    core::Core,
    error::Result,
    id::{KeyId, UserId},
    store::{
        access,
        keys::{self, Holder},
    },
};

/// How long a key is known without asking the database again.
const FRESH: TimeDelta = TimeDelta::seconds(1);
/// Keys that are known at a time.
const MOST: usize = 10_000;
/// How often the use of keys is written down.
const WRITE: Duration = Duration::from_secs(30);
/// How often a process that hears nobody else looks for changes.
const LOOK: Duration = Duration::from_millis(500);
/// How often what strangers tried long ago is forgotten.
const TIDY: Duration = Duration::from_hours(1);

/// What this process knows. Clones share it.
#[derive(Clone, Debug)]
pub struct Known {
    state: Arc<Mutex<State>>,
    changes: broadcast::Sender<Option<UserId>>,
}

#[derive(Debug, Default)]
struct State {
    holders: HashMap<String, (Holder, DateTime<Utc>)>,
    used: HashSet<KeyId>,
    /// How often something was forgotten.
    changes: u64,
}

impl Default for Known {
    fn default() -> Self {
        Self { state: Arc::default(), changes: broadcast::Sender::new(256) }
    }
}

impl Known {
    /// Subscribes to changes of rights.
    #[must_use]
    pub fn changes(&self) -> Changes {
        Changes(self.changes.subscribe())
    }

    /// The holder of the key with this digest, if it was asked for within the last second.
    pub(super) fn get(&self, digest: &str, now: DateTime<Utc>) -> Option<Holder> {
        let state = self.state();
        let (holder, at) = state.holders.get(digest)?;
        is_fresh(*at, now).then(|| holder.clone())
    }

    /// To be taken before the database is asked, and given back with its answer.
    pub(super) fn mark(&self) -> u64 {
        self.state().changes
    }

    /// Keeps what the database said, unless a change was heard of in between: the answer may be from before it.
    pub(super) fn keep(&self, mark: u64, digest: String, holder: &Holder, now: DateTime<Utc>) {
        let mut state = self.state();
        if state.changes != mark {
            return;
        }
        if state.holders.len() >= MOST {
            state.holders.retain(|_, (_, at)| is_fresh(*at, now));
        }
        if state.holders.len() < MOST {
            state.holders.insert(digest, (holder.clone(), now));
        }
    }

    /// Notes that a key was used, to be written down later.
    pub(super) fn used(&self, key: KeyId) {
        self.state().used.insert(key);
    }

    /// Forgets a user's keys, or with `None` everything, and has their streams look again.
    fn forget(&self, user: Option<UserId>) {
        {
            let mut state = self.state();
            state.changes += 1;
            state.holders.retain(|_, (holder, _)| user.is_some_and(|user| holder.user_id != user));
        }
        // Nobody listening is no fault.
        drop(self.changes.send(user));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_fresh(at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    (TimeDelta::zero()..FRESH).contains(&(now - at))
}

/// Hears of changes of rights.
#[derive(Debug)]
pub struct Changes(broadcast::Receiver<Option<UserId>>);

impl Changes {
    /// Waits until a user may have other rights than before. Safe to drop while it waits.
    pub async fn of(&mut self, user: UserId) {
        use broadcast::error::RecvError;
        loop {
            match self.0.recv().await {
                Ok(Some(other)) if other != user => (),
                Ok(_) | Err(RecvError::Lagged(_)) => return,
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

/// Tells every process, this one first, that a user may do more or less than before.
pub(super) async fn tell(core: &Core, user: UserId) {
    core.known.forget(Some(user));
    core.bell.tell_access(user).await;
}

/// Follows the changes that other processes make, and writes down which keys were used. Ends with the process.
pub async fn follow_changes(core: Core) {
    let mut access = core.bell.access();
    let (mut write, mut tidy) = (tokio::time::interval(WRITE), tokio::time::interval(TIDY));
    let (mut look, mut seen) = (tokio::time::interval(LOOK), None);
    loop {
        let done = tokio::select! {
            heard = access.next() => {
                let Some(heard) = heard else { return };
                core.known.forget(match heard {
                    Heard::Message(user) => Some(user),
                    Heard::Gap => None,
                });
                Ok(())
            }
            _ = look.tick(), if matches!(core.bell, Bell::Embedded(_)) => {
                seen = look_for_changes(&core, seen).await;
                Ok(())
            }
            _ = write.tick() => write_down(&core).await,
            _ = tidy.tick() => audit::forget_strangers(&core).await,
        };
        if let Err(error) = done {
            tracing::warn!(%error, "the use of keys is not written down");
        }
    }
}

/// Forgets everything if the count of changes is another than was seen last; returns it as it is now.
async fn look_for_changes(core: &Core, seen: Option<i64>) -> Option<i64> {
    // While the database is away nothing is seen, and whoever asks for a key finds that out.
    let now = access::changes(&core.store).await.ok();
    if seen.is_some() && now.is_some() && seen != now {
        core.known.forget(None);
    }
    now.or(seen)
}

async fn write_down(core: &Core) -> Result<()> {
    let used: Vec<KeyId> = core.known.state().used.drain().collect();
    keys::touch(&core.store, &used, core.clock.now()).await
}
