//! Organizations and users.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, QueryBuilder};
use uuid::Uuid;

use super::{Store, Tx};
use crate::{
    error::Result,
    id::{OrganizationId, UserId},
    identity::{Role, Tier},
};

/// A user with what their organization has.
#[derive(Clone, Debug, FromRow)]
pub struct User {
    /// The user.
    #[sqlx(try_from = "Uuid")]
    pub id: UserId,
    /// Their organization.
    #[sqlx(try_from = "Uuid")]
    pub organization_id: OrganizationId,
    /// What the organization is called.
    pub organization: String,
    /// How they sign in, in lower case.
    pub email: String,
    /// The address that a claim named; nobody has shown it to be theirs. How they sign in is then a stand-in.
    pub claimed_email: Option<String>,
    pub(crate) password_hash: Option<String>,
    /// What they may do.
    #[sqlx(try_from = "String")]
    pub role: Role,
    /// What the organization has paid for.
    #[sqlx(try_from = "String")]
    pub tier: Tier,
    /// Whether they, and their keys, may do anything at all.
    pub enabled: bool,
    /// Since when they are known, UTC.
    pub created_at: DateTime<Utc>,
}

/// A user to be stored.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewUser<'a> {
    pub(crate) id: UserId,
    pub(crate) organization: OrganizationId,
    pub(crate) email: &'a str,
    pub(crate) claimed_email: Option<&'a str>,
    pub(crate) password_hash: Option<&'a str>,
    pub(crate) role: Role,
}

const COLUMNS: &str = "SELECT users.*, organizations.name AS organization, organizations.tier FROM users \
                       JOIN organizations ON organizations.id = users.organization_id ";

/// All users, the first one first.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn list(store: &Store) -> Result<Vec<User>> {
    on_pool!(store, |pool| {
        let mut query = QueryBuilder::new(COLUMNS);
        query.push("ORDER BY users.created_at, users.id");
        query.build_query_as().fetch_all(pool).await
    })
}

/// The user with this e-mail address, in lower case.
pub(crate) async fn by_email(store: &Store, email: &str) -> Result<Option<User>> {
    on_pool!(store, |pool| {
        let mut query = QueryBuilder::new(COLUMNS);
        query.push("WHERE users.email = ").push_bind(email.to_owned());
        query.build_query_as().fetch_optional(pool).await
    })
}

/// The user with this id.
pub(crate) async fn find(store: &Store, id: UserId) -> Result<Option<User>> {
    on_pool!(store, |pool| {
        let mut query = QueryBuilder::new(COLUMNS);
        query.push("WHERE users.id = ").push_bind(id.uuid());
        query.build_query_as().fetch_optional(pool).await
    })
}

pub(crate) async fn has_users(store: &Store) -> Result<bool> {
    const SQL: &str = "SELECT COUNT(*) FROM users";
    let users: i64 = on_pool!(store, |pool| sqlx::query_scalar(SQL).fetch_one(pool).await)?;
    Ok(users > 0)
}

/// The organization that was made first: ids are made in the order of time.
pub(crate) async fn first_organization(store: &Store) -> Result<Option<OrganizationId>> {
    const SQL: &str = "SELECT id FROM organizations ORDER BY id LIMIT 1";
    let id: Option<Uuid> = on_pool!(store, |pool| sqlx::query_scalar(SQL).fetch_optional(pool).await)?;
    Ok(id.map(OrganizationId::from))
}

/// How many accounts named this e-mail address in a claim.
pub(crate) async fn count_claimed(store: &Store, email: &str) -> Result<i64> {
    const SQL: &str = "SELECT COUNT(*) FROM users WHERE claimed_email = $1";
    on_pool!(store, |pool| sqlx::query_scalar(SQL).bind(email).fetch_one(pool).await)
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

pub(crate) async fn insert_organization(
    tx: &mut Tx,
    id: OrganizationId,
    name: &str,
    tier: Tier,
    now: DateTime<Utc>,
) -> Result<()> {
    const SQL: &str = "INSERT INTO organizations (id, name, tier, created_at) VALUES ($1, $2, $3, $4)";
    on_tx!(tx, |connection| sqlx::query(SQL)
        .bind(id.uuid())
        .bind(name)
        .bind(tier.as_str())
        .bind(now)
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))
    .map(drop)
}

/// Stores a user; false when the e-mail address is taken.
pub(crate) async fn insert_user(tx: &mut Tx, user: &NewUser<'_>, now: DateTime<Utc>) -> Result<bool> {
    const SQL: &str = "INSERT INTO users (id, organization_id, email, claimed_email, password_hash, role, enabled, \
                       created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (email) DO NOTHING";
    let inserted = on_tx!(tx, |connection| sqlx::query(SQL)
        .bind(user.id.uuid())
        .bind(user.organization.uuid())
        .bind(user.email)
        .bind(user.claimed_email)
        .bind(user.password_hash)
        .bind(user.role.as_str())
        .bind(true)
        .bind(now)
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(inserted == 1)
}

pub(crate) async fn set_enabled(tx: &mut Tx, user: UserId, enabled: bool) -> Result<()> {
    const SQL: &str = "UPDATE users SET enabled = $1 WHERE id = $2";
    on_tx!(tx, |connection| sqlx::query(SQL)
        .bind(enabled)
        .bind(user.uuid())
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))
    .map(drop)
}

pub(crate) async fn set_role(tx: &mut Tx, user: UserId, role: Role) -> Result<()> {
    const SQL: &str = "UPDATE users SET role = $1 WHERE id = $2";
    on_tx!(tx, |connection| sqlx::query(SQL)
        .bind(role.as_str())
        .bind(user.uuid())
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))
    .map(drop)
}

pub(crate) async fn set_password(tx: &mut Tx, user: UserId, hash: &str) -> Result<()> {
    const SQL: &str = "UPDATE users SET password_hash = $1 WHERE id = $2";
    on_tx!(tx, |connection| sqlx::query(SQL)
        .bind(hash)
        .bind(user.uuid())
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))
    .map(drop)
}

pub(crate) async fn set_tier(tx: &mut Tx, organization: OrganizationId, tier: Tier) -> Result<()> {
    const SQL: &str = "UPDATE organizations SET tier = $1 WHERE id = $2";
    on_tx!(tx, |connection| sqlx::query(SQL)
        .bind(tier.as_str())
        .bind(organization.uuid())
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))
    .map(drop)
}
