//! Scans: what a job of kind scan has beside its job row.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
};

use chrono::{DateTime, Utc};
use sqlx::{FromRow, QueryBuilder, types::Json};
use uuid::Uuid;

use super::{Store, Tx, jobs::Job, rows::Rows};
use crate::{
    error::Result,
    event::{FoundPort, FoundService, Tally},
    id::JobId,
    scan::plan::Plan,
};

pub mod list;
pub mod warnings;

/// A scan: its job and what was counted.
#[derive(Clone, Debug, FromRow)]
pub struct Scan {
    /// The job.
    #[sqlx(flatten)]
    pub job: Job,
    open_ports: i64,
    closed_ports: i64,
    filtered_ports: i64,
    /// When its results were deleted.
    pub deleted_at: Option<DateTime<Utc>>,
}

impl Scan {
    /// The scan of a job that was just inserted.
    pub(crate) fn new(job: Job) -> Self {
        Self { job, open_ports: 0, closed_ports: 0, filtered_ports: 0, deleted_at: None }
    }

    /// What was counted so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        Tally { open: self.open_ports, closed: self.closed_ports, filtered: self.filtered_ports }
    }
}

/// What was counted at one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostTally {
    /// The address.
    pub address: IpAddr,
    /// The target as it was given.
    pub host: String,
    /// The counts.
    pub tally: Tally,
    /// Of the filtered ports, those that were not tried, because nobody was at the address.
    pub skipped: i64,
    /// Whether whatever port is tried there is open, so that no more of them are stored.
    pub all_ports_open: bool,
}

impl HostTally {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(address: IpAddr, host: &str) -> Self {
        let tally = Tally::default();
        Self { address, host: host.to_owned(), tally, skipped: 0, all_ports_open: false }
    }
}

pub(crate) async fn insert(tx: &mut Tx, job: JobId) -> Result<()> {
    const SQL: &str =
        "INSERT INTO scans (job_id, open_ports, closed_ports, filtered_ports) VALUES ($1, 0, 0, 0)";
    on_tx!(tx, |connection| sqlx::query(SQL)
        .bind(job.uuid())
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))
    .map(drop)
}

pub(crate) async fn set_plan(tx: &mut Tx, job: JobId, plan: &Plan) -> Result<()> {
    const SQL: &str = "UPDATE scans SET plan = $2 WHERE job_id = $1";
    on_tx!(tx, |connection| sqlx::query(SQL)
        .bind(job.uuid())
        .bind(Json(plan))
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))
    .map(drop)
}

/// The plan of a scan, once there is one.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn plan(store: &Store, job: JobId) -> Result<Option<Plan>> {
    const SQL: &str = "SELECT plan FROM scans WHERE job_id = $1";
    let row: Option<(Option<Json<Plan>>,)> =
        on_pool!(store, |pool| sqlx::query_as(SQL).bind(job.uuid()).fetch_optional(pool).await)?;
    Ok(row.and_then(|(plan,)| plan).map(|plan| plan.0))
}

/// Stores open ports; returns those that were not known yet.
pub(crate) async fn insert_found(
    tx: &mut Tx,
    job: JobId,
    found: &[FoundPort],
    now: DateTime<Utc>,
) -> Result<Vec<FoundPort>> {
    let mut fresh = Vec::new();
    for chunk in found.chunks(1000) {
        let units: Vec<(i64,)> = on_tx!(tx, |connection| {
            let mut query = QueryBuilder::new(
                "INSERT INTO found_ports (job_id, address, port, protocol, host, state, unit, found_at) ",
            );
            query.push_values(chunk, |mut row, port| {
                row.push_bind(job.uuid()).push_bind(port.address.to_string()).push_bind(i64::from(port.port));
                row.push_bind(port.protocol.as_str())
                    .push_bind(&port.host)
                    .push("'open'")
                    .push_bind(port.unit)
                    .push_bind(now);
            });
            query.push(" ON CONFLICT DO NOTHING RETURNING unit");
            query.build_query_as().fetch_all(connection).await
        })?;
        // A port that comes twice in the list was inserted once.
        let mut inserted: HashSet<i64> = units.into_iter().map(|(unit,)| unit).collect();
        fresh.extend(chunk.iter().filter(|port| inserted.remove(&port.unit)).cloned());
    }
    Ok(fresh)
}

