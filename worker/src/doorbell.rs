//! The apalis backend: hears the bell, claims what was rung, hands claims to the worker.
//!
//! It never takes more than there are free slots, so nothing waits in a busy worker while another is idle. Claims are
//! made here, in one statement for all ids heard together: a claim each would cost a transaction each.

use std::{
    convert::Infallible,
    iter,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use apalis_core::{
    backend::{Backend, BackendConfig, finalize::Ephemeral},
    task::{Task, builder::TaskBuilder},
    worker::context::WorkerContext,
};
use shared::{
    core::Core,
    id::ShardId,
    job::claim::{claim, due},
    scan::Ability,
};
use tokio::{
    sync::{AcquireError, OwnedSemaphorePermit, Semaphore, mpsc},
    time::timeout,
};
use tower::layer::util::Identity;

use crate::leases::{Lease, Leases};

/// Ids taken from the bell at once.
const MOST: usize = 128;
/// How long a free slot of a busy worker waits for others.
const MOMENT: Duration = Duration::from_millis(1);
const PAUSE: Duration = Duration::from_millis(250);

/// A claimed shard and the slot it is worked in.
#[derive(Clone, Debug)]
pub(crate) struct Rung {
    pub(crate) lease: Arc<Lease>,
    /// Free again when the last clone is dropped.
    pub(crate) slot: Arc<OwnedSemaphorePermit>,
}

/// Hears and claims, for one worker.
#[derive(Debug)]
pub(crate) struct Doorbell {
    ears: Ears,
    leases: Leases,
    slots: Arc<Semaphore>,
    rungs: Option<mpsc::Receiver<Rung>>,
}

/// Where rings are heard, and which ones.
#[derive(Clone, Debug)]
struct Ears {
    core: Core,
    /// What this worker is able to do.
    ability: Ability,
}

impl Doorbell {
    pub(crate) fn new(core: Core, ability: Ability, leases: Leases, slots: usize) -> Self {
        let ears = Ears { core, ability };
        Self { ears, leases, slots: Arc::new(Semaphore::new(slots)), rungs: None }
    }

    fn listen(&mut self) -> &mut mpsc::Receiver<Rung> {
        self.rungs.get_or_insert_with(|| {
            let (sender, rungs) = mpsc::channel(MOST);
            let (ears, leases, slots) = (self.ears.clone(), self.leases.clone(), Arc::clone(&self.slots));
            tokio::spawn(async move { hear(&ears, &leases, &slots, &sender).await });
            rungs
        })
    }
}

/// Hears, claims and hands on until the process stops. A claim that was begun is always brought to its end: one that
/// is committed and then forgotten would lie until its lease runs out.
async fn hear(ears: &Ears, leases: &Leases, slots: &Arc<Semaphore>, sender: &mpsc::Sender<Rung>) {
    let others = u32::try_from(slots.available_permits().min(MOST).saturating_sub(1)).unwrap_or(u32::MAX);
    while let Ok(mut free) = free_slots(slots, others).await {
        let ids = tokio::select! {
            () = sender.closed() => return,
            () = leases.draining() => return,
            ids = ears.rung(free.num_permits()) => ids,
        };
        if ids.is_empty() {
            continue;
        }
        match claim(&ears.core, ears.ability, &ids).await {
            Ok(claims) => {
                for (claim, slot) in claims.into_iter().zip(iter::from_fn(|| free.split(1))) {
                    let rung = Rung { lease: leases.hold(claim), slot: Arc::new(slot) };
                    // One that nobody takes any more is given back when it is dropped.
                    drop(sender.send(rung).await);
                }
            }
            // The shards stay queued; the sweeper rings again.
            Err(error) => {
                tracing::warn!(%error, shards = ids.len(), "not claimed");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Waits for a free slot, and a moment for `others`: shards that are claimed together cost the database far less.
async fn free_slots(slots: &Arc<Semaphore>, others: u32) -> Result<OwnedSemaphorePermit, AcquireError> {
    let mut free = Arc::clone(slots).acquire_owned().await?;
    if let Ok(more) = timeout(MOMENT, Arc::clone(slots).acquire_many_owned(others)).await {
        free.merge(more?);
    }
    while free.num_permits() < MOST
        && let Ok(slot) = Arc::clone(slots).try_acquire_owned()
    {
        free.merge(slot);
    }
    Ok(free)
}

impl Ears {
    /// What was rung; while the bell is away, what the database says is due.
    async fn rung(&self, most: usize) -> Vec<ShardId> {
        let error = match self.core.bell.hear(self.ability, most).await {
            Ok(ids) => return ids,
            Err(error) => error,
        };
        tracing::warn!(%error, "the bell is not heard; the database is asked");
        tokio::time::sleep(PAUSE).await;
        due(&self.core, self.ability, most).await.unwrap_or_default()
    }
}

impl Backend for Doorbell {
    type Task = Task<Rung>;
    type Error = Infallible;

    fn poll_ready(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        _: &WorkerContext,
    ) -> Poll<Option<Result<Self::Task, Infallible>>> {
        self.listen().poll_recv(cx).map(|rung| rung.map(|rung| Ok(TaskBuilder::new(rung).build())))
    }

    fn poll_close(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        self.rungs = None;
        Poll::Ready(Ok(()))
    }
}

impl BackendConfig for Doorbell {
    type Args = Rung;
    type Id = String;
    type Kind = Ephemeral;
    type Config = ();
    type Layer = Identity;

    fn config(&self) -> &() {
        &()
    }

    fn middleware(&mut self, _: &mut WorkerContext) -> Identity {
        Identity::new()
    }
}
