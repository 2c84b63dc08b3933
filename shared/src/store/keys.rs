//! Keys and sessions, which are keys too.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, QueryBuilder};
use uuid::Uuid;

use super::{Store, Tx, rows::Rows};
use crate::{
    error::Result,
    id::{KeyId, OrganizationId, UserId},
    identity::{Addresses, End, Form, KeyChange, Permissions, RateTier, Role, Tier},
};

/// Whom a key speaks for, and what it is good for.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Holder {
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
    #[sqlx(try_from = "String")]
    pub(crate) rate_tier: RateTier,
    #[sqlx(try_from = "String")]
    pub(crate) permissions: Permissions,
    pub(crate) read_only: bool,
    #[sqlx(try_from = "String")]
    pub(crate) allowed_addresses: Addresses,
    pub(crate) enabled: bool,
    pub(crate) expires_at: Option<DateTime<Utc>>,
    pub(crate) revoked_at: Option<DateTime<Utc>>,
    /// What requests are signed with, encrypted; only of a key that is not sent.
    pub(crate) sealed: Option<Vec<u8>>,
}

/// A key as it may be shown.
#[derive(Clone, Debug, FromRow)]
pub struct StoredKey {
    /// The key.
    #[sqlx(try_from = "Uuid")]
    pub id: KeyId,
    /// Whose it is.
    #[sqlx(try_from = "Uuid")]
    pub user_id: UserId,
    /// Their organization.
    #[sqlx(try_from = "Uuid")]
    pub organization_id: OrganizationId,
    /// Whose it is, for people.
    pub email: String,
    /// What it begins with.
    #[sqlx(try_from = "String")]
    pub form: Form,
    /// What it is called.
    pub name: String,
    /// What else there is to say about it.
    pub description: String,
    /// Its first characters.
    pub prefix: String,
    /// What it may do, if its user may.
    #[sqlx(try_from = "String")]
    pub permissions: Permissions,
    /// Whether it may only look.
    pub read_only: bool,
    /// From where it may be used.
    #[sqlx(try_from = "String")]
    pub allowed_addresses: Addresses,
    /// How many requests a minute it has.
    #[sqlx(try_from = "String")]
    pub rate_tier: RateTier,
    /// When it was made, UTC.
    pub created_at: DateTime<Utc>,
    /// When it ends; `None` for never.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, give or take a minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// A key to be stored.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewKey<'a> {
    pub(crate) id: KeyId,
    pub(crate) user: UserId,
    pub(crate) digest: &'a str,
    pub(crate) form: Form,
    pub(crate) prefix: &'a str,
    pub(crate) name: &'a str,
    pub(crate) description: &'a str,
    pub(crate) permissions: Permissions,
    pub(crate) read_only: bool,
    pub(crate) allowed_addresses: &'a Addresses,
    pub(crate) rate_tier: RateTier,
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

/// The holder of the key with this digest, or this name.
pub(crate) async fn holder(store: &Store, digest: &str) -> Result<Option<Holder>> {
    const SQL: &str = "SELECT api_keys.id AS key_id, users.id AS user_id, users.organization_id, users.role, \
                       users.enabled, organizations.tier, api_keys.rate_tier, api_keys.permissions, \
                       api_keys.read_only, api_keys.allowed_addresses, api_keys.expires_at, api_keys.revoked_at, \
                       hawk_secrets.sealed \
                       FROM api_keys JOIN users ON users.id = api_keys.user_id \
                       JOIN organizations ON organizations.id = users.organization_id \
                       LEFT JOIN hawk_secrets ON hawk_secrets.key_id = api_keys.id WHERE api_keys.digest = $1";
    on_pool!(store, |pool| sqlx::query_as(SQL).bind(digest).fetch_optional(pool).await)
}

const COLUMNS: &str = "SELECT api_keys.*, users.email, users.organization_id FROM api_keys \
                       JOIN users ON users.id = api_keys.user_id WHERE ";

/// One key, also one that was revoked, or a session.
pub(crate) async fn find(store: &Store, id: KeyId) -> Result<Option<StoredKey>> {
    on_pool!(store, |pool| {
        let mut query = QueryBuilder::new(COLUMNS);
        query.push("api_keys.id = ").push_bind(id.uuid());
        query.build_query_as().fetch_optional(pool).await
    })
}

/// The key with this digest, or this name.
pub(crate) async fn named(tx: &mut Tx, digest: &str) -> Result<Option<KeyId>> {
    const SQL: &str = "SELECT id FROM api_keys WHERE digest = $1";
    let id: Option<Uuid> =
        on_tx!(tx, |connection| sqlx::query_scalar(SQL).bind(digest).fetch_optional(connection).await)?;
    Ok(id.map(KeyId::from))
}

/// Has a key be found by another name.
pub(crate) async fn rename(tx: &mut Tx, id: KeyId, name: &str) -> Result<()> {
    const SQL: &str = "UPDATE api_keys SET digest = $1 WHERE id = $2";
    on_tx!(tx, |connection| sqlx::query(SQL)
        .bind(name)
        .bind(id.uuid())
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))
    .map(drop)
}

