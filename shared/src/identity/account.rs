//! Opening accounts: an organization with its owner and their first key.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};

use super::{ApiKey, Form, KeyOrder, Role, Tier, keys, password};
use crate::{
    audit::{self, Action, Entry, Who},
    core::Core,
    error::{Error, Invalid, Result},
    id::{OrganizationId, UserId},
    limit::Rule,
    settings::Registration,
    store::identity::{self as rows, NewUser},
};

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

/// An account to be opened.
struct Opening<'a> {
    email: &'a str,
    password_hash: Option<&'a str>,
    tier: Tier,
    key: ApiKey,
    expires_at: Option<DateTime<Utc>>,
    from: Option<IpAddr>,
}

/// Opens an account with an organization of its own, and makes its first key. `from` is the address that asks.
///
/// # Errors
/// `Forbidden` where registration is closed, `LimitReached` for an address that asks too often, `Invalid` for an
/// unusable e-mail address or password, `EmailTaken` for an address that has an account.
pub async fn register(core: &Core, from: IpAddr, email: &str, password: &str) -> Result<Registered> {
    if core.limits.registration == Registration::Closed {
        return Err(Error::Forbidden("registration is closed; ask the owner of this server for a key"));
    }
    // Each attempt costs a password's hash, and tells whether an e-mail address has an account.
    let most = core.limits.allowances.registrations_an_hour;
    let rule = Rule::throttle("registrations", "registrations an hour", most);
    core.limiter.require(&rule, from.into(), core.clock.now()).await?;
    let email = own_email(email)?;
    let hash = password::hash(password).await?;
    let opening = Opening {
        email: &email,
        password_hash: Some(&hash),
        tier: Tier::Free,
        key: ApiKey::generate(Form::CyberSec)?,
        expires_at: Some(core.clock.now() + TimeDelta::days(core.limits.key_days)),
        from: Some(from),
    };
    open(core, opening).await
}

/// Opens the owner's account if nobody has one yet. The owner's key never expires.
///
/// # Errors
/// `Invalid` for an unusable e-mail address, `Unavailable` when the database is away.
pub async fn open_owner(core: &Core, email: &str, key: Option<ApiKey>) -> Result<Option<Registered>> {
    if rows::has_users(&core.store).await? {
        return Ok(None);
    }
    let opening = Opening {
        email: &parse_email(email)?,
        password_hash: None,
        tier: Tier::Enterprise,
        key: key.map_or_else(|| ApiKey::generate(Form::CyberSec), Ok)?,
        expires_at: None,
        from: None,
    };
    match open(core, opening).await {
        // Another process was first.
        Err(Error::EmailTaken) => Ok(None),
        opened => opened.map(Some),
    }
}

async fn open(core: &Core, opening: Opening<'_>) -> Result<Registered> {
    let Opening { email, password_hash, tier, key, expires_at, from } = opening;
    let (organization, id, now) = (OrganizationId::new(), UserId::new(), core.clock.now());
    let mut tx = core.store.begin().await?;
    rows::insert_organization(&mut tx, organization, email, tier, now).await?;
    let role = Role::Owner;
    let user = NewUser { id, organization, email, claimed_email: None, password_hash, role };
    if !rows::insert_user(&mut tx, &user, now).await? {
        return Err(Error::EmailTaken);
    }
    let order = KeyOrder::unlimited(key.form(), expires_at);
    let key_id = keys::insert(core, &mut tx, id, &key, &order).await?;
    let who = Who { organization: Some(organization), user: Some(id), key: Some(key_id), address: from };
    audit::record(core, &mut tx, &Entry::new(who, Action::Register, &id)).await?;
    tx.commit().await?;
    Ok(Registered { user: id, key, expires_at, tier })
}

/// Where the stand-ins for claimed addresses are.
const CLAIMED: &str = "@claimed.invalid";

/// The stand-in under which an account stands whose address is only claimed.
pub(super) fn stand_in(id: impl std::fmt::Display) -> String {
    format!("{id}{CLAIMED}")
}

/// An address that an account may be opened with by whoever has it, so not a stand-in.
pub(super) fn own_email(text: &str) -> std::result::Result<String, Invalid> {
    let email = parse_email(text)?;
    if email.ends_with(CLAIMED) {
        return Err(Invalid::new(
            "email",
            text,
            "addresses of this domain stand for claimed ones; use another",
        ));
    }
    Ok(email)
}

/// Accepts `name@domain`, at most 254 characters, and writes it in lower case.
///
/// # Errors
/// `Invalid { field: "email" }` for anything else.
pub fn parse_email(text: &str) -> std::result::Result<String, Invalid> {
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
    Err(Invalid::new("email", text, "not an e-mail address; expected something like name@example.com"))
}
