//! Sweeping: what was left lying by a crash, a lost ring or a time limit. Any worker may sweep, at any time.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Due, Failure, FailureCode, end, prune::prune};
use crate::{core::Core, error::Result, id::JobId, store};

/// A shard that was claimed this often without being done fails its job. A crash counts, else a job that kills its
/// worker would never end.
const MOST_ATTEMPTS: i64 = 20;
/// After this many attempts a shard waits before the next.
const AT_ONCE: i64 = 3;
/// Rings of one sweep.
const RINGS: i64 = 10_000;
/// While no more rings than these wait to be heard, it is seen whether any is missing. Behind more than that a lost one
/// would have to wait anyway.
const FEW: usize = 1000;

/// Ends overdue jobs, frees shards whose worker fell silent, removes old events, and rings for jobs that have a shard that
/// is due, but no ring.
///
/// # Errors
/// `Unavailable` when the database is away; the next sweep does the rest.
pub async fn sweep(core: &Core) -> Result<()> {
    for job in store::jobs::overdue(&core.store, core.clock.now()).await? {
        end::time_out(core, job).await?;
    }
    free_silent(core).await?;
    prune(core).await?;
    ring_again(core).await
}

/// A job whose ring is on its way between a worker's ears and its hands is rung for twice. The second ring is for a shard
/// that is claimed by then, or for the one that the next ring is for as well: of two such rings one claims, and goes on.
async fn ring_again(core: &Core) -> Result<()> {
    let Some(rung) = core.bell.rung(FEW).await else { return Ok(()) };
    let rung: HashSet<JobId> = rung.into_iter().map(|shard| shard.job).collect();
    let mut due = store::shards::first_due(&core.store, core.clock.now(), RINGS).await?;
    due.retain(|due| !rung.contains(&due.shard.job));
    core.bell.ring(&due).await;
    Ok(())
}

async fn free_silent(core: &Core) -> Result<()> {
    let before = core.clock.now() - TimeDelta::seconds(core.limits.lease_seconds);
    for (silent, attempt) in store::shards::silent(&core.store, before).await? {
        // Freed first: a worker that spoke up in between keeps its shard, and its job.
        if free(core, silent, attempt, before).await? && attempt >= MOST_ATTEMPTS {
            give_up(core, silent.shard.job).await?;
        }
    }
    Ok(())
}

async fn give_up(core: &Core, job: JobId) -> Result<()> {
    let message = format!("{MOST_ATTEMPTS} workers in a row took up the job and fell silent");
    end::fail(core, job, Failure { code: FailureCode::TooManyAttempts, message }).await
}

async fn free(core: &Core, silent: Due, attempt: i64, before: DateTime<Utc>) -> Result<bool> {
    let shard = silent.shard;
    let wait = TimeDelta::seconds((attempt - AT_ONCE).max(0) * 2);
    let mut tx = core.store.begin().await?;
    let freed = store::shards::free(&mut tx, shard, attempt, before, core.clock.now() + wait).await?;
    tx.commit().await?;
    if freed {
        tracing::warn!(
            job.id = shard.job.to_base62(),
            shard = shard.number,
            attempt,
            "a worker fell silent; its shard is free again"
        );
        if wait.is_zero() {
            core.bell.ring(&[silent]).await;
        }
    }
    Ok(freed)
}
