//! Rows of jobs.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{FromRow, QueryBuilder, types::Json};
use uuid::Uuid;

use super::{Store, Tx, rows::Rows};
use crate::{
    error::Result,
    id::{JobId, OrganizationId, UserId},
    job::{Failure, FailureCode, Kind, Status},
};

/// A job as it stands in the database.
#[derive(Clone, Debug, FromRow)]
pub struct Job {
    /// Its id.
    #[sqlx(try_from = "Uuid")]
    pub id: JobId,
    /// Whose it is.
    #[sqlx(try_from = "Uuid")]
    pub organization_id: OrganizationId,
    /// Who submitted it.
    #[sqlx(try_from = "Uuid")]
    pub user_id: UserId,
    /// What it does.
    #[sqlx(try_from = "String")]
    pub kind: Kind,
    /// Where it stands.
    #[sqlx(try_from = "String")]
    pub status: Status,
    /// What it is about, in canonical form.
    pub subject: String,
    /// The request, as its kind reads it.
    #[sqlx(json)]
    pub request: serde_json::Value,
    /// Units in all; 0 until it has been planned.
    pub total_units: i64,
    /// Units settled.
    pub done_units: i64,
    /// Shards that are not done yet.
    pub shards_left: i64,
    /// Number of the newest event.
    pub last_seq: i64,
    /// When it was submitted.
    pub created_at: DateTime<Utc>,
    /// When its first shard was claimed.
    pub started_at: Option<DateTime<Utc>>,
    /// When it will have run into its time limit.
    pub deadline_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub completed_at: Option<DateTime<Utc>>,
    error_code: Option<String>,
    error_message: Option<String>,
}

impl Job {
    /// Why it did not complete.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        let code = FailureCode::try_from(self.error_code.clone()?).unwrap_or(FailureCode::Internal);
        Some(Failure { code, message: self.error_message.clone().unwrap_or_default() })
    }
}

/// What the last event of a job tells of its row.
#[derive(Clone, Copy, Debug, FromRow)]
pub(crate) struct Ended {
    #[sqlx(try_from = "Uuid")]
    pub(crate) id: JobId,
    #[sqlx(try_from = "String")]
    pub(crate) status: Status,
    pub(crate) total_units: i64,
    pub(crate) last_seq: i64,
    pub(crate) started_at: Option<DateTime<Utc>>,
}

/// How far ids and times may be out of step: each server process makes them by its own clock.
pub(super) const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(5);

/// What a new job's row is made of.
pub(crate) struct NewJob<'a> {
    pub(crate) id: JobId,
    pub(crate) organization: OrganizationId,
    pub(crate) user: UserId,
    pub(crate) kind: Kind,
    pub(crate) subject: &'a str,
    pub(crate) request: &'a serde_json::Value,
    pub(crate) created_at: DateTime<Utc>,
}

/// Inserts a job that waits, with one shard and one event.
pub(crate) async fn insert(tx: &mut Tx, job: &NewJob<'_>) -> Result<Job> {
    const SQL: &str = "INSERT INTO jobs (id, organization_id, user_id, kind, status, subject, request, created_at, \
                       total_units, done_units, shards_left, last_seq) \
                       VALUES ($1, $2, $3, $4, 'queued', $5, $6, $7, 0, 0, 1, 1) RETURNING *";
    on_tx!(tx, |connection| sqlx::query_as(SQL)
        .bind(job.id.uuid())
        .bind(job.organization.uuid())
        .bind(job.user.uuid())
        .bind(job.kind.as_str())
        .bind(job.subject)
        .bind(Json(job.request))
        .bind(job.created_at)
        .fetch_one(connection)
        .await)
}

/// The jobs of a user that have not ended.
pub(crate) async fn unfinished(store: &Store, user: UserId) -> Result<Vec<JobId>> {
    const SQL: &str = "SELECT id FROM jobs WHERE user_id = $1 AND completed_at IS NULL";
    let ids: Vec<Uuid> =
        on_pool!(store, |pool| sqlx::query_scalar(SQL).bind(user.uuid()).fetch_all(pool).await)?;
    Ok(ids.into_iter().map(JobId::from).collect())
}