/// Stores what runs on open ports; returns the ports of which that was not known yet.
pub(crate) async fn identify(
    tx: &mut Tx,
    job: JobId,
    services: &[FoundService],
) -> Result<Vec<FoundService>> {
    const SQL: &str = "UPDATE found_ports SET service = $5 WHERE job_id = $1 AND address = $2 AND port = $3 \
                       AND protocol = $4 AND service IS NULL";
    let mut fresh = Vec::new();
    for found in services {
        let FoundService { port, service } = found;
        let stored = on_tx!(tx, |connection| sqlx::query(SQL)
            .bind(job.uuid())
            .bind(port.address.to_string())
            .bind(i64::from(port.port))
            .bind(port.protocol.as_str())
            .bind(Json(service))
            .execute(connection)
            .await
            .map(|done| done.rows_affected()))?;
        if stored == 1 {
            fresh.push(found.clone());
        }
    }
    Ok(fresh)
}

/// Adds to what was counted, for the scan and for each address; returns the scan's counts.
pub(crate) async fn count(tx: &mut Tx, job: JobId, hosts: &[HostTally]) -> Result<Tally> {
    const SQL: &str = "UPDATE scans SET open_ports = open_ports + $2, closed_ports = closed_ports + $3, \
                       filtered_ports = filtered_ports + $4 WHERE job_id = $1 \
                       RETURNING open_ports, closed_ports, filtered_ports";
    for chunk in hosts.chunks(1000) {
        count_hosts(tx, job, chunk).await?;
    }
    let sum = |count: fn(&Tally) -> i64| hosts.iter().map(|host| count(&host.tally)).sum::<i64>();
    let (open, closed, filtered) = on_tx!(tx, |connection| sqlx::query_as(SQL)
        .bind(job.uuid())
        .bind(sum(|tally| tally.open))
        .bind(sum(|tally| tally.closed))
        .bind(sum(|tally| tally.filtered))
        .fetch_one(connection)
        .await)?;
    Ok(Tally { open, closed, filtered })
}

async fn count_hosts(tx: &mut Tx, job: JobId, hosts: &[HostTally]) -> Result<()> {
    on_tx!(tx, |connection| {
        let mut query =
            QueryBuilder::new("INSERT INTO scan_hosts (job_id, address, host, open_ports, closed_ports, filtered_ports, skipped_ports, all_ports_open) ");
        query.push_values(hosts, |mut row, host| {
            row.push_bind(job.uuid()).push_bind(host.address.to_string()).push_bind(&host.host);
            row.push_bind(host.tally.open).push_bind(host.tally.closed).push_bind(host.tally.filtered);
            row.push_bind(host.skipped).push_bind(host.all_ports_open);
        });
        query.push(
            " ON CONFLICT (job_id, address) DO UPDATE SET open_ports = scan_hosts.open_ports + excluded.open_ports, \
             closed_ports = scan_hosts.closed_ports + excluded.closed_ports, \
             filtered_ports = scan_hosts.filtered_ports + excluded.filtered_ports, \
             skipped_ports = scan_hosts.skipped_ports + excluded.skipped_ports, \
             all_ports_open = (scan_hosts.all_ports_open OR excluded.all_ports_open)",
        );
        query.build().execute(connection).await.map(|done| done.rows_affected())
    })
    .map(drop)
}

/// What was counted by each of these jobs, read inside the transaction.
pub(crate) async fn tallies(tx: &mut Tx, jobs: &[JobId]) -> Result<HashMap<JobId, Tally>> {
    if jobs.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(Uuid, i64, i64, i64)> = on_tx!(tx, |connection| {
        let mut query =
            QueryBuilder::new("SELECT job_id, open_ports, closed_ports, filtered_ports FROM scans WHERE ");
        Rows::push_among(&mut query, "job_id", jobs);
        query.build_query_as().fetch_all(connection).await
    })?;
    let tally =
        |(job, open, closed, filtered): (Uuid, i64, i64, i64)| (job.into(), Tally { open, closed, filtered });
    Ok(rows.into_iter().map(tally).collect())
}

/// Forgets what was found, keeping the counts and the job; false when that was done before.
pub(crate) async fn forget(tx: &mut Tx, job: JobId, now: DateTime<Utc>) -> Result<bool> {
    const MARK: &str = "UPDATE scans SET deleted_at = $2 WHERE job_id = $1 AND deleted_at IS NULL";
    let marked = on_tx!(tx, |connection| sqlx::query(MARK)
        .bind(job.uuid())
        .bind(now)
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))?;
    for sql in ["DELETE FROM found_ports WHERE job_id = $1", "DELETE FROM scan_hosts WHERE job_id = $1"] {
        on_tx!(tx, |connection| sqlx::query(sql)
            .bind(job.uuid())
            .execute(connection)
            .await
            .map(|done| done.rows_affected()))?;
    }
    Ok(marked == 1)
}
