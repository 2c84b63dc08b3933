//! Making, replacing and revoking keys.

use chrono::{DateTime, Utc};

use super::{Addresses, ApiKey, Form, Permission, Permissions, Principal, RateTier, known};
use crate::{
    audit::{self, Action, Entry, Who},
    core::{Core, contending},
    error::{Error, Invalid, Noun, Result},
    id::{KeyId, UserId},
    store::{
        Tx,
        identity::User,
        keys::{self as rows, NewKey, StoredKey, Whose},
    },
};

/// The most characters of a key's name.
const NAME: usize = 100;
/// The most characters of what is said about a key.
const DESCRIPTION: usize = 500;

/// What a key is to be.
#[derive(Clone, Debug)]
pub struct KeyOrder {
    /// What it begins with.
    pub form: Form,
    /// What it is called, for people; at most 100 characters.
    pub name: String,
    /// What else there is to say about it, for people; at most 500 characters.
    pub description: String,
    /// What it may do, if its user may.
    pub permissions: Permissions,
    /// Whether it may only look.
    pub read_only: bool,
    /// From where it may be used.
    pub allowed_addresses: Addresses,
    /// How many requests a minute it has.
    pub rate_tier: RateTier,
    /// When it ends; `None` for never.
    pub expires_at: Option<DateTime<Utc>>,
}

impl KeyOrder {
    /// A key that may do whatever its user may, from everywhere.
    #[must_use]
    pub fn unlimited(form: Form, expires_at: Option<DateTime<Utc>>) -> Self {
        Self {
            form,
            name: String::new(),
            description: String::new(),
            permissions: Permissions::ALL,
            read_only: false,
            allowed_addresses: Addresses::default(),
            rate_tier: RateTier::Standard,
            expires_at,
        }
    }

    /// Refuses what no key can be.
    pub(super) fn check(&self, now: DateTime<Utc>) -> Result<()> {
        check_name_and_description(&self.name, &self.description)?;
        check_end(self.expires_at, now)
    }
}

/// Refuses texts about a key that are too long, or not printable.
pub(super) fn check_name_and_description(name: &str, description: &str) -> Result<()> {
    check_text("name", name, NAME)?;
    check_text("description", description, DESCRIPTION)
}

fn check_text(field: &'static str, text: &str, most: usize) -> Result<()> {
    if text.chars().count() > most || text.chars().any(char::is_control) {
        let message = format!("a {field} has at most {most} characters, all of them printable");
        return Err(Invalid::new(field, text, message).into());
    }
    Ok(())
}

