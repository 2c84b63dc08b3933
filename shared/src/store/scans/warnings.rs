//! The warnings of scans.

use sqlx::QueryBuilder;

use crate::{
    error::{Error, Result},
    id::JobId,
    scan::warning::Warning,
    store::{Store, Tx},
};

/// Stores warnings; returns those whose code was not known yet.
pub(crate) async fn insert(tx: &mut Tx, job: JobId, warnings: &[Warning]) -> Result<Vec<Warning>> {
    if warnings.is_empty() {
        return Ok(Vec::new());
    }
    let codes: Vec<(String,)> = on_tx!(tx, |connection| {
        let mut query = QueryBuilder::new("INSERT INTO scan_warnings (job_id, code, address) ");
        query.push_values(warnings, |mut row, warning| {
            row.push_bind(job.uuid()).push_bind(warning.code.as_str());
            row.push_bind(warning.address.map(|address| address.to_string()));
        });
        query.push(" ON CONFLICT DO NOTHING RETURNING code");
        query.build_query_as().fetch_all(connection).await
    })?;
    let is_fresh = |warning: &&Warning| codes.iter().any(|(code,)| code == warning.code.as_str());
    Ok(warnings.iter().filter(is_fresh).copied().collect())
}

/// The warnings of a scan, by their words.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn of(store: &Store, job: JobId) -> Result<Vec<Warning>> {
    const SQL: &str = "SELECT code, address FROM scan_warnings WHERE job_id = $1 ORDER BY code";
    let rows: Vec<(String, Option<String>)> =
        on_pool!(store, |pool| sqlx::query_as(SQL).bind(job.uuid()).fetch_all(pool).await)?;
    let read = |(code, address): (String, Option<String>)| {
        let address = address.map(|text| text.parse()).transpose().map_err(Error::internal)?;
        Ok(Warning { code: code.try_into().map_err(Error::internal)?, address })
    };
    rows.into_iter().map(read).collect()
}
