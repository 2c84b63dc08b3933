//! Events of jobs.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, QueryBuilder, types::Json};
use uuid::Uuid;

use super::{Store, Tx, rows::Rows};
use crate::{
    error::Result,
    event::{Event, Fact},
    id::JobId,
};

/// At most this many rows go into one INSERT: SQLite takes 32,766 bound values.
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
    for chunk in events.chunks(ROWS) {
        on_tx!(tx, |connection| {
            let mut query = QueryBuilder::new("INSERT INTO events (job_id, seq, fact, created_at) ");
            Rows::push_events(&mut query, chunk);
            let is_kept = Rows::is_kept(&query, chunk.len());
            let insert = query.build().persistent(is_kept);
            insert.execute(connection).await.map(|done| done.rows_affected())
        })?;
    }
    Ok(())
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

/// Removes every event of a job but the last, which says how it ended.
pub(crate) async fn forget(tx: &mut Tx, job: JobId, last: i64) -> Result<()> {
    const SQL: &str = "DELETE FROM events WHERE job_id = $1 AND seq < $2";
    on_tx!(tx, |connection| sqlx::query(SQL)
        .bind(job.uuid())
        .bind(last)
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))
    .map(drop)
}
