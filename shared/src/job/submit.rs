//! Submitting a job.

use super::{Due, Kind, allowance};
use crate::{
    audit::{self, Action, Entry},
    bell::News,
    core::{Core, contending},
    error::{Error, Invalid, Result},
    event::{self, Event, Fact},
    id::JobId,
    identity::{Permission, Principal},
    job::Status,
    scan::{Ability, Engine, ScanRequest},
    store::{self, jobs::NewJob, scans::Scan, shards::Shard},
};

/// Queues a scan, in one transaction with its first shard and its first event.
///
/// # Errors
/// `Forbidden` without the permission, `Invalid` for too large a scan or one that the workers cannot do, `Refused` for an address that may not
/// be scanned, `LimitReached` and `TooManyScans` for more than the caller's tier allows, `Unavailable` when the
/// database is away; nothing is stored then.
pub async fn scan(core: &Core, principal: &Principal, request: &ScanRequest) -> Result<Scan> {
    principal.permissions.require(Permission::WriteScans)?;
    request.check(&core.limits)?;
    check_workers(core, request).await?;
    let stored = serde_json::to_value(request).map_err(Error::internal)?;
    let job = NewJob {
        id: JobId::new(),
        organization: principal.organization,
        user: principal.user,
        kind: Kind::Scan,
        subject: &request.target.to_string(),
        request: &stored,
        created_at: core.clock.now(),
    };
    let (scan, first, events) = contending(|| store(core, principal, &job)).await?;
    core.bell.ring(&[first]).await;
    core.bell.tell(events.into_iter().map(News::Event).collect()).await;
    Ok(scan)
}

/// Refuses what no worker can do.
async fn check_workers(core: &Core, request: &ScanRequest) -> Result<()> {
    // Any worker will do, even one that is yet to come.
    if request.needs() == Ability::Connections {
        return Ok(());
    }
    if core.bell.workers().await.is_some_and(|workers| workers.best >= request.needs()) {
        return Ok(());
    }
    let why = "this scan takes a worker with the right CAP_NET_RAW, and there is none; use tcp or udp";
    let (field, word) = match request.options.engine {
        Engine::Syn => ("options.engine", Engine::Syn.as_str()),
        Engine::Auto | Engine::Connect => ("scan_type", request.scan_type.as_str()),
    };
    Err(Invalid::new(field, word, why).into())
}

async fn store(core: &Core, principal: &Principal, job: &NewJob<'_>) -> Result<(Scan, Due, Vec<Event>)> {
    // Whatever the scan needs, anybody may plan it.
    let needs = Ability::Connections;
    let shard =
        Shard { job_id: job.id, number: 0, range_start: 0, range_end: 0, position: 0, attempt: 0, needs };
    let mut tx = core.store.begin().await?;
    allowance::check(core, principal, &mut tx).await?;
    let scan = Scan::new(store::jobs::insert(&mut tx, job).await?);
    store::scans::insert(&mut tx, job.id).await?;
    store::shards::insert(&mut tx, std::slice::from_ref(&shard), job.created_at).await?;
    let queued = vec![Fact::Status { status: Status::Queued }];
    let events = event::append(&mut tx, job.id, 1, job.created_at, queued).await?;
    audit::record(core, &mut tx, &Entry::new(principal, Action::CreateScan, &job.id)).await?;
    tx.commit().await?;
    Ok((scan, shard.due(), events))
}
