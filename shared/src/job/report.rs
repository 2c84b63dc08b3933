//! Reporting what a shard has found and settled so far.

use super::claim::Claim;
use crate::{
    bell::News,
    core::{Core, contending},
    error::Result,
    event::{self, Event, Fact, FoundPort, FoundService, Progress},
    scan::warning::Warning,
    store::{self, scans::HostTally},
};

/// What a shard did since its last report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The new checkpoint: every unit of the shard below it is settled.
    pub position: i64,
    /// Units settled since the last report: by so many the checkpoint moves.
    pub settled: i64,
    /// Open ports. One that is known already changes nothing.
    pub found: Vec<FoundPort>,
    /// What runs on open ports that are stored already, or with this report. What is known already changes nothing.
    pub services: Vec<FoundService>,
    /// Ports settled since the last report, but for the open ones of `found`, which are counted when they are stored.
    pub hosts: Vec<HostTally>,
    /// Warnings, at most one of each code. One that is known already changes nothing.
    pub warnings: Vec<Warning>,
}

/// What became of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reported {
    /// It is stored.
    Kept,
    /// The claim is lost: the job was ended, or another worker has the shard. Stop, and write nothing more.
    Lost,
}

/// Stores a report and its events in one transaction, then tells listeners.
///
/// # Errors
/// `Unavailable` when the database is away; nothing is stored then, and the same report may be made again.
pub async fn report(core: &Core, claim: &Claim, report: &Report) -> Result<Reported> {
    match contending(|| store(core, claim, report)).await? {
        Stored::Lost => return Ok(Reported::Lost),
        Stored::Before => (),
        Stored::Now(events, progress) => {
            let news = events.into_iter().map(News::Event).chain([News::Progress(progress)]);
            core.bell.tell(news.collect()).await;
        }
    }
    Ok(Reported::Kept)
}

enum Stored {
    Now(Vec<Event>, Progress),
    /// By an earlier call with the same report.
    Before,
    Lost,
}

async fn store(core: &Core, claim: &Claim, report: &Report) -> Result<Stored> {
    let (now, id) = (core.clock.now(), claim.job.id);
    let mut tx = core.store.begin().await?;
    let (shard, attempt, position) = (claim.shard, claim.attempt, report.position);
    if !store::shards::advance(&mut tx, shard, attempt, position - report.settled..position, now).await? {
        // A checkpoint that has been moved already was moved by this report, of whose commit nobody heard.
        let is_stored = store::shards::advance(&mut tx, shard, attempt, position..position, now).await?;
        return Ok(if is_stored { Stored::Before } else { Stored::Lost });
    }
    let fresh = store::scans::insert_found(&mut tx, id, &report.found, now).await?;
    let services = store::scans::identify(&mut tx, id, &report.services).await?;
    let hosts = with_open(&report.hosts, &fresh);
    let warnings = store::scans::warnings::insert(&mut tx, id, &report.warnings).await?;
    let numbers = i64::try_from(fresh.len() + services.len() + warnings.len()).unwrap_or(i64::MAX);
    let Some(job) = store::jobs::count_up(&mut tx, id, report.settled, numbers).await? else {
        return Ok(Stored::Lost);
    };
    let tally = store::scans::count(&mut tx, id, &hosts).await?;
    let found = fresh.into_iter().map(Fact::PortFound);
    let services = services.into_iter().map(Fact::ServiceFound);
    let facts = found.chain(services).chain(warnings.into_iter().map(Fact::Warning)).collect();
    let events = event::append(&mut tx, id, job.last_seq, now, facts).await?;
    tx.commit().await?;
    let progress =
        Progress { job: id, seq: job.last_seq, at: now, done: job.done_units, total: job.total_units, tally };
    Ok(Stored::Now(events, progress))
}

/// Adds newly stored open ports to the counts of their addresses.
fn with_open(settled: &[HostTally], fresh: &[FoundPort]) -> Vec<HostTally> {
    let mut hosts = settled.to_vec();
    for port in fresh {
        if let Some(host) = hosts.iter_mut().find(|host| host.address == port.address) {
            host.tally.open += 1;
        } else {
            let mut host = HostTally::new(port.address, &port.host);
            host.tally.open = 1;
            hosts.push(host);
        }
    }
    hosts
}
