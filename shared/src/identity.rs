//! Who may do what: organizations, users, keys. One model for every dialect.

mod key;
mod password;

use std::{net::IpAddr, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};

pub use self::key::{ApiKey, Secret};
use crate::{
    core::Core,
    error::{Error, Invalid, Result},
    id::{KeyId, OrganizationId, UserId},
    limit::{Purpose, Rule},
    settings::Registration,
    store::identity::{self as rows, NewKey, NewUser},
};

/// What an organization has paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// For trying it.
    Free,
    /// For small teams.
    Pro,
    /// Without everyday limits.
    Enterprise,
}

/// What a user may do in their organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Owner,
    /// Everything but to administer.
    Analyst,
    /// To look.
    Viewer,
}

macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal),* }) => {
        impl $name {
            /// The word that the database and the dialects use.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(word: String) -> std::result::Result<Self, String> {
                match word.as_str() {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(format!("unknown word in the database: {word:?}")),
                }
            }
        }
    };
}

words!(Tier { Free = "free", Pro = "pro", Enterprise = "enterprise" });
words!(Role { Owner = "owner", Analyst = "analyst", Viewer = "viewer" });

/// Who is calling, once their key was recognised.
#[derive(Clone, Debug)]
pub struct Principal {
    /// Their organization.
    pub organization: OrganizationId,
    /// The user whose key it is.
    pub user: UserId,
    /// The key.
    pub key: KeyId,
    /// What the user may do.
    pub role: Role,
    /// What the organization has paid for.
    pub tier: Tier,
}

impl Principal {
    /// Refuses those who may only look.
    ///
    /// # Errors
    /// `Forbidden` for a viewer.
    pub fn may_write(&self) -> Result<()> {
        if self.role == Role::Viewer {
            Err(Error::Forbidden("a viewer may not change anything"))
        } else {
            Ok(())
        }
    }
}

/// What a new user is told, once.
#[derive(Debug)]
pub struct Registered {
    /// The new user.
    pub user: UserId,
    /// Their key, which cannot be shown again.
    pub key: ApiKey,
    /// When the key ends; `None` for never.
    pub expires_at: Option<DateTime<Utc>>,
    /// The tier of their organization.
    pub tier: Tier,
}

/// Recognises whoever holds `key`.
///
/// # Errors
/// `Unauthenticated` for a key that is malformed, unknown, revoked or expired, or whose user is disabled.
pub async fn authenticate(core: &Core, key: &str) -> Result<Principal> {
    const REFUSED: Error = Error::Unauthenticated("API key is missing or invalid");
    let key = ApiKey::parse(key).ok_or(REFUSED)?;
    let holder = rows::holder(&core.store, &core.secret.digest(&key)).await?.ok_or(REFUSED)?;
    if holder.revoked_at.is_some() || !holder.enabled {
        return Err(REFUSED);
    }
    if holder.expires_at.is_some_and(|end| end <= core.clock.now()) {
        return Err(Error::Unauthenticated("API key has expired"));
    }
    Ok(Principal {
        organization: holder.organization_id,
        user: holder.user_id,
        key: holder.key_id,
        role: holder.role,
        tier: holder.tier,
    })
}

/// Opens an account with an organization of its own, and makes its first key. `from` is the address that asks.
///
/// # Errors
/// `Forbidden` where registration is closed, `LimitReached` for an address that asks too often, `Invalid` for an unusable e-mail address or password, `EmailTaken` for an
/// address that has an account.
pub async fn register(core: &Core, from: IpAddr, email: &str, password: &str) -> Result<Registered> {
    if core.limits.registration == Registration::Closed {
        return Err(Error::Forbidden("registration is closed; ask the owner of this server for a key"));
    }
    throttle(core, from).await?;
    let email = parse_email(email)?;
    let hash = password::hash(password).await?;
    let expires_at = core.clock.now() + TimeDelta::days(core.limits.key_days);
    insert(core, &email, Some(&hash), Tier::Free, (ApiKey::generate()?, Some(expires_at))).await
}

/// Each attempt costs a password's hash, and tells whether an e-mail address has an account.
async fn throttle(core: &Core, from: IpAddr) -> Result<()> {
    let rule = Rule {
        name: "registrations",
        unit: "registrations an hour",
        most: core.limits.allowances.registrations_an_hour,
        window: Duration::from_hours(1),
        lock: None,
        purpose: Purpose::Throttle,
    };
    let standing = core.limiter.take(&rule, from.into(), core.clock.now()).await;
    if standing.allowed { Ok(()) } else { Err(Error::LimitReached(standing)) }
}

/// Opens the owner's account if nobody has one yet. The owner's key never expires.
///
/// # Errors
/// `Invalid` for an unusable e-mail address, `Unavailable` when the database is away.
pub async fn open_owner(core: &Core, email: &str, key: Option<ApiKey>) -> Result<Option<Registered>> {
    if rows::has_users(&core.store).await? {
        return Ok(None);
    }
    let key = key.map_or_else(ApiKey::generate, Ok)?;
    match insert(core, &parse_email(email)?, None, Tier::Enterprise, (key, None)).await {
        // Another process was first.
        Err(Error::EmailTaken) => Ok(None),
        opened => opened.map(Some),
    }
}

async fn insert(
    core: &Core,
    email: &str,
    password_hash: Option<&str>,
    tier: Tier,
    (key, expires_at): (ApiKey, Option<DateTime<Utc>>),
) -> Result<Registered> {
    let (organization, user) = (OrganizationId::new(), UserId::new());
    let now = core.clock.now();
    let digest = core.secret.digest(&key);
    let mut tx = core.store.begin().await?;
    let row = NewUser { organization, user, email, password_hash, tier, role: Role::Owner };
    if !rows::insert_user(&mut tx, &row, now).await? {
        return Err(Error::EmailTaken);
    }
    let row = NewKey { id: KeyId::new(), user, digest: &digest, prefix: key.prefix(), expires_at };
    rows::insert_key(&mut tx, &row, now).await?;
    tx.commit().await?;
    Ok(Registered { user, key, expires_at, tier })
}

/// Accepts `name@domain`, at most 254 characters, and writes it in lower case.
fn parse_email(text: &str) -> Result<String> {
    let email = text.trim().to_lowercase();
    let good = email.split_once('@').is_some_and(|(name, domain)| {
        !name.is_empty()
            && name.len() <= 64
            && !domain.is_empty()
            && !domain.contains('@')
            && domain.split('.').all(|label| !label.is_empty())
    });
    let clean = !email.chars().any(|c| c.is_whitespace() || c.is_control() || c == ',' || c == ';');
    if good && clean && email.len() <= 254 {
        return Ok(email);
    }
    Err(Invalid::new("email", text, "not an e-mail address; expected something like name@example.com").into())
}
