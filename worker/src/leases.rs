//! The claims that this process holds: renewed while they are worked, stopped when they are lost.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::TimeDelta;
use shared::{
    bell::Heard,
    core::Core,
    id::{JobId, ShardId},
    job::{
        claim::{Claim, renew},
        finish::give_back,
    },
};
use tokio_util::sync::CancellationToken;

/// One claim and the token that stops its work.
#[derive(Debug)]
pub(crate) struct Lease {
    pub(crate) claim: Claim,
    pub(crate) stop: CancellationToken,
    leases: Leases,
    settled: AtomicBool,
}

impl Lease {
    /// The outcome is stored, or left to the sweeper: nothing remains to be given back.
    pub(crate) fn settle(&self) {
        self.settled.store(true, Ordering::Relaxed);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.leases.release(&self.claim);
        if !self.settled.load(Ordering::Relaxed) {
            self.leases.orphans.lock().unwrap_or_else(PoisonError::into_inner).push(self.claim.clone());
        }
    }
}

#[derive(Clone, Debug)]
struct Held {
    attempt: i64,
    job: JobId,
    stop: CancellationToken,
}

/// Every claim of the process.
#[derive(Clone, Debug, Default)]
pub(crate) struct Leases {
    held: Arc<Mutex<HashMap<ShardId, Held>>>,
    /// Claims that were dropped without an outcome, because the process stops.
    orphans: Arc<Mutex<Vec<Claim>>>,
    drain: CancellationToken,
}

impl Leases {
    /// Takes a fresh claim into care until the lease is dropped.
    pub(crate) fn hold(&self, claim: Claim) -> Arc<Lease> {
        let stop = self.drain.child_token();
        let held = Held { attempt: claim.attempt, job: claim.job.id, stop: stop.clone() };
        if let Some(stale) = self.locked().insert(claim.shard, held) {
            // This process lost the shard to itself: the older run must not go on beside the newer.
            stale.stop.cancel();
        }
        Arc::new(Lease { claim, stop, leases: self.clone(), settled: AtomicBool::new(false) })
    }

    fn release(&self, claim: &Claim) {
        let mut held = self.locked();
        if held.get(&claim.shard).is_some_and(|held| held.attempt == claim.attempt) {
            held.remove(&claim.shard);
        }
    }

    /// Gives back what nobody worked.
    pub(crate) async fn give_back_orphans(&self, core: &Core) {
        let orphans = std::mem::take(&mut *self.orphans.lock().unwrap_or_else(PoisonError::into_inner));
        for claim in orphans {
            if let Err(error) = give_back(core, &claim, TimeDelta::zero()).await {
                tracing::warn!(%error, "left to the sweeper");
            }
        }
    }

    /// Stops everything, so that it is handed back.
    pub(crate) fn drain(&self) {
        self.drain.cancel();
    }

    /// Waits until the process is told to stop.
    pub(crate) async fn draining(&self) {
        self.drain.cancelled().await;
    }

    /// Renews every claim, often enough that two lost renewals do no harm, and stops those that no longer stand.
    pub(crate) async fn keep(&self, core: &Core) {
        let third = u64::try_from(core.limits.lease_seconds).unwrap_or(1) * 1000 / 3;
        // A renewal also brings a cancellation whose bell was lost, which must not take longer than a second.
        let mut ticks = tokio::time::interval(Duration::from_millis(third.min(900)));
        loop {
            ticks.tick().await;
            self.give_back_orphans(core).await;
            let claims: Vec<(ShardId, i64)> =
                self.locked().iter().map(|(id, held)| (*id, held.attempt)).collect();
            for chunk in claims.chunks(500) {
                match renew(core, chunk).await {
                    Ok(kept) => self.stop_lost(chunk, &kept),
                    Err(error) => tracing::warn!(%error, "claims are not renewed"),
                }
            }
        }
    }

    fn stop_lost(&self, asked: &[(ShardId, i64)], kept: &[ShardId]) {
        let held = self.locked();
        for (shard, attempt) in asked.iter().filter(|(shard, _)| !kept.contains(shard)) {
            if let Some(lost) = held.get(shard).filter(|held| held.attempt == *attempt) {
                lost.stop.cancel();
            }
        }
    }

    /// Stops the work at jobs that somebody ended.
    pub(crate) async fn heed(&self, core: &Core) {
        let mut stops = core.bell.stops();
        while let Some(heard) = stops.next().await {
            if let Heard::Message(job) = heard {
                let held = self.locked();
                held.values().filter(|held| held.job == job).for_each(|held| held.stop.cancel());
            }
        }
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<ShardId, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
