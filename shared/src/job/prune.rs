//! Removing events that are old: what they told stands in the job and its results.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    core::{Core, contending},
    error::Result,
    id::JobId,
    store,
};

/// Jobs whose events one sweep removes.
const JOBS: usize = 100;

/// Removes the events of some of the jobs that ended long ago. Whoever has not been told them all is told so, and how
/// the job stands.
///
/// # Errors
/// `Unavailable` when the database is away; the next sweep does the rest.
pub async fn prune(core: &Core) -> Result<()> {
    let Some(days) = core.limits.streams.event_days else { return Ok(()) };
    let before = core.clock.now() - TimeDelta::days(days);
    // Ids are made in the order of submission, so events of newer jobs need not be looked at.
    let (mut last, end) = (JobId::at(DateTime::<Utc>::UNIX_EPOCH), JobId::at(before));
    let mut left = JOBS;
    while left > 0 {
        let Some(id) = store::events::next_job(&core.store, last, end).await? else { return Ok(()) };
        let ended = store::jobs::find(&core.store, id).await?.and_then(|job| job.completed_at);
        if ended.is_some_and(|ended| ended < before) {
            forget(core, id).await?;
            left -= 1;
        }
        last = id;
    }
    Ok(())
}

async fn forget(core: &Core, id: JobId) -> Result<()> {
    contending(async || {
        let mut tx = core.store.begin().await?;
        store::events::forget(&mut tx, id, i64::MAX).await?;
        tx.commit().await
    })
    .await
}
