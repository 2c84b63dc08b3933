//! Sweeping: what was left lying by a crash, a lost ring or a time limit. Any worker may sweep, at any time.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Failure, FailureCode, end};
use crate::{
    core::Core,
    error::Result,
    id::{JobId, ShardId},
    store,
};

/// A shard that was claimed this often without being done fails its job. A crash counts, else a job that kills its
/// worker would never end.
const MOST_ATTEMPTS: i64 = 20;
/// After this many attempts a shard waits before the next.
const AT_ONCE: i64 = 3;
/// Rings of one sweep.
const RINGS: i64 = 10_000;

/// Ends overdue jobs, frees shards whose worker fell silent, and rings for shards that are due but not heard of.
///
/// # Errors
/// `Unavailable` when the database is away; the next sweep does the rest.
pub async fn sweep(core: &Core) -> Result<()> {
    for job in store::jobs::overdue(&core.store, core.clock.now()).await? {
        end::time_out(core, job).await?;
    }
    free_silent(core).await?;
    if core.bell.waiting().await == Some(0) {
        let due = store::shards::due(&core.store, core.clock.now(), RINGS).await?;
        if !due.is_empty() {
            core.bell.ring(&due).await;
        }
    }
    Ok(())
}

async fn free_silent(core: &Core) -> Result<()> {
    let before = core.clock.now() - TimeDelta::seconds(core.limits.lease_seconds);
    for (shard, attempt) in store::shards::silent(&core.store, before).await? {
        // Freed first: a worker that spoke up in between keeps its shard, and its job.
        if free(core, shard, attempt, before).await? && attempt >= MOST_ATTEMPTS {
            give_up(core, shard.job).await?;
        }
    }
    Ok(())
}

async fn give_up(core: &Core, job: JobId) -> Result<()> {
    let message = format!("{MOST_ATTEMPTS} workers in a row took up the job and fell silent");
    end::fail(core, job, Failure { code: FailureCode::TooManyAttempts, message }).await
}

async fn free(core: &Core, shard: ShardId, attempt: i64, before: DateTime<Utc>) -> Result<bool> {
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
            core.bell.ring(&[shard]).await;
        }
    }
    Ok(freed)
}
