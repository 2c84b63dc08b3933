//! Finishing shards: done, split into more, or given back.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Due, Failure, Status, claim::Claim};
use crate::{
    bell::News,
    core::{Core, contending},
    error::Result,
    event::{self, Event, Fact, Progress, Tally},
    id::{JobId, ShardId},
    scan::{Ability, plan::Plan},
    store::{self, Tx, jobs::Ended, shards::Shard},
};

/// Marks claimed shards as done; the last one of a job closes it. Claims that no longer stand are passed over.
///
/// # Errors
/// `Unavailable` when the database is away; nothing is stored then, and the same call may be made again.
pub async fn finish(core: &Core, claims: &[(ShardId, i64)]) -> Result<()> {
    let news = contending(|| store(core, claims)).await?;
    core.bell.tell(news).await;
    Ok(())
}

async fn store(core: &Core, claims: &[(ShardId, i64)]) -> Result<Vec<News>> {
    let now = core.clock.now();
    let mut tx = core.store.begin().await?;
    let done = store::shards::finish(&mut tx, claims).await?;
    let mut finished: BTreeMap<JobId, i64> = BTreeMap::new();
    for shard in done {
        *finished.entry(shard.job).or_default() += 1;
    }
    let mut by_count: BTreeMap<i64, Vec<JobId>> = BTreeMap::new();
    for (job, shards) in finished {
        by_count.entry(shards).or_default().push(job);
    }
    let mut closed = Vec::new();
    for (shards, jobs) in by_count {
        let jobs = store::jobs::count_off(&mut tx, &jobs, shards, now).await?;
        closed.extend(jobs.into_iter().filter(|job| job.status == Status::Completed));
    }
    let events = complete(&mut tx, &closed, None, now).await?;
    tx.commit().await?;
    Ok(events.into_iter().map(News::Event).collect())
}

/// Appends the last event of jobs that ended now, all for the same reason.
pub(super) async fn complete(
    tx: &mut Tx,
    ended: &[Ended],
    failure: Option<&Failure>,
    now: DateTime<Utc>,
) -> Result<Vec<Event>> {
    if ended.is_empty() {
        return Ok(Vec::new());
    }
    // Nothing is counted before there is a plan.
    let planned: Vec<JobId> = ended.iter().filter(|job| job.total_units > 0).map(|job| job.id).collect();
    let tallies = store::scans::tallies(tx, &planned).await?;
    let last = |job: &Ended| Event {
        job: job.id,
        seq: job.last_seq,
        at: now,
        fact: Fact::Complete {
            status: job.status,
            duration_ms: job.started_at.map_or(0, |start| (now - start).num_milliseconds()),
            tally: tallies.get(&job.id).copied().unwrap_or_default(),
            error: failure.cloned(),
        },
    };
    let events: Vec<Event> = ended.iter().map(last).collect();
    store::events::insert(tx, &events).await?;
    Ok(events)
}

/// Stores the plan of a scan and replaces its planning shard by shards that scan, all of which need `needs`, in one
/// transaction with a fact for each host that the plan leaves out.
/// False when the claim is lost.
///
/// # Errors
/// `Unavailable` when the database is away; nothing is stored then.
pub async fn split(core: &Core, claim: &Claim, plan: &Plan, units: i64, needs: Ability) -> Result<bool> {
    let shards = cut(claim.job.id, units, core.limits.shard_units, needs);
    let Some(news) = contending(|| store_split(core, claim, plan, units, &shards)).await? else {
        return Ok(false);
    };
    // Whoever claims it rings for the next.
    let first: Vec<Due> = shards.first().map(Shard::due).into_iter().collect();
    core.bell.ring(&first).await;
    core.bell.tell(news).await;
    Ok(true)
}

async fn store_split(
    core: &Core,
    claim: &Claim,
    plan: &Plan,
    units: i64,
    shards: &[Shard],
) -> Result<Option<Vec<News>>> {
    let (now, id) = (core.clock.now(), claim.job.id);
    let mut tx = core.store.begin().await?;
    if store::shards::finish(&mut tx, &[(claim.shard, claim.attempt)]).await?.is_empty() {
        return Ok(None);
    }
    store::shards::insert(&mut tx, shards, now).await?;
    store::scans::set_plan(&mut tx, id, plan).await?;
    let more = i64::try_from(shards.len()).unwrap_or(i64::MAX) - 1;
    let Some(job) = store::jobs::add_work(&mut tx, id, units, more).await? else { return Ok(None) };
    let facts: Vec<Fact> = plan.unresolved().iter().cloned().map(Fact::UnresolvedHost).collect();
    let numbers = i64::try_from(facts.len()).unwrap_or(i64::MAX);
    let seq = job.last_seq + numbers;
    if numbers > 0 {
        store::jobs::count_up(&mut tx, id, 0, numbers).await?;
    }
    let events = event::append(&mut tx, id, seq, now, facts).await?;
    tx.commit().await?;
    let progress = Progress { job: id, seq, at: now, done: 0, total: units, tally: Tally::default() };
    Ok(Some(events.into_iter().map(News::Event).chain([News::Progress(progress)]).collect()))
}

/// Cuts units into shards of `size`, numbered from 1.
fn cut(job_id: JobId, units: i64, size: i64, needs: Ability) -> Vec<Shard> {
    let starts = (0..units).step_by(usize::try_from(size.max(1)).unwrap_or(usize::MAX));
    let shard = |(number, start): (i64, i64)| Shard {
        job_id,
        number,
        range_start: start,
        range_end: start.saturating_add(size).min(units),
        position: start,
        attempt: 0,
        needs,
    };
    (1..).zip(starts).map(shard).collect()
}

/// Gives a shard back to the queue, to be run again after `wait`; its checkpoint stays. Nothing happens when the
/// claim is lost.
///
/// # Errors
/// `Unavailable` when the database is away: the sweeper frees the shard once its lease has run out.
pub async fn give_back(core: &Core, claim: &Claim, wait: TimeDelta) -> Result<()> {
    let mut tx = core.store.begin().await?;
    let kept = store::shards::requeue(&mut tx, claim.shard, claim.attempt, core.clock.now() + wait).await?;
    tx.commit().await?;
    if kept && wait <= TimeDelta::zero() {
        core.bell.ring(&[Due { shard: claim.shard, needs: claim.needs }]).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn shards_cover_every_unit_once(units in 1_i64..10_000, size in 1_i64..3000) {
            let shards = cut(JobId::new(), units, size, Ability::Connections);
            let ends = shards.iter().map(|shard| shard.range_end);
            let starts = shards.iter().skip(1).map(|shard| shard.range_start).chain([units]);
            prop_assert!(ends.eq(starts));
            prop_assert!(shards.iter().all(|shard| shard.range_end - shard.range_start <= size));
            prop_assert_eq!(shards.first().map(|shard| (shard.number, shard.range_start)), Some((1, 0)));
        }
    }
}
