//! Recognising whoever holds a key.

use std::net::IpAddr;

use chrono::{DateTime, Utc};

use super::{ApiKey, Permissions, Principal};
use crate::{
    audit::Who,
    core::Core,
    error::{Error, Result},
    store::keys::{self, Holder},
};

/// Why a key was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    who: Who,
    reason: Reason,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    Unknown,
    Revoked,
    Disabled,
    Expired,
    Elsewhere,
}

impl Refusal {
    /// Of somebody at this address whom nobody knows.
    pub(super) fn unknown(from: IpAddr) -> Self {
        Self { who: Who { address: Some(from), ..Who::default() }, reason: Reason::Unknown }
    }

    /// Whose key it was, as far as is known.
    #[must_use]
    pub fn who(&self) -> Who {
        self.who
    }

    /// Whether it is a good key, but not from where it was used.
    pub(super) fn is_elsewhere(&self) -> bool {
        self.reason == Reason::Elsewhere
    }

    /// What the audit log says; the caller is told less.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self.reason {
            Reason::Unknown => "unknown key",
            Reason::Revoked => "revoked key",
            Reason::Disabled => "disabled user",
            Reason::Expired => "expired key",
            Reason::Elsewhere => "address not allowed",
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal.reason {
            Reason::Unknown | Reason::Revoked | Reason::Disabled => {
                Self::Unauthenticated("API key is missing or invalid")
            }
            Reason::Expired => Self::Unauthenticated("API key has expired"),
            Reason::Elsewhere => Self::Forbidden("this key may not be used from this address"),
        }
    }
}

/// Recognises the holder of a key, which `None` stands for if it is none, calling from an address.
///
/// An unknown, a revoked and an expired key take the same path: one query, and nothing is kept of the answer. The
/// digest is taken under the server's secret, so that how long it is looked for says nothing about any other key.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn recognise(
    core: &Core,
    key: Option<&ApiKey>,
    from: IpAddr,
) -> Result<std::result::Result<Principal, Refusal>> {
    let unknown = Refusal::unknown(from);
    let Some(key) = key else { return Ok(Err(unknown)) };
    let (digest, now) = (core.secret.digest(key), core.clock.now());
    if let Some(holder) = core.known.get(&digest, now) {
        return Ok(admit(core, &holder, from, now));
    }
    let mark = core.known.mark();
    let Some(holder) = keys::holder(&core.store, &digest).await? else { return Ok(Err(unknown)) };
    let admitted = admit(core, &holder, from, now);
    if admitted.is_ok() {
        core.known.keep(mark, digest, &holder, now);
    }
    Ok(admitted)
}

/// As [`recognise`], for those who only want to know who it is.
///
/// # Errors
/// `Unauthenticated` for a key that is malformed, unknown, revoked or expired, or whose user is disabled; `Forbidden`
/// from an address that the key does not allow.
pub async fn authenticate(core: &Core, key: &str, from: IpAddr) -> Result<Principal> {
    Ok(recognise(core, ApiKey::parse(key).as_ref(), from).await??)
}

/// Whom a holder's key speaks for, calling from an address.
pub(super) fn admit(
    core: &Core,
    holder: &Holder,
    from: IpAddr,
    now: DateTime<Utc>,
) -> std::result::Result<Principal, Refusal> {
    if let Some(reason) = objection(holder, from, now) {
        let who = Who {
            organization: Some(holder.organization_id),
            user: Some(holder.user_id),
            key: Some(holder.key_id),
            address: Some(from),
        };
        return Err(Refusal { who, reason });
    }
    core.known.used(holder.key_id);
    let most = if holder.read_only { Permissions::READING } else { Permissions::ALL };
    Ok(Principal {
        organization: holder.organization_id,
        user: holder.user_id,
        key: holder.key_id,
        role: holder.role,
        tier: holder.tier,
        rate_tier: holder.rate_tier,
        permissions: holder.role.permissions().both(holder.permissions).both(most),
        address: from,
    })
}

fn objection(holder: &Holder, from: IpAddr, now: DateTime<Utc>) -> Option<Reason> {
    if holder.revoked_at.is_some() {
        Some(Reason::Revoked)
    } else if !holder.enabled {
        Some(Reason::Disabled)
    } else if holder.expires_at.is_some_and(|end| end <= now) {
        Some(Reason::Expired)
    } else if !holder.allowed_addresses.allow(from) {
        Some(Reason::Elsewhere)
    } else {
        None
    }
}
