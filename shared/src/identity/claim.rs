//! Claims: an e-mail address in exchange for a key that watches certificates, without any proof.
//!
//! Anybody may name anybody's address. So each claim opens an account of its own, with an organization of its own: what
//! one key watches, no other sees, whichever address was named with it. The address is kept beside the account and
//! signs nobody in; whoever it belongs to can still register with it, and nothing that was claimed becomes theirs.

use std::{net::IpAddr, time::Duration};

use super::{
    ApiKey, Form, KeyOrder, Role, Tier, account::stand_in, keys, parse_email, recognition::recognise,
};
use crate::{
    audit::{self, Action, Entry, Who},
    core::{Core, contending},
    error::Result,
    id::{OrganizationId, UserId},
    limit::Rule,
    settings::Registration,
    store::identity::{self as rows, NewUser},
};

/// How many accounts may name one e-mail address.
const MOST_ACCOUNTS: i64 = 100;

/// How a claim went.
#[derive(Debug)]
pub enum Claim {
    /// An account was opened, for which this key speaks; named was this address, in lower case.
    Opened {
        /// The address.
        email: String,
        /// The key, which cannot be shown again where it was generated.
        key: ApiKey,
    },
    /// The key speaks for an account that named this address already.
    Held,
    /// The key is somebody else's or holds no more, registration is closed, or the address from which the claim comes
    /// had enough new e-mail addresses for a day. Which of them, nobody is told.
    Refused,
    /// As many accounts name the e-mail address as may.
    TooMany,
}

/// Opens an account for whoever asks, with this key or, without one, a generated one. A claim that was granted before is
/// granted again and changes nothing.
///
/// # Errors
/// `LimitReached` for an address that asks too often, `Invalid` for an unusable e-mail address.
pub async fn claim(core: &Core, from: IpAddr, email: &str, key: Option<ApiKey>) -> Result<Claim> {
    let rule = Rule::throttle("claims", "claims an hour", core.limits.allowances.claims_an_hour);
    core.limiter.require(&rule, from.into(), core.clock.now()).await?;
    let email = parse_email(email)?;
    if let Some(key) = &key
        && let Some(claim) = held(core, key, &email, from).await?
    {
        return Ok(claim);
    }
    if core.limits.registration == Registration::Closed {
        return Ok(Claim::Refused);
    }
    match rows::count_claimed(&core.store, &email).await? {
        0 if !may_be_named(core, from, &email).await? => return Ok(Claim::Refused),
        MOST_ACCOUNTS.. => return Ok(Claim::TooMany),
        _ => (),
    }
    let key = key.map_or_else(|| ApiKey::generate(Form::KeyChest), Ok)?;
    if contending(async || open(core, from, &email, &key).await).await? {
        return Ok(Claim::Opened { email, key });
    }
    // Somebody claimed the same key in between.
    Ok(held(core, &key, &email, from).await?.unwrap_or(Claim::Refused))
}

/// What a claim of a key comes to that somebody has already; `None` where nobody has.
async fn held(core: &Core, key: &ApiKey, email: &str, from: IpAddr) -> Result<Option<Claim>> {
    let refusal = match recognise(core, Some(key), from).await? {
        Ok(principal) => {
            let user = rows::find(&core.store, principal.user).await?;
            if user.and_then(|user| user.claimed_email).as_deref() == Some(email) {
                return Ok(Some(Claim::Held));
            }
            Who { address: Some(from), ..Who::from(&principal) }
        }
        Err(refusal) if refusal.who().user.is_none() => return Ok(None),
        Err(refusal) => refusal.who(),
    };
    audit::refused(core, refusal, "claim of a key that is taken").await?;
    Ok(Some(Claim::Refused))
}

/// Whether somebody may name an e-mail address that nobody has named before.
async fn may_be_named(core: &Core, from: IpAddr, email: &str) -> Result<bool> {
    let most = core.limits.allowances.claimed_emails_a_day;
    let unit = "claims of new e-mail addresses a day";
    let rule = Rule { window: Duration::from_hours(24), ..Rule::throttle("claims.new", unit, most) };
    if core.limiter.take(&rule, from.into(), core.clock.now()).await.allowed {
        return Ok(true);
    }
    // Of many who name it at once, one was the first by now.
    Ok(rows::count_claimed(&core.store, email).await? > 0)
}

/// Whether the account was opened; not so when somebody has the key.
async fn open(core: &Core, from: IpAddr, email: &str, key: &ApiKey) -> Result<bool> {
    let (organization, id, now) = (OrganizationId::new(), UserId::new(), core.clock.now());
    let mut tx = core.store.begin().await?;
    rows::insert_organization(&mut tx, organization, email, Tier::Free, now).await?;
    // Every user signs in under an address of their own: this one can never be anybody's.
    let stand_in = stand_in(id);
    let user = NewUser {
        id,
        organization,
        email: &stand_in,
        claimed_email: Some(email),
        password_hash: None,
        role: Role::Owner,
    };
    rows::insert_user(&mut tx, &user, now).await?;
    let order = KeyOrder::unlimited(Form::KeyChest, None);
    let Some(key) = keys::insert_unless_taken(core, &mut tx, id, key, &order).await? else {
        return Ok(false);
    };
    let who = Who { organization: Some(organization), user: Some(id), key: Some(key), address: Some(from) };
    audit::record(core, &mut tx, &Entry::new(who, Action::Claim, &id)).await?;
    tx.commit().await?;
    Ok(true)
}