/// Refuses an end that has come.
pub(super) fn check_end(end: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<()> {
    if end.is_some_and(|end| end <= now) {
        return Err(Invalid::new("expires_at", "", "a key must end in the future").into());
    }
    Ok(())
}

/// A key that was just made.
#[derive(Debug)]
pub struct Issued {
    /// Its id.
    pub id: KeyId,
    /// The key itself, which cannot be shown again.
    pub key: ApiKey,
    /// When it ends; `None` for never.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Makes a key for a user, on behalf of the operator.
///
/// # Errors
/// `Invalid` for a name that is too long or an end that has passed.
pub async fn issue(core: &Core, user: &User, order: &KeyOrder) -> Result<Issued> {
    make(core, Who::operator(user.organization_id), user.id, order).await
}

/// Makes a key for a user.
pub(super) async fn make(core: &Core, who: Who, user: UserId, order: &KeyOrder) -> Result<Issued> {
    order.check(core.clock.now())?;
    let key = ApiKey::generate(order.form)?;
    contending(async || {
        let mut tx = core.store.begin().await?;
        let id = insert(core, &mut tx, user, &key, order).await?;
        audit::record(core, &mut tx, &Entry::new(who, Action::CreateKey, &id)).await?;
        tx.commit().await?;
        Ok(Issued { id, key: key.clone(), expires_at: order.expires_at })
    })
    .await
}

/// Stores a key that was just generated.
pub(super) async fn insert(
    core: &Core,
    tx: &mut Tx,
    user: UserId,
    key: &ApiKey,
    order: &KeyOrder,
) -> Result<KeyId> {
    let stored = insert_unless_taken(core, tx, user, key, order).await?;
    stored.ok_or_else(|| Error::internal("a key that was just generated is somebody's already"))
}

/// Stores a key; `None` where somebody has the same one already. Whatever was ordered, it may not do more than keys of
/// its form do.
pub(super) async fn insert_unless_taken(
    core: &Core,
    tx: &mut Tx,
    user: UserId,
    key: &ApiKey,
    order: &KeyOrder,
) -> Result<Option<KeyId>> {
    let digest = core.secret.digest(key);
    let row = NewKey {
        id: KeyId::new(),
        user,
        digest: &digest,
        form: key.form(),
        prefix: key.shown(),
        name: &order.name,
        description: &order.description,
        permissions: order.permissions.both(key.form().permissions()),
        read_only: order.read_only,
        allowed_addresses: &order.allowed_addresses,
        rate_tier: order.rate_tier,
        expires_at: order.expires_at,
    };
    let is_stored = rows::insert(tx, &row, core.clock.now()).await?;
    Ok(is_stored.then_some(row.id))
}

/// The keys that the caller may know of: their own, and as an owner those of the organization.
///
/// # Errors
/// `Forbidden` without the permission to look.
pub async fn list_keys(core: &Core, principal: &Principal) -> Result<Vec<StoredKey>> {
    principal.permissions.require(Permission::ReadAccount)?;
    let all = principal.permissions.allow(Permission::ReadOrganization);
    let whose = if all { Whose::Organization(principal.organization) } else { Whose::User(principal.user) };
    rows::list(&core.store, whose).await
}

/// A key that the caller may know of.
///
/// # Errors
/// `Forbidden` without the permission to look, `NotFound` for a key that the caller may not know of, and for a session.
pub async fn find_key(core: &Core, principal: &Principal, id: KeyId) -> Result<StoredKey> {
    principal.permissions.require(Permission::ReadAccount)?;
    let key = reachable(core, principal, id, Permission::ReadOrganization).await?;
    if key.form == Form::Session { Err(Error::NotFound(Noun::Key)) } else { Ok(key) }
}

/// A key of the caller's, or with a permission one of the organization.
pub(super) async fn reachable(
    core: &Core,
    principal: &Principal,
    id: KeyId,
    for_others: Permission,
) -> Result<StoredKey> {
    let key = rows::find(&core.store, id).await?.ok_or(Error::NotFound(Noun::Key))?;
    let is_own = key.user_id == principal.user;
    let administers =
        key.organization_id == principal.organization && principal.permissions.allow(for_others);
    if is_own || administers { Ok(key) } else { Err(Error::NotFound(Noun::Key)) }
}

/// Makes a key like the caller's, which is revoked in the same transaction. The new one lives as long as the old one
/// was made for.
///
/// # Errors
/// `Forbidden` for a session or without the permission, `Unauthenticated` when it was revoked meanwhile.
pub async fn rotate(core: &Core, principal: &Principal, old: &ApiKey) -> Result<Issued> {
    principal.permissions.require(Permission::WriteAccount)?;
    if old.form() == Form::Session {
        return Err(Error::Forbidden("a session has no key to replace: call this with the key itself"));
    }
    let row = rows::find(&core.store, principal.key).await?.ok_or(Error::NotFound(Noun::Key))?;
    let now = core.clock.now();
    let order = KeyOrder {
        form: row.form,
        name: row.name,
        description: row.description,
        permissions: row.permissions,
        read_only: row.read_only,
        allowed_addresses: row.allowed_addresses,
        rate_tier: row.rate_tier,
        expires_at: row.expires_at.map(|end| now + (end - row.created_at)),
    };
    let key = ApiKey::generate(row.form)?;
    let issued = contending(async || {
        let mut tx = core.store.begin().await?;
        if !rows::revoke(&mut tx, principal.key, now).await? {
            return Err(Error::Unauthenticated("API key is missing or invalid"));
        }
        let id = insert(core, &mut tx, principal.user, &key, &order).await?;
        audit::record(core, &mut tx, &Entry::new(principal, Action::RotateKey, &id)).await?;
        tx.commit().await?;
        Ok(Issued { id, key: key.clone(), expires_at: order.expires_at })
    });
    let issued = issued.await?;
    known::tell(core, principal.user).await;
    Ok(issued)
}

/// Revokes a key of the caller's, or as an owner one of the organization. Once revoked, it stays so.
///
/// # Errors
/// `Forbidden` without the permission, `NotFound` for a key that the caller may not know of.
pub async fn revoke_visible(core: &Core, principal: &Principal, id: KeyId) -> Result<()> {
    principal.permissions.require(Permission::WriteAccount)?;
    let key = reachable(core, principal, id, Permission::WriteOrganization).await?;
    end(core, &key, Entry::new(principal, Action::RevokeKey, &id)).await
}

/// Revokes any key, on behalf of the operator.
///
/// # Errors
/// `NotFound` for a key that does not exist.
pub async fn revoke(core: &Core, id: KeyId) -> Result<StoredKey> {
    let key = rows::find(&core.store, id).await?.ok_or(Error::NotFound(Noun::Key))?;
    end(core, &key, Entry::new(Who::operator(key.organization_id), Action::RevokeKey, &id)).await?;
    Ok(key)
}

/// Revokes a key, says so in the audit log, and tells every process.
pub(super) async fn end(core: &Core, key: &StoredKey, entry: Entry) -> Result<()> {
    contending(async || {
        let mut tx = core.store.begin().await?;
        if rows::revoke(&mut tx, key.id, core.clock.now()).await? {
            audit::record(core, &mut tx, &entry).await?;
        }
        tx.commit().await
    })
    .await?;
    known::tell(core, key.user_id).await;
    Ok(())
}
