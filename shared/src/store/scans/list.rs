//! Reading scans and what they found.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use sqlx::{QueryBuilder, types::Json};

use super::{HostTally, Scan};
use crate::{
    error::{Error, Result},
    event::{FoundPort, Tally},
    id::{JobId, UserId},
    job::Status,
    scan::{Protocol, service::Service},
    store::Store,
};

const COLUMNS: &str = "SELECT jobs.*, scans.open_ports, scans.closed_ports, scans.filtered_ports, scans.deleted_at \
                       FROM jobs JOIN scans ON scans.job_id = jobs.id WHERE jobs.user_id = ";

/// One scan of a user.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn find(store: &Store, user: UserId, id: JobId) -> Result<Option<Scan>> {
    on_pool!(store, |pool| {
        let mut query = QueryBuilder::new(COLUMNS);
        query.push_bind(user.uuid()).push(" AND jobs.id = ").push_bind(id.uuid());
        query.build_query_as().fetch_optional(pool).await
    })
}

/// Which scans, and in which order.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Whose scans.
    pub user: UserId,
    /// Only those of this target, in canonical form.
    pub subject: Option<String>,
    /// Only those in one of these states; all when empty.
    pub statuses: Vec<Status>,
    /// What to sort by.
    pub sort: Sort,
    /// Largest first.
    pub descending: bool,
    /// How many to pass over.
    pub offset: i64,
    /// How many to return at most.
    pub limit: i64,
}

/// What a list may be sorted by; the id breaks ties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// When it was submitted.
    CreatedAt,
    /// When it started.
    StartedAt,
    /// When it ended.
    CompletedAt,
    /// The target.
    Target,
    /// The state, by name.
    Status,
}

impl Sort {
    fn column(self) -> &'static str {
        match self {
            Self::CreatedAt => "jobs.created_at",
            Self::StartedAt => "jobs.started_at",
            Self::CompletedAt => "jobs.completed_at",
            Self::Target => "jobs.subject",
            Self::Status => "jobs.status",
        }
    }
}

/// A page of scans.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn page(store: &Store, filter: &Filter) -> Result<Vec<Scan>> {
    let direction = if filter.descending { "DESC" } else { "ASC" };
    on_pool!(store, |pool| {
        let mut query = QueryBuilder::new(COLUMNS);
        query.push_bind(filter.user.uuid());
        push_filter(&mut query, filter);
        query.push(format!(
            " ORDER BY {} {direction} NULLS LAST, jobs.id {direction} LIMIT ",
            filter.sort.column()
        ));
        query.push_bind(filter.limit).push(" OFFSET ").push_bind(filter.offset);
        query.build_query_as().fetch_all(pool).await
    })
}

/// How many scans the filter lets through.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn count(store: &Store, filter: &Filter) -> Result<i64> {
    on_pool!(store, |pool| {
        let mut query =
            QueryBuilder::new("SELECT COUNT(*) FROM jobs WHERE jobs.kind = 'scan' AND jobs.user_id = ");
        query.push_bind(filter.user.uuid());
        push_filter(&mut query, filter);
        query.build_query_scalar().fetch_one(pool).await
    })
}

fn push_filter<'q, DB: sqlx::Database>(query: &mut QueryBuilder<DB>, filter: &'q Filter)
where
    &'q str: sqlx::Encode<'q, DB> + sqlx::Type<DB>,
    String: sqlx::Encode<'q, DB> + sqlx::Type<DB>,
{
    if let Some(subject) = &filter.subject {
        query.push(" AND jobs.subject = ").push_bind(subject.clone());
    }
    if !filter.statuses.is_empty() {
        query.push(" AND jobs.status IN (");
        let mut list = query.separated(", ");
        for status in &filter.statuses {
            list.push_bind(status.as_str());
        }
        query.push(")");
    }
}

/// A port as it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPort {
    /// The address that was scanned.
    pub address: IpAddr,
    /// The target as it was given.
    pub host: String,
    /// 1 to 65535.
    pub port: u16,
    /// What runs there, once that is known; never for a scan that was not asked to find out.
    pub service: Option<Service>,
    /// What it was reached by.
    pub protocol: Protocol,
    /// When it was stored, UTC.
    pub found_at: DateTime<Utc>,
}

/// Address, host, port, protocol, service, and when it was found.
type Row = (String, String, i64, String, Option<Json<Service>>, DateTime<Utc>);

