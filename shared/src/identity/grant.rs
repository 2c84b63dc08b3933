//! Keys that callers make and change themselves, never with more rights than they come with.

use chrono::{DateTime, Utc};

use super::{
    Addresses, ApiKey, Form, KeyOrder, Permission, Principal, RateTier,
    keys::{check_end, check_name_and_description, make, reachable},
    known,
};
use crate::{
    audit::{self, Action, Entry},
    core::{Core, contending},
    error::{Error, Invalid, Noun, Result},
    id::KeyId,
    store::{
        Tx,
        keys::{self as rows, StoredKey},
    },
};

const ELSEWHERE: &str = "a key cannot be used from more places than the one that it is made or changed with";
const LONGER: &str = "a key cannot last longer than the one that it is made or changed with";
const MIGHTIER: &str = "that key may do more than the one that this request came with";

/// A key that its user just made.
#[derive(Debug)]
pub struct Granted {
    /// The key itself, which cannot be shown again.
    pub key: ApiKey,
    /// The key as it may be shown.
    pub stored: StoredKey,
}

/// Makes a key for the caller, which may do what was ordered and the caller's own key may do. Where no addresses are
/// ordered, it may be used from those that the caller's own key may be used from; where no end is ordered, it ends with
/// the caller's own.
///
/// # Errors
/// `Forbidden` without the permission, for a high rate tier by others than owners, for addresses that the caller's own
/// key may not be used from, and for an end beyond that of their own; `Invalid` for an unusable name, description or end.
pub async fn grant(core: &Core, principal: &Principal, order: KeyOrder) -> Result<Granted> {
    principal.permissions.require(Permission::WriteAccount)?;
    let own = own_key(core, principal).await?;
    let allowed_addresses = if order.allowed_addresses.are_everywhere() {
        own.allowed_addresses.clone()
    } else {
        order.allowed_addresses
    };
    let permissions = order.permissions.both(own.permissions);
    let expires_at = order.expires_at.or_else(|| own_end(&own));
    let order = KeyOrder { permissions, allowed_addresses, expires_at, ..order };
    check_rights(principal, &own, Some(&order.allowed_addresses), Some(order.rate_tier))?;
    check_length(&own, order.expires_at)?;
    let issued = make(core, principal.into(), principal.user, &order).await?;
    let stored = rows::find(&core.store, issued.id).await?.ok_or(Error::NotFound(Noun::Key))?;
    Ok(Granted { key: issued.key, stored })
}

/// When a key ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By being revoked only.
    Never,
    /// At this moment, UTC.
    At(DateTime<Utc>),
}

impl End {
    /// The moment, if there is one.
    pub(crate) fn moment(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Never => None,
            Self::At(moment) => Some(moment),
        }
    }
}

/// What is to be different about a key; `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct KeyChange {
    /// What it is called.
    pub name: Option<String>,
    /// What else there is to say about it.
    pub description: Option<String>,
    /// When it ends.
    pub end: Option<End>,
    /// Whether it may only look.
    pub read_only: Option<bool>,
    /// How many requests a minute it has.
    pub rate_tier: Option<RateTier>,
    /// From where it may be used.
    pub allowed_addresses: Option<Addresses>,
    /// `Some(false)` revokes it, for good.
    pub is_active: Option<bool>,
}

/// Changes a key of the caller's, or as an owner one of the organization.
///
/// # Errors
/// `Forbidden` without the permission, for a key that may do more than the caller's own, for a high rate tier by others
/// than owners, for addresses that the caller's own key may not be used from, and for an end beyond that of their own;
/// `NotFound` for a key that the caller may not know of; `Invalid` for an unusable value, and for a revoked key that is to hold again.
pub async fn amend(core: &Core, principal: &Principal, id: KeyId, change: &KeyChange) -> Result<StoredKey> {
    principal.permissions.require(Permission::WriteAccount)?;
    let key = reachable(core, principal, id, Permission::WriteOrganization).await?;
    if key.form == Form::Session {
        return Err(Error::NotFound(Noun::Key));
    }
    let own = own_key(core, principal).await?;
    if !own.permissions.cover(key.permissions) {
        return Err(Error::Forbidden(MIGHTIER));
    }
    check_rights(principal, &own, change.allowed_addresses.as_ref(), change.rate_tier)?;
    if let Some(end) = change.end {
        check_length(&own, end.moment())?;
    }
    change.check(&key, core.clock.now())?;
    contending(async || {
        let mut tx = core.store.begin().await?;
        write(core, &mut tx, principal, id, change).await?;
        tx.commit().await
    })
    .await?;
    known::tell(core, key.user_id).await;
    rows::find(&core.store, id).await?.ok_or(Error::NotFound(Noun::Key))
}

async fn write(core: &Core, tx: &mut Tx, principal: &Principal, id: KeyId, change: &KeyChange) -> Result<()> {
    rows::change(tx, id, change).await?;
    audit::record(core, tx, &Entry::new(principal, Action::ChangeKey, &id)).await?;
    if change.is_active == Some(false) && rows::revoke(tx, id, core.clock.now()).await? {
        audit::record(core, tx, &Entry::new(principal, Action::RevokeKey, &id)).await?;
    }
    Ok(())
}

impl KeyChange {
    fn check(&self, key: &StoredKey, now: DateTime<Utc>) -> Result<()> {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        check_name_and_description(&text(&self.name), &text(&self.description))?;
        check_end(self.end.and_then(End::moment), now)?;
        if self.is_active == Some(true) && key.revoked_at.is_some() {
            let message = "a revoked key stays revoked: make a new one";
            return Err(Invalid::new("is_active", "true", message).into());
        }
        Ok(())
    }
}

/// The key that the caller came with. It may have been revoked since.
async fn own_key(core: &Core, principal: &Principal) -> Result<StoredKey> {
    let own = rows::find(&core.store, principal.key).await?;
    own.ok_or(Error::Unauthenticated("API key is missing or invalid"))
}

/// When whatever the caller makes ends at the latest. A session ends soon, but whoever logs in is the user themselves.
fn own_end(own: &StoredKey) -> Option<DateTime<Utc>> {
    own.expires_at.filter(|_| own.form != Form::Session)
}

fn check_length(own: &StoredKey, end: Option<DateTime<Utc>>) -> Result<()> {
    match (own_end(own), end) {
        (Some(latest), Some(end)) if end <= latest => Ok(()),
        (Some(_), _) => Err(Error::Forbidden(LONGER)),
        (None, _) => Ok(()),
    }
}

fn check_rights(
    principal: &Principal,
    own: &StoredKey,
    addresses: Option<&Addresses>,
    tier: Option<RateTier>,
) -> Result<()> {
    if tier == Some(RateTier::High) {
        principal.permissions.require(Permission::WriteOrganization)?;
    }
    if addresses.is_some_and(|addresses| !own.allowed_addresses.cover(addresses)) {
        return Err(Error::Forbidden(ELSEWHERE));
    }
    Ok(())
}
