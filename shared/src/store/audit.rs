//! The audit log's rows.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::{Store, Tx};
use crate::{audit::Entry, error::Result, id::OrganizationId};

/// One row.
#[derive(Clone, Debug, FromRow)]
pub struct Row {
    /// Its id; later rows have later ones.
    pub id: Uuid,
    /// Who did it; `None` for a stranger, and for the command line.
    pub user_id: Option<Uuid>,
    /// With which key or session.
    pub key_id: Option<Uuid>,
    /// From where; `None` for the command line.
    pub address: Option<String>,
    /// What was done, such as `scan.create`.
    pub action: String,
    /// The id of what it was done to.
    pub subject: String,
    /// When, UTC.
    pub created_at: DateTime<Utc>,
}

impl Row {
    /// The subject, where it is an id and not a reason.
    #[must_use]
    pub fn subject_id(&self) -> Option<Uuid> {
        self.subject.parse().ok()
    }
}

pub(crate) async fn insert(tx: &mut Tx, entry: &Entry, now: DateTime<Utc>) -> Result<()> {
    const SQL: &str = "INSERT INTO audit (id, organization_id, user_id, key_id, address, action, subject, created_at) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let who = &entry.who;
    on_tx!(tx, |connection| sqlx::query(SQL)
        .bind(crate::id::AuditId::new().uuid())
        .bind(who.organization.map(Uuid::from))
        .bind(who.user.map(Uuid::from))
        .bind(who.key.map(Uuid::from))
        .bind(who.address.as_ref().map(IpAddr::to_string))
        .bind(entry.action.as_str())
        .bind(entry.subject.as_str())
        .bind(now)
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))
    .map(drop)
}

/// A page of what happened in an organization, the newest first.
pub(crate) async fn page(
    store: &Store,
    organization: OrganizationId,
    offset: i64,
    limit: i64,
) -> Result<Vec<Row>> {
    const SQL: &str = "SELECT id, user_id, key_id, address, action, subject, created_at FROM audit \
                       WHERE organization_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2 OFFSET $3";
    on_pool!(store, |pool| sqlx::query_as(SQL)
        .bind(organization.uuid())
        .bind(limit)
        .bind(offset)
        .fetch_all(pool)
        .await)
}

/// How many rows an organization has.
pub(crate) async fn count(store: &Store, organization: OrganizationId) -> Result<i64> {
    const SQL: &str = "SELECT COUNT(*) FROM audit WHERE organization_id = $1";
    on_pool!(store, |pool| sqlx::query_scalar(SQL).bind(organization.uuid()).fetch_one(pool).await)
}

/// Forgets rows without an organization from before that time: anybody can cause them.
pub(crate) async fn forget_strangers(tx: &mut Tx, before: DateTime<Utc>) -> Result<()> {
    const SQL: &str = "DELETE FROM audit WHERE organization_id IS NULL AND created_at < $1";
    on_tx!(tx, |connection| sqlx::query(SQL)
        .bind(before)
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))
    .map(drop)
}
