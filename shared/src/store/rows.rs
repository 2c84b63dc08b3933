//! Many rows in one statement, as each database takes them. Postgres is given arrays: a statement is then the same
//! for any number of rows and stays prepared, and it is read, planned and bound once. SQLite has no arrays, but no
//! server to talk to either.

use chrono::{DateTime, Utc};
use sqlx::{Database, Postgres, QueryBuilder, Sqlite, types::Json};
use uuid::Uuid;

use crate::{
    event::{Event, Fact},
    id::ShardId,
};

/// A database that takes many rows at once.
pub(super) trait Rows: Database {
    /// Writes the condition that `column` is one of `ids`.
    fn push_among<Id: Copy + Into<Uuid>>(query: &mut QueryBuilder<Self>, column: &'static str, ids: &[Id]);

    /// Writes the condition that a shard is one of `ids`.
    fn push_shards(query: &mut QueryBuilder<Self>, ids: &[ShardId]);

    /// Writes the condition that a shard and its `attempt` are those of one of `claims`.
    fn push_claims(query: &mut QueryBuilder<Self>, claims: &[(ShardId, i64)]);

    /// Writes the rows of `events`, each `job_id, seq, fact, created_at, organization_id, place`.
    fn push_events(query: &mut QueryBuilder<Self>, events: &[Event]);

    /// Writes the place that nothing is stored before any more: whatever is there by now has a lower one, and whatever
    /// comes has this one or a higher one.
    fn push_horizon(query: &mut QueryBuilder<Self>);

    /// Whether a statement of so many rows is worth keeping prepared. One of every length would push all others out.
    fn is_kept(query: &QueryBuilder<Self>, rows: usize) -> bool;
}

impl Rows for Postgres {
    fn push_among<Id: Copy + Into<Uuid>>(query: &mut QueryBuilder<Self>, column: &'static str, ids: &[Id]) {
        let ids: Vec<Uuid> = ids.iter().copied().map(Into::into).collect();
        query.push(column).push(" = ANY(").push_bind(ids).push(")");
    }

    fn push_shards(query: &mut QueryBuilder<Self>, ids: &[ShardId]) {
        let (jobs, numbers): (Vec<Uuid>, Vec<i64>) = ids.iter().map(|id| (id.job.uuid(), id.number)).unzip();
        query.push("(job_id, number) IN (SELECT * FROM UNNEST(").push_bind(jobs);
        query.push(", ").push_bind(numbers).push("))");
    }

    fn push_claims(query: &mut QueryBuilder<Self>, claims: &[(ShardId, i64)]) {
        let jobs: Vec<Uuid> = claims.iter().map(|(id, _)| id.job.uuid()).collect();
        let numbers: Vec<i64> = claims.iter().map(|(id, _)| id.number).collect();
        let attempts: Vec<i64> = claims.iter().map(|(_, attempt)| *attempt).collect();
        query.push("(job_id, number, attempt) IN (SELECT * FROM UNNEST(").push_bind(jobs);
        query.push(", ").push_bind(numbers).push(", ").push_bind(attempts).push("))");
    }

    fn push_events(query: &mut QueryBuilder<Self>, events: &[Event]) {
        let jobs: Vec<Uuid> = events.iter().map(|event| event.job.uuid()).collect();
        let numbers: Vec<i64> = events.iter().map(|event| event.seq).collect();
        let facts: Vec<Json<&Fact>> = events.iter().map(|event| Json(&event.fact)).collect();
        let times: Vec<DateTime<Utc>> = events.iter().map(|event| event.at).collect();
        // Two that write to one job may have got their transaction numbers in the other order than the job's lock, so
        // an event never has a lower place than the one before it. This one still runs, so its number bounds its place
        // from below either way.
        query.push(
            "SELECT new.*, jobs.organization_id, GREATEST(own.place, (SELECT last.place FROM events AS last \
             WHERE last.job_id = new.job_id ORDER BY last.seq DESC LIMIT 1)) FROM (SELECT place + \
             pg_current_xact_id()::text::bigint AS place FROM event_places) AS own CROSS JOIN UNNEST(",
        );
        query.push_bind(jobs).push(", ").push_bind(numbers);
        query.push(", ").push_bind(facts).push(", ").push_bind(times);
        query.push(") AS new (job_id, seq, fact, created_at) JOIN jobs ON jobs.id = new.job_id");
    }

    fn push_horizon(query: &mut QueryBuilder<Self>) {
        query
            .push("(SELECT place + pg_snapshot_xmin(pg_current_snapshot())::text::bigint FROM event_places)");
    }

    fn is_kept(_: &QueryBuilder<Self>, _: usize) -> bool {
        true
    }
}

impl Rows for Sqlite {
    fn push_among<Id: Copy + Into<Uuid>>(query: &mut QueryBuilder<Self>, column: &'static str, ids: &[Id]) {
        query.push(column).push(" IN (");
        let mut list = query.separated(", ");
        for id in ids {
            list.push_bind((*id).into());
        }
        query.push(")");
    }

    fn push_shards(query: &mut QueryBuilder<Self>, ids: &[ShardId]) {
        query.push("(job_id, number) IN (");
        query.push_values(ids, |mut row, id| {
            row.push_bind(id.job.uuid()).push_bind(id.number);
        });
        query.push(")");
    }

    fn push_claims(query: &mut QueryBuilder<Self>, claims: &[(ShardId, i64)]) {
        query.push("(job_id, number, attempt) IN (");
        query.push_values(claims, |mut row, (id, attempt)| {
            row.push_bind(id.job.uuid()).push_bind(id.number).push_bind(*attempt);
        });
        query.push(")");
    }

    fn push_events(query: &mut QueryBuilder<Self>, events: &[Event]) {
        query.push_values(events, |mut row, event| {
            row.push_bind(event.job.uuid()).push_bind(event.seq);
            row.push_bind(Json(&event.fact)).push_bind(event.at);
            row.push("(SELECT organization_id FROM jobs WHERE id = ");
            row.push_bind_unseparated(event.job.uuid()).push_unseparated(")");
            row.push("(SELECT place FROM event_places)");
        });
    }

    fn push_horizon(query: &mut QueryBuilder<Self>) {
        // One writer at a time: what has a place is committed.
        query.push("(SELECT place + 1 FROM event_places)");
    }

    fn is_kept(_: &QueryBuilder<Self>, rows: usize) -> bool {
        rows == 1
    }
}
