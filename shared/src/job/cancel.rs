//! What a caller may do to a job of theirs: cancel it, delete its results.

use super::{Status, end::end};
use crate::{
    core::{Core, contending},
    error::{Error, Noun, Result, Step},
    id::JobId,
    identity::Principal,
    store::{
        self,
        scans::{Scan, list},
    },
};

/// One scan of the caller's.
///
/// # Errors
/// `NotFound` for a scan that does not exist or is somebody else's.
pub async fn find(core: &Core, principal: &Principal, id: JobId) -> Result<Scan> {
    list::find(&core.store, principal.user, id).await?.ok_or(Error::NotFound(Noun::Job))
}

/// Cancels a scan that has not ended. Its workers stop within a second; what was found until then is kept.
///
/// # Errors
/// `Forbidden` for a caller who may only look, `NotFound`, `Conflict` when it has ended.
pub async fn cancel(core: &Core, principal: &Principal, id: JobId) -> Result<()> {
    principal.may_write()?;
    let scan = find(core, principal, id).await?;
    if end(core, id, Status::Cancelled, None).await? {
        return Ok(());
    }
    // It ended before this call, or between the two statements.
    let status = store::jobs::find(&core.store, id).await?.map_or(scan.job.status, |job| job.status);
    Err(Error::Conflict { step: Step::Cancel, message: format!("the scan is {} already", status.as_str()) })
}

/// Deletes what a scan found. The scan itself, its counts and its last event stay.
///
/// # Errors
/// `Forbidden` for a caller who may only look, `NotFound`, `Conflict` while it has not ended.
pub async fn delete_results(core: &Core, principal: &Principal, id: JobId) -> Result<()> {
    principal.may_write()?;
    let scan = find(core, principal, id).await?;
    if !scan.job.status.is_final() {
        let message = "the scan has not ended; cancel it first".to_owned();
        return Err(Error::Conflict { step: Step::Delete, message });
    }
    if scan.deleted_at.is_some() {
        return Err(Error::NotFound(Noun::Results));
    }
    contending(async || {
        let mut tx = core.store.begin().await?;
        // Another call may have been first.
        if !store::scans::forget(&mut tx, id, core.clock.now()).await? {
            return Err(Error::NotFound(Noun::Results));
        }
        store::events::forget(&mut tx, id, scan.job.last_seq).await?;
        tx.commit().await
    })
    .await
}
