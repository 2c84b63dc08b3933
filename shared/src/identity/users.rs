//! Changing users and organizations, on behalf of the operator.

use super::{
    Permission, Principal, Role, Tier,
    account::{own_email, parse_email},
    known, password,
};
use crate::{
    audit::{self, Action, Entry, Who},
    core::{Core, contending},
    error::{Error, Noun, Result},
    id::{OrganizationId, UserId},
    job::cancel::cancel_all,
    store::{
        Tx,
        identity::{self as rows, NewUser, User},
        keys::{self, StoredKey},
    },
};

/// The user with this e-mail address.
///
/// # Errors
/// `Invalid` for what is no address, `NotFound` when nobody has it.
pub async fn user(core: &Core, email: &str) -> Result<User> {
    rows::by_email(&core.store, &parse_email(email)?).await?.ok_or(Error::NotFound(Noun::User))
}

/// The caller as a user.
///
/// # Errors
/// `Forbidden` without the permission to look.
pub async fn profile(core: &Core, principal: &Principal) -> Result<(User, StoredKey)> {
    principal.permissions.require(Permission::ReadAccount)?;
    let user = rows::find(&core.store, principal.user).await?.ok_or(Error::NotFound(Noun::User))?;
    let key = keys::find(&core.store, principal.key).await?.ok_or(Error::NotFound(Noun::Key))?;
    Ok((user, key))
}

/// The e-mail address that the caller goes by, shown to be theirs or not.
///
/// # Errors
/// `Forbidden` without the permission to look at certificates: it is asked by those who watch them.
pub async fn address_of(core: &Core, principal: &Principal) -> Result<String> {
    principal.permissions.require(Permission::ReadCertificates)?;
    let user = rows::find(&core.store, principal.user).await?.ok_or(Error::NotFound(Noun::User))?;
    Ok(user.claimed_email.unwrap_or(user.email))
}

/// Where a new user belongs.
#[derive(Clone, Copy, Debug)]
pub enum Home {
    /// They join an organization.
    Joined(OrganizationId, Role),
    /// They own a new one.
    Own(Tier),
}

/// Adds a user. They have no key yet, and without a password no way to log in.
///
/// # Errors
/// `Invalid` for an unusable e-mail address or password, `EmailTaken` for one that has an account.
pub async fn add_user(core: &Core, home: Home, email: &str, password: Option<&str>) -> Result<User> {
    let email = own_email(email)?;
    let hash = match password {
        Some(password) => Some(password::hash(password).await?),
        None => None,
    };
    let id = UserId::new();
    let (organization, role) = match home {
        Home::Joined(organization, role) => (organization, role),
        Home::Own(_) => (OrganizationId::new(), Role::Owner),
    };
    contending(async || {
        let mut tx = core.store.begin().await?;
        if let Home::Own(tier) = home {
            rows::insert_organization(&mut tx, organization, &email, tier, core.clock.now()).await?;
        }
        let password_hash = hash.as_deref();
        let row = NewUser { id, organization, email: &email, claimed_email: None, password_hash, role };
        if !rows::insert_user(&mut tx, &row, core.clock.now()).await? {
            return Err(Error::EmailTaken);
        }
        let entry = Entry::new(Who::operator(organization), Action::AddUser, &id);
        audit::record(core, &mut tx, &entry).await?;
        tx.commit().await
    })
    .await?;
    rows::find(&core.store, id).await?.ok_or(Error::NotFound(Noun::User))
}

/// Disables a user with all their keys, and ends their sessions; or enables them again, with their keys. What a disabled user has under way is
/// cancelled: nobody else could.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn set_enabled(core: &Core, user: &User, enabled: bool) -> Result<()> {
    let action = if enabled { Action::EnableUser } else { Action::DisableUser };
    let write = async |tx: &mut Tx| {
        rows::set_enabled(tx, user.id, enabled).await?;
        if enabled { Ok(()) } else { keys::revoke_sessions(tx, user.id, core.clock.now()).await }
    };
    change(core, user, action, write).await?;
    if enabled { Ok(()) } else { cancel_all(core, user).await }
}

/// Gives a user another role.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn set_role(core: &Core, user: &User, role: Role) -> Result<()> {
    change(core, user, Action::SetRole, async |tx| rows::set_role(tx, user.id, role).await).await
}

/// Gives a user another password, and ends the sessions that began with the last one. Keys go on.
///
/// # Errors
/// `Invalid` for an unusable password.
pub async fn set_password(core: &Core, user: &User, password: &str) -> Result<()> {
    let hash = password::hash(password).await?;
    let write = async |tx: &mut Tx| {
        rows::set_password(tx, user.id, &hash).await?;
        keys::revoke_sessions(tx, user.id, core.clock.now()).await
    };
    change(core, user, Action::SetPassword, write).await
}

/// Gives a user's organization another tier.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn set_tier(core: &Core, user: &User, tier: Tier) -> Result<()> {
    let organization = user.organization_id;
    change(core, user, Action::SetTier, async |tx| rows::set_tier(tx, organization, tier).await).await
}

async fn change(
    core: &Core,
    user: &User,
    action: Action,
    write: impl AsyncFn(&mut Tx) -> Result<()>,
) -> Result<()> {
    let entry = Entry::new(Who::operator(user.organization_id), action, &user.id);
    contending(async || {
        let mut tx = core.store.begin().await?;
        write(&mut tx).await?;
        audit::record(core, &mut tx, &entry).await?;
        tx.commit().await
    })
    .await?;
    known::tell(core, user.id).await;
    Ok(())
}
