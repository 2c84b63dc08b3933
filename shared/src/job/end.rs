//! Ending a job early: it failed, was cancelled, or ran out of time.

use super::{Failure, FailureCode, Status, finish::complete};
use crate::{
    audit::{self, Entry},
    bell::News,
    core::{Core, contending},
    error::Result,
    id::JobId,
    store,
};

/// Fails a job for good. Nothing happens when it has ended already.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn fail(core: &Core, job: JobId, failure: Failure) -> Result<()> {
    end(core, job, Ending::Failed(&failure)).await.map(drop)
}

/// Ends a job that ran into its time limit; what it found is kept.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn time_out(core: &Core, job: JobId) -> Result<()> {
    let message = format!("the job ran into its time limit of {} seconds", core.limits.job_seconds);
    let failure = Failure { code: FailureCode::TimeLimit, message };
    end(core, job, Ending::TimedOut(&failure)).await.map(drop)
}

/// How a job ends early.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ending<'a> {
    /// It failed.
    Failed(&'a Failure),
    /// It ran into its time limit.
    TimedOut(&'a Failure),
    /// Somebody cancelled it, whom the audit log tells of.
    Cancelled(&'a Entry),
}

/// Ends a job in one transaction with its last event, then stops its workers. False when it had ended already.
pub(super) async fn end(core: &Core, id: JobId, ending: Ending<'_>) -> Result<bool> {
    let (status, failure, entry) = match ending {
        Ending::Failed(failure) => (Status::Failed, Some(failure), None),
        Ending::TimedOut(failure) => (Status::TimedOut, Some(failure), None),
        Ending::Cancelled(entry) => (Status::Cancelled, None, Some(entry)),
    };
    let ended = contending(async || {
        let now = core.clock.now();
        let mut tx = core.store.begin().await?;
        let Some(job) = store::jobs::end(&mut tx, id, status, failure, now).await? else {
            return Ok(None);
        };
        store::shards::drop_left(&mut tx, id).await?;
        let events = complete(&mut tx, &[job], failure, now).await?;
        if let Some(entry) = entry {
            audit::record(core, &mut tx, entry).await?;
        }
        tx.commit().await?;
        Ok(Some(events))
    });
    let Some(events) = ended.await? else { return Ok(false) };
    core.bell.stop(id).await;
    core.bell.tell(events.into_iter().map(News::Event).collect()).await;
    Ok(true)
}