/// Every open port that a scan found, by address and port.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn found(store: &Store, job: JobId) -> Result<Vec<StoredPort>> {
    const SQL: &str =
        "SELECT address, host, port, protocol, service, found_at FROM found_ports WHERE job_id = $1";
    let rows: Vec<Row> = on_pool!(store, |pool| sqlx::query_as(SQL).bind(job.uuid()).fetch_all(pool).await)?;
    let mut ports = Vec::with_capacity(rows.len());
    for (address, host, port, protocol, service, found_at) in rows {
        ports.push(StoredPort {
            address: address.parse().map_err(Error::internal)?,
            host,
            port: u16::try_from(port).map_err(Error::internal)?,
            service: service.map(|json| json.0),
            protocol: protocol.try_into().map_err(Error::internal)?,
            found_at,
        });
    }
    ports.sort_by_key(|port| (port.address, port.port));
    Ok(ports)
}

/// What was counted at each address, by address.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn hosts(store: &Store, job: JobId) -> Result<Vec<HostTally>> {
    const SQL: &str = "SELECT address, host, open_ports, closed_ports, filtered_ports, skipped_ports, all_ports_open \
         FROM scan_hosts WHERE job_id = $1";
    let rows: Vec<(String, String, i64, i64, i64, i64, bool)> =
        on_pool!(store, |pool| sqlx::query_as(SQL).bind(job.uuid()).fetch_all(pool).await)?;
    let mut hosts = Vec::with_capacity(rows.len());
    for (address, host, open, closed, filtered, skipped, all_ports_open) in rows {
        let address = address.parse().map_err(Error::internal)?;
        let tally = Tally { open, closed, filtered };
        hosts.push(HostTally { address, host, tally, skipped, all_ports_open });
    }
    hosts.sort_by_key(|host| host.address);
    Ok(hosts)
}

/// At how many addresses nobody was, so that their ports were not tried.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn skipped_hosts(store: &Store, job: JobId) -> Result<i64> {
    const SQL: &str = "SELECT COUNT(*) FROM scan_hosts WHERE job_id = $1 AND skipped_ports > 0";
    on_pool!(store, |pool| sqlx::query_scalar(SQL).bind(job.uuid()).fetch_one(pool).await)
}

/// The addresses that are known to open every port.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn all_ports_open(store: &Store, job: JobId) -> Result<Vec<IpAddr>> {
    const SQL: &str = "SELECT address FROM scan_hosts WHERE job_id = $1 AND all_ports_open";
    let rows: Vec<(String,)> =
        on_pool!(store, |pool| sqlx::query_as(SQL).bind(job.uuid()).fetch_all(pool).await)?;
    rows.into_iter().map(|(address,)| address.parse().map_err(Error::internal)).collect()
}

/// The units from `start` on that are known to be open, up to `end`.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn open_units(store: &Store, job: JobId, start: i64, end: i64) -> Result<Vec<i64>> {
    const SQL: &str = "SELECT unit FROM found_ports WHERE job_id = $1 AND unit >= $2 AND unit < $3";
    let rows: Vec<(i64,)> = on_pool!(store, |pool| sqlx::query_as(SQL)
        .bind(job.uuid())
        .bind(start)
        .bind(end)
        .fetch_all(pool)
        .await)?;
    Ok(rows.into_iter().map(|(unit,)| unit).collect())
}

/// The open ports of the units from `start` up to `end` of which nobody has said yet what runs there.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn unidentified(store: &Store, job: JobId, start: i64, end: i64) -> Result<Vec<FoundPort>> {
    const SQL: &str = "SELECT address, host, port, protocol, unit FROM found_ports \
                       WHERE job_id = $1 AND unit >= $2 AND unit < $3 AND service IS NULL";
    let rows: Vec<(String, String, i64, String, i64)> = on_pool!(store, |pool| sqlx::query_as(SQL)
        .bind(job.uuid())
        .bind(start)
        .bind(end)
        .fetch_all(pool)
        .await)?;
    let port = |(address, host, port, protocol, unit): (String, String, i64, String, i64)| {
        let (address, port) =
            (address.parse().map_err(Error::internal)?, port.try_into().map_err(Error::internal)?);
        let protocol = protocol.try_into().map_err(Error::internal)?;
        Ok(FoundPort { address, host, port, protocol, unit })
    };
    rows.into_iter().map(port).collect()
}
