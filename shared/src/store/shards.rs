//! Shards: what workers claim.

use std::ops::Range;

use chrono::{DateTime, Utc};
use sqlx::{FromRow, QueryBuilder};
use uuid::Uuid;

use super::{Store, Tx, rows::Rows};
use crate::{
    error::Result,
    id::{JobId, ShardId},
    job::Due,
    scan::Ability,
};

/// A shard as a claim returns it.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Shard {
    #[sqlx(try_from = "Uuid")]
    pub(crate) job_id: JobId,
    pub(crate) number: i64,
    pub(crate) range_start: i64,
    pub(crate) range_end: i64,
    pub(crate) position: i64,
    pub(crate) attempt: i64,
    #[sqlx(try_from = "String")]
    pub(crate) needs: Ability,
}

impl Shard {
    pub(crate) fn id(&self) -> ShardId {
        ShardId { job: self.job_id, number: self.number }
    }

    pub(crate) fn due(&self) -> Due {
        Due { shard: self.id(), needs: self.needs }
    }
}

/// A shard's row, as far as it is rung for.
#[derive(Clone, Debug, FromRow)]
struct Waiting {
    #[sqlx(try_from = "Uuid")]
    job_id: JobId,
    number: i64,
    #[sqlx(try_from = "String")]
    needs: Ability,
}

impl From<Waiting> for Due {
    fn from(Waiting { job_id, number, needs }: Waiting) -> Self {
        Self { shard: ShardId { job: job_id, number }, needs }
    }
}

/// The columns that name a shard.
type Name = (Uuid, i64);

fn named((job, number): Name) -> ShardId {
    ShardId { job: job.into(), number }
}

/// Adds shards that are due at once.
pub(crate) async fn insert(tx: &mut Tx, shards: &[Shard], now: DateTime<Utc>) -> Result<()> {
    for chunk in shards.chunks(1000) {
        on_tx!(tx, |connection| {
            let mut query = QueryBuilder::new(
                "INSERT INTO shards \
                 (job_id, number, status, range_start, range_end, position, attempt, needs, run_after) ",
            );
            query.push_values(chunk, |mut row, shard| {
                row.push_bind(shard.job_id.uuid()).push_bind(shard.number);
                row.push("'queued'").push_bind(shard.range_start).push_bind(shard.range_end);
                row.push_bind(shard.position).push_bind(shard.attempt);
                row.push_bind(shard.needs.as_str()).push_bind(now);
            });
            query.build().execute(connection).await.map(|done| done.rows_affected())
        })?;
    }
    Ok(())
}

/// Claims those of `ids` that are queued and due and need no more than `ability`. Of any number of racing claims one
/// wins.
pub(crate) async fn claim(
    tx: &mut Tx,
    ids: &[ShardId],
    ability: Ability,
    now: DateTime<Utc>,
) -> Result<Vec<Shard>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    on_tx!(tx, |connection| {
        let mut query = QueryBuilder::new(
            "UPDATE shards SET status = 'running', attempt = attempt + 1, run_after = NULL",
        );
        query.push(", heartbeat_at = ").push_bind(now).push(" WHERE ");
        Rows::push_shards(&mut query, ids);
        query.push(" AND status = 'queued' AND run_after <= ").push_bind(now);
        query.push(within(ability));
        query.push(" RETURNING job_id, number, range_start, range_end, position, attempt, needs");
        query.build_query_as().fetch_all(connection).await
    })
}

/// The condition that a shard needs no more than `ability`.
fn within(ability: Ability) -> &'static str {
    match ability {
        Ability::Connections => " AND needs = 'connections'",
        Ability::RawPackets => "",
    }
}

