//! The digest by which the server's secret is recognised.

use chrono::{DateTime, Utc};

use super::Tx;
use crate::error::Result;

/// Stores the digest unless there is one already; returns the one that is stored then.
pub(crate) async fn keep(tx: &mut Tx, digest: &str, now: DateTime<Utc>) -> Result<String> {
    const INSERT: &str =
        "INSERT INTO server_secret (id, digest, created_at) VALUES (1, $1, $2) ON CONFLICT DO NOTHING";
    const SELECT: &str = "SELECT digest FROM server_secret WHERE id = 1";
    on_tx!(tx, |connection| sqlx::query(INSERT)
        .bind(digest)
        .bind(now)
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))?;
    on_tx!(tx, |connection| sqlx::query_scalar(SELECT).fetch_one(connection).await)
}
