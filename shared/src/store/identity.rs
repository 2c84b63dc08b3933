//! Organizations, users and their keys.

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::{Store, Tx};
use crate::{
    error::Result,
    id::{KeyId, OrganizationId, UserId},
    identity::{Role, Tier},
};

/// Whom a key speaks for, and whether it still may.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct KeyHolder {
    #[sqlx(try_from = "Uuid")]
    pub(crate) key_id: KeyId,
    #[sqlx(try_from = "Uuid")]
    pub(crate) user_id: UserId,
    #[sqlx(try_from = "Uuid")]
    pub(crate) organization_id: OrganizationId,
    #[sqlx(try_from = "String")]
    pub(crate) role: Role,
    #[sqlx(try_from = "String")]
    pub(crate) tier: Tier,
    pub(crate) enabled: bool,
    pub(crate) expires_at: Option<DateTime<Utc>>,
    pub(crate) revoked_at: Option<DateTime<Utc>>,
}

/// A user to be stored, with an organization of their own.
pub(crate) struct NewUser<'a> {
    pub(crate) organization: OrganizationId,
    pub(crate) user: UserId,
    pub(crate) email: &'a str,
    pub(crate) password_hash: Option<&'a str>,
    pub(crate) tier: Tier,
    pub(crate) role: Role,
}

/// A key to be stored.
pub(crate) struct NewKey<'a> {
    pub(crate) id: KeyId,
    pub(crate) user: UserId,
    pub(crate) digest: &'a str,
    pub(crate) prefix: &'a str,
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

/// The holder of the key with this digest.
pub(crate) async fn holder(store: &Store, digest: &str) -> Result<Option<KeyHolder>> {
    const SQL: &str = "SELECT api_keys.id AS key_id, users.id AS user_id, users.organization_id, users.role, users.enabled, \
                       organizations.tier, api_keys.expires_at, api_keys.revoked_at FROM api_keys \
                       JOIN users ON users.id = api_keys.user_id \
                       JOIN organizations ON organizations.id = users.organization_id WHERE api_keys.digest = $1";
    on_pool!(store, |pool| sqlx::query_as(SQL).bind(digest).fetch_optional(pool).await)
}

/// Whether anybody has an account.
pub(crate) async fn has_users(store: &Store) -> Result<bool> {
    const SQL: &str = "SELECT COUNT(*) FROM users";
    let users: i64 = on_pool!(store, |pool| sqlx::query_scalar(SQL).fetch_one(pool).await)?;
    Ok(users > 0)
}

/// Holds a user's row until the transaction ends: others that want it wait.
pub(crate) async fn hold_user(tx: &mut Tx, user: UserId) -> Result<()> {
    // SQLite knows no SELECT .. FOR UPDATE.
    const SQL: &str = "UPDATE users SET enabled = enabled WHERE id = $1";
    on_tx!(tx, |connection| sqlx::query(SQL)
        .bind(user.uuid())
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))
    .map(drop)
}

/// Stores a user and their organization; false when the e-mail address is taken.
pub(crate) async fn insert_user(tx: &mut Tx, user: &NewUser<'_>, now: DateTime<Utc>) -> Result<bool> {
    const ORGANIZATION: &str =
        "INSERT INTO organizations (id, name, tier, created_at) VALUES ($1, $2, $3, $4)";
    const USER: &str = "INSERT INTO users (id, organization_id, email, password_hash, role, enabled, created_at) \
                        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (email) DO NOTHING";
    on_tx!(tx, |connection| sqlx::query(ORGANIZATION)
        .bind(user.organization.uuid())
        .bind(user.email)
        .bind(user.tier.as_str())
        .bind(now)
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))?;
    let inserted = on_tx!(tx, |connection| sqlx::query(USER)
        .bind(user.user.uuid())
        .bind(user.organization.uuid())
        .bind(user.email)
        .bind(user.password_hash)
        .bind(user.role.as_str())
        .bind(true)
        .bind(now)
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(inserted == 1)
}

pub(crate) async fn insert_key(tx: &mut Tx, key: &NewKey<'_>, now: DateTime<Utc>) -> Result<()> {
    const SQL: &str = "INSERT INTO api_keys (id, user_id, digest, prefix, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)";
    on_tx!(tx, |connection| sqlx::query(SQL)
        .bind(key.id.uuid())
        .bind(key.user.uuid())
        .bind(key.digest)
        .bind(key.prefix)
        .bind(now)
        .bind(key.expires_at)
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))
    .map(drop)
}