/// How many jobs of a kind a user has submitted from `since` on.
pub(crate) async fn count_since(tx: &mut Tx, user: UserId, kind: Kind, since: DateTime<Utc>) -> Result<i64> {
    const SQL: &str = "SELECT COUNT(*) FROM jobs WHERE user_id = $1 AND kind = $2 AND created_at >= $3";
    on_tx!(tx, |connection| sqlx::query_scalar(SQL)
        .bind(user.uuid())
        .bind(kind.as_str())
        .bind(since)
        .fetch_one(connection)
        .await)
}

/// How many jobs of a kind a user has that have not ended. They are looked for from the oldest job that has a shard
/// left, as all of them do: what a user has in all may be very many.
pub(crate) async fn count_unfinished(tx: &mut Tx, user: UserId, kind: Kind) -> Result<i64> {
    const OLDEST: &str = "SELECT jobs.created_at FROM shards JOIN jobs ON jobs.id = shards.job_id \
                          ORDER BY shards.job_id LIMIT 1";
    const COUNT: &str = "SELECT COUNT(*) FROM jobs \
                         WHERE user_id = $1 AND kind = $2 AND created_at >= $3 AND completed_at IS NULL";
    let oldest: Option<DateTime<Utc>> =
        on_tx!(tx, |connection| sqlx::query_scalar(OLDEST).fetch_optional(connection).await)?;
    let Some(oldest) = oldest else { return Ok(0) };
    on_tx!(tx, |connection| sqlx::query_scalar(COUNT)
        .bind(user.uuid())
        .bind(kind.as_str())
        .bind(oldest - CLOCKS_DIFFER)
        .fetch_one(connection)
        .await)
}

/// How many jobs of a kind a user has submitted since then, and how many they have that have not ended.
pub(crate) async fn usage(
    store: &Store,
    user: UserId,
    kind: Kind,
    since: DateTime<Utc>,
) -> Result<(i64, i64)> {
    const SQL: &str = "SELECT COUNT(CASE WHEN created_at >= $3 THEN 1 END), \
                       COUNT(CASE WHEN status IN ('queued', 'running') THEN 1 END) \
                       FROM jobs WHERE user_id = $1 AND kind = $2";
    on_pool!(store, |pool| sqlx::query_as(SQL)
        .bind(user.uuid())
        .bind(kind.as_str())
        .bind(since)
        .fetch_one(pool)
        .await)
}

/// Starts those of `ids` that are queued, and takes an event number for each; returns them as they now stand.
pub(crate) async fn start(
    tx: &mut Tx,
    ids: &[JobId],
    now: DateTime<Utc>,
    deadline: DateTime<Utc>,
) -> Result<Vec<Job>> {
    on_tx!(tx, |connection| {
        let mut query =
            QueryBuilder::new("UPDATE jobs SET status = 'running', last_seq = last_seq + 1, started_at = ");
        query
            .push_bind(now)
            .push(", deadline_at = ")
            .push_bind(deadline)
            .push(" WHERE status = 'queued' AND ");
        Rows::push_among(&mut query, "id", ids);
        query.push(" RETURNING *");
        query.build_query_as().fetch_all(connection).await
    })
}

/// Those of `ids` that exist, read inside the transaction.
pub(crate) async fn read(tx: &mut Tx, ids: &[JobId]) -> Result<Vec<Job>> {
    on_tx!(tx, |connection| {
        let mut query = QueryBuilder::new("SELECT * FROM jobs WHERE ");
        Rows::push_among(&mut query, "id", ids);
        query.build_query_as().fetch_all(connection).await
    })
}

/// Counts off `shards` finished shards of each of `ids`; a job with none left completes and takes an event number.
pub(crate) async fn count_off(
    tx: &mut Tx,
    ids: &[JobId],
    shards: i64,
    now: DateTime<Utc>,
) -> Result<Vec<Ended>> {
    on_tx!(tx, |connection| {
        let mut query = QueryBuilder::new("UPDATE jobs SET shards_left = shards_left - ");
        query.push_bind(shards);
        for (column, ended) in [("status", "'completed'"), ("last_seq", "last_seq + 1")] {
            query.push(format!(", {column} = CASE WHEN shards_left = ")).push_bind(shards);
            query.push(format!(" THEN {ended} ELSE {column} END"));
        }
        query.push(", completed_at = CASE WHEN shards_left = ").push_bind(shards).push(" THEN ");
        query.push_bind(now).push(" ELSE completed_at END WHERE status = 'running' AND ");
        Rows::push_among(&mut query, "id", ids);
        query.push(" RETURNING id, status, total_units, last_seq, started_at");
        query.build_query_as().fetch_all(connection).await
    })
}

