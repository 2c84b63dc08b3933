//! What a caller may do to a job of theirs: cancel it, delete its results.

use super::end::{Ending, end};
use crate::{
    audit::{self, Action, Entry, Who},
    core::{Core, contending},
    error::{Error, Noun, Result, Step},
    id::JobId,
    identity::{Permission, Principal},
    store::{
        self,
        identity::User,
        scans::{Scan, list},
    },
};

/// One scan of the caller's.
///
/// # Errors
/// `Forbidden` without the permission, `NotFound` for a scan that does not exist or is somebody else's.
pub async fn find(core: &Core, principal: &Principal, id: JobId) -> Result<Scan> {
    principal.permissions.require(Permission::ReadScans)?;
    own(core, principal, id).await
}

async fn own(core: &Core, principal: &Principal, id: JobId) -> Result<Scan> {
    list::find(&core.store, principal.user, id).await?.ok_or(Error::NotFound(Noun::Job))
}

/// Cancels a scan that has not ended. Its workers stop within a second; what was found until then is kept.
///
/// # Errors
/// `Forbidden` without the permission, `NotFound`, `Conflict` when it has ended.
pub async fn cancel(core: &Core, principal: &Principal, id: JobId) -> Result<()> {
    principal.permissions.require(Permission::WriteScans)?;
    let scan = own(core, principal, id).await?;
    let entry = Entry::new(principal, Action::CancelScan, &id);
    if end(core, id, Ending::Cancelled(&entry)).await? {
        return Ok(());
    }
    // It ended before this call, or between the two statements.
    let status = store::jobs::find(&core.store, id).await?.map_or(scan.job.status, |job| job.status);
    Err(Error::Conflict { step: Step::Cancel, message: format!("the scan is {} already", status.as_str()) })
}

/// Cancels all that a user has under way, on behalf of the operator.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn cancel_all(core: &Core, user: &User) -> Result<()> {
    for id in store::jobs::unfinished(&core.store, user.id).await? {
        let entry = Entry::new(Who::operator(user.organization_id), Action::CancelScan, &id);
        end(core, id, Ending::Cancelled(&entry)).await?;
    }
    Ok(())
}

/// Deletes what a scan found. The scan itself, its counts and its last event stay.
///
/// # Errors
/// `Forbidden` without the permission, `NotFound`, `Conflict` while it has not ended.
pub async fn delete_results(core: &Core, principal: &Principal, id: JobId) -> Result<()> {
    principal.permissions.require(Permission::WriteScans)?;
    let scan = own(core, principal, id).await?;
    if !scan.job.status.is_final() {
        let message = "the scan has not ended; cancel it first".to_owned();
        return Err(Error::Conflict { step: Step::Delete, message });
    }
    if scan.deleted_at.is_some() {
        return Err(Error::NotFound(Noun::Results));
    }
    let entry = Entry::new(principal, Action::DeleteResults, &id);
    contending(async || {
        let mut tx = core.store.begin().await?;
        // Another call may have been first.
        if !store::scans::forget(&mut tx, id, core.clock.now()).await? {
            return Err(Error::NotFound(Noun::Results));
        }
        store::events::forget(&mut tx, id, scan.job.last_seq).await?;
        audit::record(core, &mut tx, &entry).await?;
        tx.commit().await
    })
    .await
}
