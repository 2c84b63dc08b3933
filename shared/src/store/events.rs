//! Events of jobs.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, QueryBuilder, types::Json};
use uuid::Uuid;

use super::{Store, Tx, failure, rows::Rows};
use crate::{
    error::Result,
    event::{Event, Fact},
    id::JobId,
};

/// At most this many rows go into one INSERT: SQLite takes 32,766 bound values, of which each has five.
const ROWS: usize = 1000;

#[derive(FromRow)]
struct Row {
    job_id: Uuid,
    seq: i64,
    fact: Json<Fact>,
    created_at: DateTime<Utc>,
}

impl From<Row> for Event {
    fn from(row: Row) -> Self {
        Self { job: row.job_id.into(), seq: row.seq, at: row.created_at, fact: row.fact.0 }
    }
}

/// Stores events whose numbers were taken in the same transaction.
pub(crate) async fn insert(tx: &mut Tx, events: &[Event]) -> Result<()> {
    take_place(tx).await?;
    for chunk in events.chunks(ROWS) {
        on_tx!(tx, |connection| {
            let mut query = QueryBuilder::new(
                "INSERT INTO events (job_id, seq, fact, created_at, organization_id, place) ",
            );
            Rows::push_events(&mut query, chunk);
            let is_kept = Rows::is_kept(&query, chunk.len());
            let insert = query.build().persistent(is_kept);
            insert.execute(connection).await.map(|done| done.rows_affected())
        })?;
    }
    Ok(())
}

/// Numbers the transaction. In Postgres it has a number.
async fn take_place(tx: &mut Tx) -> Result<()> {
    let Tx::Sqlite(tx) = tx else { return Ok(()) };
    let count = sqlx::query("UPDATE event_places SET place = place + 1");
    count.execute(&mut **tx).await.map(drop).map_err(failure)
}

/// The next events of a job after number `after`, in order, at most `limit`.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn after(store: &Store, job: JobId, after: i64, limit: i64) -> Result<Vec<Event>> {
    const SQL: &str = "SELECT job_id, seq, fact, created_at FROM events WHERE job_id = $1 AND seq > $2 ORDER BY seq LIMIT $3";
    let rows: Vec<Row> = on_pool!(store, |pool| sqlx::query_as(SQL)
        .bind(job.uuid())
        .bind(after)
        .bind(limit)
        .fetch_all(pool)
        .await)?;
    Ok(rows.into_iter().map(Event::from).collect())
}

/// Removes the events of a job below number `seq`.
pub(crate) async fn forget(tx: &mut Tx, job: JobId, seq: i64) -> Result<()> {
    const FLOOR: &str = "INSERT INTO event_floors (organization_id, place) SELECT organization_id, MAX(place) FROM events \
                         WHERE job_id = $1 AND seq < $2 AND organization_id IS NOT NULL GROUP BY organization_id \
                         ON CONFLICT (organization_id) DO UPDATE SET place = CASE \
                         WHEN excluded.place > event_floors.place THEN excluded.place ELSE event_floors.place END";
    const SQL: &str = "DELETE FROM events WHERE job_id = $1 AND seq < $2";
    for sql in [FLOOR, SQL] {
        on_tx!(tx, |connection| sqlx::query(sql)
            .bind(job.uuid())
            .bind(seq)
            .execute(connection)
            .await
            .map(|done| done.rows_affected()))?;
    }
    Ok(())
}

/// The first job behind `after` and before `end` that has events.
pub(crate) async fn next_job(store: &Store, after: JobId, end: JobId) -> Result<Option<JobId>> {
    const SQL: &str = "SELECT job_id FROM events WHERE job_id > $1 AND job_id < $2 ORDER BY job_id LIMIT 1";
    let row: Option<(Uuid,)> = on_pool!(store, |pool| sqlx::query_as(SQL)
        .bind(after.uuid())
        .bind(end.uuid())
        .fetch_optional(pool)
        .await)?;
    Ok(row.map(|(id,)| id.into()))
}
