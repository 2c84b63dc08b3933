//! Keys that requests are signed with.

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::{Store, Tx};
use crate::{
    error::Result,
    id::{OrganizationId, UserId},
};

/// Whose key it is, and the key as it is stored.
#[derive(Debug, FromRow)]
pub(crate) struct KeyRow {
    #[sqlx(try_from = "Uuid")]
    pub(crate) user_id: UserId,
    #[sqlx(try_from = "Uuid")]
    pub(crate) organization_id: OrganizationId,
    pub(crate) enabled: bool,
    pub(crate) sealed: Vec<u8>,
}

/// The key with this id.
pub(crate) async fn holder(store: &Store, public_id: &str) -> Result<Option<KeyRow>> {
    const SQL: &str = "SELECT hawk_keys.user_id, users.organization_id, users.enabled, hawk_keys.sealed FROM hawk_keys \
                       JOIN users ON users.id = hawk_keys.user_id WHERE hawk_keys.public_id = $1";
    on_pool!(store, |pool| sqlx::query_as(SQL).bind(public_id).fetch_optional(pool).await)
}

/// A user and their organization.
pub(crate) async fn user_by_email(tx: &mut Tx, email: &str) -> Result<Option<(UserId, OrganizationId)>> {
    const SQL: &str = "SELECT id, organization_id FROM users WHERE email = $1";
    let ids: Option<(Uuid, Uuid)> =
        on_tx!(tx, |connection| sqlx::query_as(SQL).bind(email).fetch_optional(connection).await)?;
    Ok(ids.map(|(user, organization)| (user.into(), organization.into())))
}

/// Stores a key under its id, in place of the user's last one.
pub(crate) async fn put(
    tx: &mut Tx,
    user: UserId,
    (public_id, sealed): (&str, &[u8]),
    now: DateTime<Utc>,
) -> Result<()> {
    const SQL: &str = "INSERT INTO hawk_keys (user_id, public_id, sealed, created_at) VALUES ($1, $2, $3, $4) \
                       ON CONFLICT (user_id) DO UPDATE SET sealed = excluded.sealed, created_at = excluded.created_at";
    on_tx!(tx, |connection| sqlx::query(SQL)
        .bind(user.uuid())
        .bind(public_id)
        .bind(sealed)
        .bind(now)
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))
    .map(drop)
}

/// Removes a user's key; whether there was one.
pub(crate) async fn remove(tx: &mut Tx, user: UserId) -> Result<bool> {
    const SQL: &str = "DELETE FROM hawk_keys WHERE user_id = $1";
    let removed = on_tx!(tx, |connection| sqlx::query(SQL)
        .bind(user.uuid())
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(removed > 0)
}
