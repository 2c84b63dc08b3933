//! Who looks after the whole server: the owners in its first organization, that of the account made at first start.

use super::{Permission, Principal};
use crate::{
    core::Core,
    error::{Error, Result},
    store::identity::first_organization,
};

/// Refuses whoever does not look after the whole server. Whoever opens an account owns an organization, but not this one.
///
/// # Errors
/// `Forbidden` for all but owners in the first organization, and for keys that may not read it.
pub async fn require_operator(core: &Core, principal: &Principal) -> Result<()> {
    principal.permissions.require(Permission::ReadOrganization)?;
    if first_organization(&core.store).await? == Some(principal.organization) {
        return Ok(());
    }
    Err(Error::Forbidden("this is for owners in the organization of whoever operates this server"))
}
