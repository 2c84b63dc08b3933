//! Sessions: what a browser holds after a login. A session is a key that lives for twelve hours.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    ApiKey, Form, KeyOrder, Principal,
    account::parse_email,
    keys::{self, insert},
    password,
};
use crate::{
    audit::{self, Action, Entry, Who},
    core::{Core, contending},
    error::{Error, Noun, Result},
    limit::Rule,
    store::{
        identity::{self as rows, User},
        keys as key_rows,
    },
};

/// How long a session lasts.
const LASTS: TimeDelta = TimeDelta::hours(12);

/// A session that just began.
#[derive(Debug)]
pub struct Session {
    /// Who logged in.
    pub user: User,
    /// What the cookie holds.
    pub key: ApiKey,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// Begins a session. An unknown address, a wrong password and a disabled user look the same, and take as long.
///
/// # Errors
/// `LimitReached` for an address that tries too often, `Unauthenticated` for a wrong e-mail address or password.
pub async fn log_in(core: &Core, from: IpAddr, email: &str, password: &str) -> Result<Session> {
    let rule = Rule::throttle("logins", "logins an hour", core.limits.allowances.logins_an_hour);
    core.limiter.require(&rule, from.into(), core.clock.now()).await?;
    let user = match parse_email(email) {
        Ok(email) => rows::by_email(&core.store, &email).await?,
        Err(_) => None,
    };
    let hash = user.as_ref().and_then(|user| user.password_hash.as_deref());
    let is_right = password::is_right(password, hash).await?;
    match user {
        Some(user) if is_right && user.enabled => begin(core, from, user).await,
        other => {
            let who = Who {
                organization: other.as_ref().map(|user| user.organization_id),
                user: other.map(|user| user.id),
                key: None,
                address: Some(from),
            };
            audit::refused(core, who, "login").await?;
            Err(Error::Unauthenticated("e-mail address or password is wrong"))
        }
    }
}

async fn begin(core: &Core, from: IpAddr, user: User) -> Result<Session> {
    let key = ApiKey::generate(Form::Session)?;
    let expires_at = core.clock.now() + LASTS;
    let order = KeyOrder::unlimited(Form::Session, Some(expires_at));
    contending(async || {
        let mut tx = core.store.begin().await?;
        key_rows::forget_sessions(&mut tx, user.id, core.clock.now()).await?;
        let id = insert(core, &mut tx, user.id, &key, &order).await?;
        let who = Who {
            organization: Some(user.organization_id),
            user: Some(user.id),
            key: Some(id),
            address: Some(from),
        };
        audit::record(core, &mut tx, &Entry::new(who, Action::LogIn, &user.id)).await?;
        tx.commit().await
    })
    .await?;
    Ok(Session { user, key, expires_at })
}

/// Ends the caller's session, everywhere at once.
///
/// # Errors
/// `Forbidden` for a caller with a key.
pub async fn log_out(core: &Core, principal: &Principal, key: &ApiKey) -> Result<()> {
    if key.form() != Form::Session {
        return Err(Error::Forbidden("this ends sessions; a key is revoked instead"));
    }
    let row = key_rows::find(&core.store, principal.key).await?.ok_or(Error::NotFound(Noun::Key))?;
    keys::end(core, &row, Entry::new(principal, Action::LogOut, &principal.user)).await
}