/// Whose keys are asked for.
#[derive(Clone, Copy, Debug)]
pub enum Whose {
    /// One user's.
    User(UserId),
    /// Those of all users of an organization.
    Organization(OrganizationId),
    /// All there are.
    Everybody,
}

/// Keys, the oldest first; sessions are left out.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn list(store: &Store, whose: Whose) -> Result<Vec<StoredKey>> {
    on_pool!(store, |pool| {
        let mut query = QueryBuilder::new(COLUMNS);
        query.push("api_keys.form <> ").push_bind(Form::Session.as_str());
        match whose {
            Whose::User(user) => query.push(" AND api_keys.user_id = ").push_bind(user.uuid()),
            Whose::Organization(id) => query.push(" AND users.organization_id = ").push_bind(id.uuid()),
            Whose::Everybody => &mut query,
        };
        query.push(" ORDER BY api_keys.created_at, api_keys.id");
        query.build_query_as().fetch_all(pool).await
    })
}

/// Stores a key; false when somebody has the same one.
pub(crate) async fn insert(tx: &mut Tx, key: &NewKey<'_>, now: DateTime<Utc>) -> Result<bool> {
    const SQL: &str = "INSERT INTO api_keys (id, user_id, digest, form, prefix, name, description, permissions, \
                       read_only, allowed_addresses, rate_tier, created_at, expires_at) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
                       ON CONFLICT (digest) DO NOTHING";
    let inserted = on_tx!(tx, |connection| sqlx::query(SQL)
        .bind(key.id.uuid())
        .bind(key.user.uuid())
        .bind(key.digest)
        .bind(key.form.as_str())
        .bind(key.prefix)
        .bind(key.name)
        .bind(key.description)
        .bind(key.permissions.to_string())
        .bind(key.read_only)
        .bind(key.allowed_addresses.to_string())
        .bind(key.rate_tier.as_str())
        .bind(now)
        .bind(key.expires_at)
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(inserted == 1)
}

/// Changes what is given; a change of another field at the same time is kept.
pub(crate) async fn change(tx: &mut Tx, id: KeyId, change: &KeyChange) -> Result<()> {
    const SQL: &str = "UPDATE api_keys SET name = COALESCE($1, name), description = COALESCE($2, description), \
                       read_only = COALESCE($3, read_only), rate_tier = COALESCE($4, rate_tier), \
                       allowed_addresses = COALESCE($5, allowed_addresses), \
                       expires_at = CASE WHEN $6 THEN $7 ELSE expires_at END WHERE id = $8";
    on_tx!(tx, |connection| sqlx::query(SQL)
        .bind(change.name.as_deref())
        .bind(change.description.as_deref())
        .bind(change.read_only)
        .bind(change.rate_tier.map(RateTier::as_str))
        .bind(change.allowed_addresses.as_ref().map(ToString::to_string))
        .bind(change.end.is_some())
        .bind(change.end.and_then(End::moment))
        .bind(id.uuid())
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))
    .map(drop)
}

/// Revokes a key for good; false when it was revoked before.
pub(crate) async fn revoke(tx: &mut Tx, id: KeyId, now: DateTime<Utc>) -> Result<bool> {
    const SQL: &str = "UPDATE api_keys SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL";
    let revoked = on_tx!(tx, |connection| sqlx::query(SQL)
        .bind(now)
        .bind(id.uuid())
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(revoked == 1)
}

/// Forgets the sessions of a user that have ended by themselves.
pub(crate) async fn forget_sessions(tx: &mut Tx, user: UserId, now: DateTime<Utc>) -> Result<()> {
    const SQL: &str = "DELETE FROM api_keys WHERE user_id = $1 AND form = $2 AND expires_at <= $3";
    on_tx!(tx, |connection| sqlx::query(SQL)
        .bind(user.uuid())
        .bind(Form::Session.as_str())
        .bind(now)
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))
    .map(drop)
}

/// Ends every session of a user.
pub(crate) async fn revoke_sessions(tx: &mut Tx, user: UserId, now: DateTime<Utc>) -> Result<()> {
    const SQL: &str =
        "UPDATE api_keys SET revoked_at = $3 WHERE user_id = $1 AND form = $2 AND revoked_at IS NULL";
    on_tx!(tx, |connection| sqlx::query(SQL)
        .bind(user.uuid())
        .bind(Form::Session.as_str())
        .bind(now)
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))
    .map(drop)
}

/// Notes that these keys were used.
pub(crate) async fn touch(store: &Store, keys: &[KeyId], now: DateTime<Utc>) -> Result<()> {
    if keys.is_empty() {
        return Ok(());
    }
    let mut tx = store.begin().await?;
    // SQLite takes no more than 32766 values in a statement.
    for some in keys.chunks(10_000) {
        on_tx!(&mut tx, |connection| {
            let mut query = QueryBuilder::new("UPDATE api_keys SET last_used_at = ");
            query.push_bind(now).push(" WHERE ");
            Rows::push_among(&mut query, "id", some);
            query.build().persistent(false).execute(connection).await.map(|done| done.rows_affected())
        })?;
    }
    tx.commit().await
}
