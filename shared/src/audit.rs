//! The audit log: who did what, from where, with which key. It names things by their ids and never holds a secret, nor
//! anything that a stranger wrote.

use std::net::IpAddr;

use chrono::TimeDelta;

use crate::{
    core::{Core, contending},
    error::Result,
    id::{KeyId, OrganizationId, UserId},
    identity::{Permission, Principal},
    store::{
        self, Tx,
        audit::{Row, Whose},
    },
};

/// How long the attempts of strangers are kept, in days.
const STRANGERS_DAYS: i64 = 30;

/// Who did something, as far as is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Who {
    /// In whose log it is; `None` for a stranger.
    pub organization: Option<OrganizationId>,
    /// The user; `None` also for the command line, which acts for the operator.
    pub user: Option<UserId>,
    /// The key, or the session.
    pub key: Option<KeyId>,
    /// From where; `None` for the command line.
    pub address: Option<IpAddr>,
}

impl Who {
    /// Whoever runs the command line, doing something to an organization.
    #[must_use]
    pub fn operator(organization: OrganizationId) -> Self {
        Self { organization: Some(organization), ..Self::default() }
    }
}

impl From<&Principal> for Who {
    fn from(principal: &Principal) -> Self {
        Self {
            organization: Some(principal.organization),
            user: Some(principal.user),
            key: Some(principal.key),
            address: Some(principal.address),
        }
    }
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A scan was ordered.
    CreateScan,
    /// A scan was cancelled.
    CancelScan,
    /// The results of a scan were deleted.
    DeleteResults,
    /// An account was opened.
    Register,
    /// An account was opened by a claim.
    Claim,
    /// Somebody logged in.
    LogIn,
    /// Somebody logged out.
    LogOut,
    /// A key was made.
    CreateKey,
    /// A key was replaced by a new one.
    RotateKey,
    /// A key was changed.
    ChangeKey,
    /// A key was revoked.
    RevokeKey,
    /// A user was added to an organization.
    AddUser,
    /// A user was disabled, and all their keys with them.
    DisableUser,
    /// A user was enabled again.
    EnableUser,
    /// A user got another role.
    SetRole,
    /// An organization got another tier.
    SetTier,
    /// A user got another password.
    SetPassword,
    /// A key, a session or a password was not accepted.
    Refuse,
}

impl Action {
    /// Whether it takes rights away from somebody, or gives them some.
    fn changes_access(self) -> bool {
        match self {
            Self::LogOut
            | Self::RotateKey
            | Self::ChangeKey
            | Self::RevokeKey
            | Self::DisableUser
            | Self::EnableUser
            | Self::SetRole
            | Self::SetPassword
            | Self::SetTier => true,
            Self::CreateScan
            | Self::CancelScan
            | Self::DeleteResults
            | Self::Register
            | Self::Claim
            | Self::LogIn
            | Self::CreateKey
            | Self::AddUser
            | Self::Refuse => false,
        }
    }

    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CreateScan => "scan.create",
            Self::CancelScan => "scan.cancel",
            Self::DeleteResults => "results.delete",
            Self::Register => "account.register",
            Self::Claim => "account.claim",
            Self::LogIn => "session.begin",
            Self::LogOut => "session.end",
            Self::CreateKey => "key.create",
            Self::RotateKey => "key.rotate",
            Self::ChangeKey => "key.change",
            Self::RevokeKey => "key.revoke",
            Self::AddUser => "user.add",
            Self::DisableUser => "user.disable",
            Self::EnableUser => "user.enable",
            Self::SetRole => "user.set_role",
            Self::SetTier => "organization.set_tier",
            Self::SetPassword => "user.set_password",
            Self::Refuse => "authentication.refused",
        }
    }
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Who did it.
    pub who: Who,
    /// What they did.
    pub action: Action,
    /// The id of what they did it to, or a word of ours; never a text of the caller's.
    pub subject: String,
}

impl Entry {
    /// Something done by somebody to something.
    pub(crate) fn new(who: impl Into<Who>, action: Action, subject: &impl ToString) -> Self {
        Self { who: who.into(), action, subject: subject.to_string() }
    }
}

/// Adds a line in the transaction of what it tells, and counts what changes somebody's rights.
pub(crate) async fn record(core: &Core, tx: &mut Tx, entry: &Entry) -> Result<()> {
    if entry.action.changes_access() {
        store::access::count(tx).await?;
    }
    store::audit::insert(tx, entry, core.clock.now()).await
}

/// Adds a line about a credential that was not accepted, and why.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn refused(core: &Core, who: Who, why: &str) -> Result<()> {
    let entry = Entry::new(who, Action::Refuse, &why);
    contending(async || {
        let mut tx = core.store.begin().await?;
        record(core, &mut tx, &entry).await?;
        tx.commit().await
    })
    .await
}

/// A page of the caller's organization's log, the newest lines first, and how many lines there are. Whoever looks after
/// the whole server is told of strangers, too.
///
/// # Errors
/// `Forbidden` without the permission to read it.
pub async fn page(core: &Core, principal: &Principal, offset: i64, limit: i64) -> Result<(Vec<Row>, i64)> {
    principal.permissions.require(Permission::ReadOrganization)?;
    let organization = principal.organization;
    let strangers = store::identity::first_organization(&core.store).await? == Some(organization);
    let whose = Whose { organization, strangers };
    let rows = store::audit::page(&core.store, whose, offset, limit).await?;
    Ok((rows, store::audit::count(&core.store, whose).await?))
}

/// Forgets the attempts of strangers that are a month old.
pub(crate) async fn forget_strangers(core: &Core) -> Result<()> {
    let before = core.clock.now() - TimeDelta::days(STRANGERS_DAYS);
    let mut tx = core.store.begin().await?;
    store::audit::forget_strangers(&mut tx, before).await?;
    tx.commit().await
}
