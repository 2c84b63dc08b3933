//! Keys that clients sign their requests with, without ever sending them: one a user.

mod seal;

use std::fmt;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    core::Core,
    error::{Error, Result},
    id::{OrganizationId, UserId, to_base62},
    store::hawk_keys as rows,
};

/// What a client is set up with; shown once.
pub struct Credentials {
    /// The user, as their client names them.
    pub id: String,
    /// The organization, as their client names it.
    pub organization: String,
    /// The key.
    pub key: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, organization, key: _ } = self;
        f.debug_struct("Credentials")
            .field("id", id)
            .field("organization", organization)
            .finish_non_exhaustive()
    }
}

/// Whose signature a request bears, if it bears one under this key.
#[derive(Clone)]
pub struct Holder {
    /// The user.
    pub user: UserId,
    /// Their organization.
    pub organization: OrganizationId,
    /// What they sign with.
    pub key: Vec<u8>,
}

impl fmt::Debug for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { user, organization, key: _ } = self;
        f.debug_struct("Holder")
            .field("user", user)
            .field("organization", organization)
            .finish_non_exhaustive()
    }
}

/// Makes a key for the user with this e-mail address, in place of the one they had; `None` where there is no such user.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn issue(core: &Core, email: &str) -> Result<Option<Credentials>> {
    let mut random = [0_u8; 32];
    getrandom::fill(&mut random).map_err(Error::internal)?;
    let digits = |half: &[u8]| to_base62(half.iter().fold(0, |sum, byte| (sum << 8) | u128::from(*byte)));
    let key: String = random.chunks(16).map(digits).collect();
    let mut tx = core.store.begin().await?;
    let Some((user, organization)) = rows::user_by_email(&mut tx, &email.trim().to_lowercase()).await? else {
        return Ok(None);
    };
    let id = public_id(user.uuid());
    let sealed = seal::seal(&core.secret, user, key.as_bytes())?;
    rows::put(&mut tx, user, (&id, &sealed), core.clock.now()).await?;
    tx.commit().await?;
    Ok(Some(Credentials { id, organization: public_id(organization.uuid()), key }))
}

/// Takes the key of the user with this e-mail address away; whether there was one.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn revoke(core: &Core, email: &str) -> Result<bool> {
    let mut tx = core.store.begin().await?;
    let Some((user, _)) = rows::user_by_email(&mut tx, &email.trim().to_lowercase()).await? else {
        return Ok(false);
    };
    let was_there = rows::remove(&mut tx, user).await?;
    tx.commit().await?;
    Ok(was_there)
}

/// The holder of the key with this id, if they are in this organization and may use it.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn find(core: &Core, id: &str, organization: &str) -> Result<Option<Holder>> {
    let Some(row) = rows::holder(&core.store, id).await? else { return Ok(None) };
    if !row.enabled || public_id(row.organization_id.uuid()) != organization {
        return Ok(None);
    }
    let key = seal::open(&core.secret, row.user_id, &row.sealed)?;
    Ok(Some(Holder { user: row.user_id, organization: row.organization_id, key }))
}

/// How clients of signed requests name a user or an organization: 24 hexadecimal digits, always the same.
#[must_use]
pub fn public_id(id: Uuid) -> String {
    let digest = Sha256::new().chain_update(b"vedette id\0").chain_update(id.as_bytes()).finalize();
    let number = digest.iter().take(12).fold(0, |sum: u128, byte| (sum << 8) | u128::from(*byte));
    format!("{number:024x}")
}
