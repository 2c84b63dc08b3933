//! The audit log's rows.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use sqlx::{FromRow, QueryBuilder};
use uuid::Uuid;

use super::{Store, Tx};
use crate::{audit::Entry, error::Result, id::OrganizationId};

/// One row.
#[derive(Clone, Debug, FromRow)]
pub struct Row {
    /// Its id; later rows have later ones.
    pub id: Uuid,
    /// Where it was done; `None` for what a stranger tried.
    pub organization_id: Option<Uuid>,
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

/// Whose lines are asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whose {
    /// What happened in this organization.
    pub(crate) organization: OrganizationId,
    /// And what strangers tried, who belong to none.
    pub(crate) strangers: bool,
}

impl Whose {
    fn push<'q, DB: sqlx::Database>(self, query: &mut QueryBuilder<DB>)
    where
        Uuid: sqlx::Encode<'q, DB> + sqlx::Type<DB>,
    {
        query.push("(organization_id = ").push_bind(self.organization.uuid());
        query.push(if self.strangers { " OR organization_id IS NULL)" } else { ")" });
    }
}

/// A page of what happened, the newest first.
pub(crate) async fn page(store: &Store, whose: Whose, offset: i64, limit: i64) -> Result<Vec<Row>> {
    on_pool!(store, |pool| {
        let mut query = QueryBuilder::new(
            "SELECT id, organization_id, user_id, key_id, address, action, subject, created_at FROM audit WHERE ",
        );
        whose.push(&mut query);
        query.push(" ORDER BY created_at DESC, id DESC LIMIT ").push_bind(limit);
        query.push(" OFFSET ").push_bind(offset);
        query.build_query_as().fetch_all(pool).await
    })
}

/// How many rows there are.
pub(crate) async fn count(store: &Store, whose: Whose) -> Result<i64> {
    on_pool!(store, |pool| {
        let mut query = QueryBuilder::new("SELECT COUNT(*) FROM audit WHERE ");
        whose.push(&mut query);
        query.build_query_scalar().fetch_one(pool).await
    })
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
