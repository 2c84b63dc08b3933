//! Jobs of any kind, for those who follow them.

use chrono::{DateTime, Utc};

pub use crate::store::views::{About, View};
use crate::{
    core::Core,
    error::{Error, Noun, Result},
    event::{Event, Fact, FoundPort, FoundService},
    id::JobId,
    identity::{Permission, Principal},
    job::{Job, Kind},
    scan::plan::Plan,
    store::{self, scans::list::StoredPort},
};

/// One job of the caller's.
///
/// # Errors
/// `Forbidden` without the permission, `NotFound` for a job that does not exist or is somebody else's.
pub async fn find(core: &Core, principal: &Principal, id: JobId) -> Result<View> {
    if !Kind::ALL.iter().any(|kind| principal.permissions.allow(kind.reading())) {
        principal.permissions.require(Permission::ReadScans)?;
    }
    let view = store::views::find(&core.store, principal.user, id).await?;
    let view = view.ok_or(Error::NotFound(Noun::Job))?;
    principal.permissions.require(view.job.kind.reading())?;
    Ok(view)
}

/// What a job's facts come to, as far as it is stored beside them. They have the number 0, but for the last one of a job
/// that has ended, which has its own.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn facts(core: &Core, view: &View) -> Result<Vec<Event>> {
    let (id, job) = (view.job.id, &view.job);
    let stand_in = |(at, fact)| Event { job: id, seq: 0, at, fact };
    let mut facts: Vec<Event> = match job.kind {
        Kind::Scan => of_scan(core, job).await?.into_iter().map(stand_in).collect(),
    };
    facts.extend(end(view));
    Ok(facts)
}

async fn of_scan(core: &Core, job: &Job) -> Result<Vec<(DateTime<Utc>, Fact)>> {
    let started = job.started_at.unwrap_or(job.created_at);
    let plan = store::scans::plan(&core.store, job.id).await?;
    let unresolved = plan.iter().flat_map(Plan::unresolved).cloned().map(Fact::UnresolvedHost);
    let warnings = store::scans::warnings::of(&core.store, job.id).await?.into_iter().map(Fact::Warning);
    let mut facts: Vec<_> = unresolved.chain(warnings).map(|fact| (started, fact)).collect();
    for StoredPort { address, host, port, service, protocol, found_at } in
        store::scans::list::found(&core.store, job.id).await?
    {
        let port = FoundPort { address, host, port, protocol, unit: 0 };
        let service = service.map(|service| FoundService { port: port.clone(), service: service.into() });
        facts.push((found_at, Fact::PortFound(port)));
        facts.extend(service.map(|found| (found_at, Fact::ServiceFound(found))));
    }
    Ok(facts)
}

fn end(view: &View) -> Option<Event> {
    let job = &view.job;
    let at = job.completed_at?;
    let duration_ms = job.started_at.map_or(0, |start| (at - start).num_milliseconds());
    let fact = Fact::Complete { status: job.status, duration_ms, tally: view.tally(), error: job.failure() };
    Some(Event { job: job.id, seq: job.last_seq, at, fact })
}