/// Moves the checkpoint from `passed.start` to `passed.end` and renews the claim; false when the claim is lost, or the
/// checkpoint is elsewhere.
pub(crate) async fn advance(
    tx: &mut Tx,
    id: ShardId,
    attempt: i64,
    passed: Range<i64>,
    now: DateTime<Utc>,
) -> Result<bool> {
    const SQL: &str = "UPDATE shards SET position = $5, heartbeat_at = $6 \
                       WHERE job_id = $1 AND number = $2 AND attempt = $3 AND status = 'running' AND position = $4";
    let done = on_tx!(tx, |connection| sqlx::query(SQL)
        .bind(id.job.uuid())
        .bind(id.number)
        .bind(attempt)
        .bind(passed.start)
        .bind(passed.end)
        .bind(now)
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(done == 1)
}

/// Removes claimed shards that are done; returns those whose claim still stood.
pub(crate) async fn finish(tx: &mut Tx, claims: &[(ShardId, i64)]) -> Result<Vec<ShardId>> {
    if claims.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Name> = on_tx!(tx, |connection| {
        let mut query = QueryBuilder::new("DELETE FROM shards WHERE status = 'running' AND ");
        Rows::push_claims(&mut query, claims);
        query.push(" RETURNING job_id, number");
        query.build_query_as().fetch_all(connection).await
    })?;
    Ok(rows.into_iter().map(named).collect())
}

/// Renews claims; returns the shards whose claim still stands.
pub(crate) async fn renew(
    tx: &mut Tx,
    claims: &[(ShardId, i64)],
    now: DateTime<Utc>,
) -> Result<Vec<ShardId>> {
    if claims.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Name> = on_tx!(tx, |connection| {
        let mut query = QueryBuilder::new("UPDATE shards SET heartbeat_at = ");
        query.push_bind(now).push(" WHERE status = 'running' AND ");
        Rows::push_claims(&mut query, claims);
        query.push(" RETURNING job_id, number");
        query.build_query_as().fetch_all(connection).await
    })?;
    Ok(rows.into_iter().map(named).collect())
}

/// Gives one claimed shard back to the queue; false when the claim is lost.
pub(crate) async fn requeue(
    tx: &mut Tx,
    id: ShardId,
    attempt: i64,
    run_after: DateTime<Utc>,
) -> Result<bool> {
    const SQL: &str = "UPDATE shards SET status = 'queued', run_after = $4, heartbeat_at = NULL \
                       WHERE job_id = $1 AND number = $2 AND attempt = $3 AND status = 'running'";
    let done = on_tx!(tx, |connection| sqlx::query(SQL)
        .bind(id.job.uuid())
        .bind(id.number)
        .bind(attempt)
        .bind(run_after)
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(done == 1)
}

/// Frees one shard whose worker gave no sign of life since `before`; false when it did, or the claim moved on.
pub(crate) async fn free(
    tx: &mut Tx,
    id: ShardId,
    attempt: i64,
    before: DateTime<Utc>,
    run_after: DateTime<Utc>,
) -> Result<bool> {
    const SQL: &str = "UPDATE shards SET status = 'queued', run_after = $5, heartbeat_at = NULL \
                       WHERE job_id = $1 AND number = $2 AND attempt = $3 AND status = 'running' AND heartbeat_at < $4";
    let done = on_tx!(tx, |connection| sqlx::query(SQL)
        .bind(id.job.uuid())
        .bind(id.number)
        .bind(attempt)
        .bind(before)
        .bind(run_after)
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(done == 1)
}

/// Removes what is left of a job that ended early.
pub(crate) async fn drop_left(tx: &mut Tx, job: JobId) -> Result<()> {
    const SQL: &str = "DELETE FROM shards WHERE job_id = $1";
    on_tx!(tx, |connection| sqlx::query(SQL)
        .bind(job.uuid())
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))
    .map(drop)
}

/// Running shards that gave no sign of life since `before`, with their attempts.
pub(crate) async fn silent(store: &Store, before: DateTime<Utc>) -> Result<Vec<(Due, i64)>> {
    const SQL: &str = "SELECT job_id, number, range_start, range_end, position, attempt, needs FROM shards \
                       WHERE heartbeat_at < $1 LIMIT 1000";
    let rows: Vec<Shard> = on_pool!(store, |pool| sqlx::query_as(SQL).bind(before).fetch_all(pool).await)?;
    Ok(rows.into_iter().map(|shard| (shard.due(), shard.attempt)).collect())
}

/// Queued shards that are due and need no more than `ability`, those of the oldest jobs first, at most `limit`.
pub(crate) async fn due(
    store: &Store,
    ability: Ability,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<ShardId>> {
    let rows: Vec<Name> = on_pool!(store, |pool| {
        let mut query = QueryBuilder::new("SELECT job_id, number FROM shards WHERE run_after <= ");
        query.push_bind(now).push(within(ability));
        query.push(" ORDER BY job_id, number LIMIT ").push_bind(limit);
        query.build_query_as().fetch_all(pool).await
    })?;
    Ok(rows.into_iter().map(named).collect())
}

/// The first due shard of each job that has one, the oldest jobs first, at most `limit`.
pub(crate) async fn first_due(store: &Store, now: DateTime<Utc>, limit: i64) -> Result<Vec<Due>> {
    // Whatever waits of one job needs the same: shard 0 is gone when the others come.
    const SQL: &str = "SELECT job_id, MIN(number) AS number, MIN(needs) AS needs FROM shards \
                       WHERE run_after <= $1 GROUP BY job_id ORDER BY job_id LIMIT $2";
    let rows: Vec<Waiting> =
        on_pool!(store, |pool| sqlx::query_as(SQL).bind(now).bind(limit).fetch_all(pool).await)?;
    Ok(rows.into_iter().map(Due::from).collect())
}

/// The first due shard of each of `jobs` that has one, as the transaction sees them.
pub(crate) async fn first_due_of(tx: &mut Tx, jobs: &[JobId], now: DateTime<Utc>) -> Result<Vec<ShardId>> {
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(Uuid, Option<i64>)> = on_tx!(tx, |connection| {
        let mut query = QueryBuilder::new("SELECT id, (SELECT number FROM shards WHERE job_id = jobs.id");
        query.push(" AND run_after <= ").push_bind(now);
        query.push(" ORDER BY number LIMIT 1) AS number FROM jobs WHERE ");
        Rows::push_among(&mut query, "id", jobs);
        query.build_query_as().fetch_all(connection).await
    })?;
    Ok(rows.into_iter().filter_map(|(job, number)| Some(named((job, number?)))).collect())
}
