//! Claiming shards, and keeping the claims.

use std::{collections::HashMap, ops::Range, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};

use super::{Due, Job, Status};
use crate::{
    bell::News,
    core::{Core, contending},
    error::Result,
    event::{Event, Fact, Progress, Tally},
    id::{JobId, ShardId},
    scan::Ability,
    store::{self, Tx, shards::Shard},
};

/// A shard in a worker's hands. Whatever the worker writes carries `attempt`: once another worker has claimed the
/// shard, the writes of this one are refused.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The shard.
    pub shard: ShardId,
    /// The fencing token.
    pub attempt: i64,
    /// The units of the job that are this shard's.
    pub units: Range<i64>,
    /// The checkpoint: units below it are settled.
    pub position: i64,
    /// What its worker must be able to do.
    pub needs: Ability,
    /// The job as it stood when the shard was claimed.
    pub job: Arc<Job>,
}

/// Claims those of `shards` that are due and that a worker of this `ability` can work, starts jobs that have not started,
/// and rings for the next shard of each job. A shard that another worker claimed is left out.
///
/// # Errors
/// `Unavailable` when the database is away; then nothing is claimed.
pub async fn claim(core: &Core, ability: Ability, shards: &[ShardId]) -> Result<Vec<Claim>> {
    let Claimed { claims, next, news } = contending(|| store(core, ability, shards)).await?;
    core.bell.ring(&next).await;
    core.bell.tell(news).await;
    Ok(claims)
}

/// What was claimed, and who is to hear what of it.
#[derive(Default)]
struct Claimed {
    claims: Vec<Claim>,
    next: Vec<Due>,
    news: Vec<News>,
}

async fn store(core: &Core, ability: Ability, shards: &[ShardId]) -> Result<Claimed> {
    let now = core.clock.now();
    let mut tx = core.store.begin().await?;
    let claimed = store::shards::claim(&mut tx, shards, ability, now).await?;
    if claimed.is_empty() {
        return Ok(Claimed::default());
    }
    let mut ids: Vec<JobId> = claimed.iter().map(|shard| shard.job_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let deadline = now + TimeDelta::seconds(core.limits.job_seconds);
    let started = store::jobs::start(&mut tx, &ids, now, deadline).await?;
    let events: Vec<Event> = started
        .iter()
        .map(|job| Event {
            job: job.id,
            seq: job.last_seq,
            at: now,
            fact: Fact::Status { status: Status::Running },
        })
        .collect();
    store::events::insert(&mut tx, &events).await?;
    let news = started_news(&started, events);
    let mut jobs: HashMap<JobId, Arc<Job>> = started.into_iter().map(|job| (job.id, Arc::new(job))).collect();
    ids.retain(|id| !jobs.contains_key(id));
    if !ids.is_empty() {
        let others = store::jobs::read(&mut tx, &ids).await?;
        jobs.extend(others.into_iter().map(|job| (job.id, Arc::new(job))));
    }
    let next = next(&mut tx, &claimed, &jobs, now).await?;
    tx.commit().await?;
    let claims = claimed.into_iter().filter_map(|shard| {
        let job = jobs.get(&shard.job_id).cloned()?;
        let units = shard.range_start..shard.range_end;
        let Shard { attempt, position, needs, .. } = shard;
        Some(Claim { shard: shard.id(), attempt, units, position, needs, job })
    });
    Ok(Claimed { claims: claims.collect(), next, news })
}

/// The shards whose turn comes after those that were claimed, one of each job that has any left.
async fn next(
    tx: &mut Tx,
    claimed: &[Shard],
    jobs: &HashMap<JobId, Arc<Job>>,
    now: DateTime<Utc>,
) -> Result<Vec<Due>> {
    let has_more = |id: &JobId| jobs.get(id).is_some_and(|job| job.shards_left > 1);
    let needs: HashMap<JobId, Ability> =
        claimed.iter().map(|shard| (shard.job_id, shard.needs)).filter(|(id, _)| has_more(id)).collect();
    let ids: Vec<JobId> = needs.keys().copied().collect();
    let next = store::shards::first_due_of(tx, &ids, now).await?;
    Ok(next.into_iter().filter_map(|shard| Some(Due { shard, needs: *needs.get(&shard.job)? })).collect())
}

fn started_news(started: &[Job], events: Vec<Event>) -> Vec<News> {
    let progress = started.iter().zip(&events).map(|(job, event)| {
        let (job, total) = (job.id, job.total_units);
        News::Progress(Progress {
            job,
            seq: event.seq,
            at: event.at,
            done: 0,
            total,
            tally: Tally::default(),
        })
    });
    let progress: Vec<News> = progress.collect();
    events.into_iter().map(News::Event).chain(progress).collect()
}

/// Shards that are due and that a worker of this `ability` can work, oldest first: for one that cannot hear the bell.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn due(core: &Core, ability: Ability, most: usize) -> Result<Vec<ShardId>> {
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    store::shards::due(&core.store, ability, core.clock.now(), limit).await
}

/// Renews claims; returns the shards whose claim still stands. The others were cancelled or taken over.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn renew(core: &Core, claims: &[(ShardId, i64)]) -> Result<Vec<ShardId>> {
    contending(async || {
        let mut tx = core.store.begin().await?;
        let kept = store::shards::renew(&mut tx, claims, core.clock.now()).await?;
        tx.commit().await?;
        Ok(kept)
    })
    .await
}
