//! Jobs of any kind, as those see them who follow them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::{FromRow, QueryBuilder};
use uuid::Uuid;

use super::{Store, jobs::Job, rows::Rows};
use crate::{
    error::Result,
    event::{Progress, Tally},
    id::{JobId, OrganizationId, UserId},
    job::Kind,
};

/// What never changes about a job.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct About {
    /// Whose it is.
    #[sqlx(rename = "organization_id", try_from = "Uuid")]
    pub organization: OrganizationId,
    /// Who submitted it.
    #[sqlx(rename = "user_id", try_from = "Uuid")]
    pub user: UserId,
    /// What it does.
    #[sqlx(try_from = "String")]
    pub kind: Kind,
    /// What it is about, in canonical form.
    pub subject: String,
}

/// A job and what was counted of it.
#[derive(Clone, Debug, FromRow)]
pub struct View {
    /// The job.
    #[sqlx(flatten)]
    pub job: Job,
    open_ports: i64,
    closed_ports: i64,
    filtered_ports: i64,
}

impl View {
    /// What never changes about it.
    #[must_use]
    pub fn about(&self) -> About {
        let Job { organization_id, user_id, kind, ref subject, .. } = self.job;
        About { organization: organization_id, user: user_id, kind, subject: subject.clone() }
    }

    /// How far it is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let job = &self.job;
        let at = job.completed_at.or(job.started_at).unwrap_or(job.created_at);
        let (done, total) = (job.done_units, job.total_units);
        Progress { job: job.id, seq: job.last_seq, at, done, total, tally: self.tally() }
    }

    /// What was counted so far; nothing for a job that counts no ports.
    #[must_use]
    pub fn tally(&self) -> Tally {
        Tally { open: self.open_ports, closed: self.closed_ports, filtered: self.filtered_ports }
    }
}

const VIEWS: &str = "SELECT jobs.*, COALESCE(scans.open_ports, 0) AS open_ports, \
                     COALESCE(scans.closed_ports, 0) AS closed_ports, \
                     COALESCE(scans.filtered_ports, 0) AS filtered_ports \
                     FROM jobs LEFT JOIN scans ON scans.job_id = jobs.id WHERE jobs.user_id = ";

/// One job of a user.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn find(store: &Store, user: UserId, id: JobId) -> Result<Option<View>> {
    on_pool!(store, |pool| {
        let mut query = QueryBuilder::new(VIEWS);
        query.push_bind(user.uuid()).push(" AND jobs.id = ").push_bind(id.uuid());
        query.build_query_as().fetch_optional(pool).await
    })
}

/// The jobs of a user that have not ended, the newest first, at most `limit`. They are looked for from the oldest job
/// that has a shard left, as all of them do: what a user has in all may be very many.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn unfinished(store: &Store, user: UserId, limit: i64) -> Result<Vec<View>> {
    const OLDEST: &str = "SELECT jobs.created_at FROM shards JOIN jobs ON jobs.id = shards.job_id \
                          ORDER BY shards.job_id LIMIT 1";
    let oldest: Option<(DateTime<Utc>,)> =
        on_pool!(store, |pool| sqlx::query_as(OLDEST).fetch_optional(pool).await)?;
    let Some((oldest,)) = oldest else { return Ok(Vec::new()) };
    on_pool!(store, |pool| {
        let mut query = QueryBuilder::new(VIEWS);
        query.push_bind(user.uuid()).push(" AND jobs.created_at >= ");
        query.push_bind(oldest - super::jobs::CLOCKS_DIFFER);
        query.push(" AND jobs.completed_at IS NULL ORDER BY jobs.id DESC LIMIT ").push_bind(limit);
        query.build_query_as().fetch_all(pool).await
    })
}

/// What those of `ids` are that exist.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn about(store: &Store, ids: &[JobId]) -> Result<HashMap<JobId, About>> {
    #[derive(FromRow)]
    struct Row {
        id: Uuid,
        #[sqlx(flatten)]
        about: About,
    }
    let mut found = HashMap::new();
    for chunk in ids.chunks(1000) {
        let rows: Vec<Row> = on_pool!(store, |pool| {
            let mut query =
                QueryBuilder::new("SELECT id, organization_id, user_id, kind, subject FROM jobs WHERE ");
            Rows::push_among(&mut query, "id", chunk);
            query.build_query_as().fetch_all(pool).await
        })?;
        found.extend(rows.into_iter().map(|row| (row.id.into(), row.about)));
    }
    Ok(found)
}