/// Adds planned work to a running job: its units in all and its further shards.
pub(crate) async fn add_work(tx: &mut Tx, id: JobId, units: i64, shards: i64) -> Result<Option<Job>> {
    const SQL: &str = "UPDATE jobs SET total_units = $2, shards_left = shards_left + $3 \
                       WHERE id = $1 AND status = 'running' RETURNING *";
    on_tx!(tx, |connection| sqlx::query_as(SQL)
        .bind(id.uuid())
        .bind(units)
        .bind(shards)
        .fetch_optional(connection)
        .await)
}

/// Counts settled units of a running job and takes `events` event numbers.
pub(crate) async fn count_up(tx: &mut Tx, id: JobId, units: i64, events: i64) -> Result<Option<Job>> {
    const SQL: &str = "UPDATE jobs SET done_units = done_units + $2, last_seq = last_seq + $3 \
                       WHERE id = $1 AND status = 'running' RETURNING *";
    on_tx!(tx, |connection| sqlx::query_as(SQL)
        .bind(id.uuid())
        .bind(units)
        .bind(events)
        .fetch_optional(connection)
        .await)
}

/// Ends a job that has not ended yet, and takes an event number.
pub(crate) async fn end(
    tx: &mut Tx,
    id: JobId,
    status: Status,
    failure: Option<&Failure>,
    now: DateTime<Utc>,
) -> Result<Option<Ended>> {
    const SQL: &str = "UPDATE jobs SET status = $2, error_code = $3, error_message = $4, completed_at = $5, \
                       last_seq = last_seq + 1 WHERE id = $1 AND status IN ('queued', 'running') \
                       RETURNING id, status, total_units, last_seq, started_at";
    on_tx!(tx, |connection| sqlx::query_as(SQL)
        .bind(id.uuid())
        .bind(status.as_str())
        .bind(failure.map(|failure| failure.code.as_str()))
        .bind(failure.map(|failure| failure.message.as_str()))
        .bind(now)
        .fetch_optional(connection)
        .await)
}

/// One job, whoever it belongs to.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn find(store: &Store, id: JobId) -> Result<Option<Job>> {
    const SQL: &str = "SELECT * FROM jobs WHERE id = $1";
    on_pool!(store, |pool| sqlx::query_as(SQL).bind(id.uuid()).fetch_optional(pool).await)
}

/// The newest event numbers of jobs.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn newest(store: &Store, ids: &[JobId]) -> Result<Vec<(JobId, i64)>> {
    let mut found = Vec::new();
    for chunk in ids.chunks(1000) {
        let rows: Vec<(Uuid, i64)> = on_pool!(store, |pool| {
            let mut query = QueryBuilder::new("SELECT id, last_seq FROM jobs WHERE ");
            Rows::push_among(&mut query, "id", chunk);
            query.build_query_as().fetch_all(pool).await
        })?;
        found.extend(rows.into_iter().map(|(id, seq)| (JobId::from(id), seq)));
    }
    Ok(found)
}

/// Jobs past their time limit: among those that somebody works at, and those that have waited longest. There is no
/// index of deadlines, which each start of a job would have to enter: a job that is far back in a long queue is seen
/// here when its turn comes.
pub(crate) async fn overdue(store: &Store, now: DateTime<Utc>) -> Result<Vec<JobId>> {
    const SQL: &str = "SELECT id FROM jobs WHERE status = 'running' AND deadline_at < $1 AND id IN \
                       (SELECT job_id FROM shards WHERE heartbeat_at IS NOT NULL UNION SELECT job_id FROM \
                       (SELECT job_id FROM shards ORDER BY job_id, number LIMIT 1000) AS oldest)";
    let rows: Vec<(Uuid,)> = on_pool!(store, |pool| sqlx::query_as(SQL).bind(now).fetch_all(pool).await)?;
    Ok(rows.into_iter().map(|(id,)| id.into()).collect())
}
