//! Who may do what: organizations, users, keys. One model for every dialect.
//!
//! A key speaks for a user, and a user belongs to an organization. What a request may do is what its key and its
//! user's role both allow, from an address that the key allows. A session is a key, too: one that a login made and a
//! browser holds.

mod account;
mod addresses;
mod claim;
mod grant;
mod key;
mod keys;
mod known;
mod operator;
mod password;
mod permission;
mod recognition;
mod secret;
mod session;
mod signer;
mod users;

use std::net::IpAddr;

pub use self::{
    account::{Registered, open_owner, parse_email, register},
    addresses::Addresses,
    claim::{Claim, claim},
    grant::{End, Granted, KeyChange, amend, grant},
    key::{ApiKey, Form},
    keys::{Issued, KeyOrder, find_key, issue, list_keys, revoke, revoke_visible, rotate},
    known::{Changes, Known, follow_changes},
    operator::require_operator,
    permission::{Permission, Permissions},
    recognition::{Refusal, authenticate, recognise},
    secret::Secret,
    session::{Session, log_in, log_out},
    signer::{Signatory, Signer, Unsigned, issue_signing_key, public_id, recognise_signer},
    users::{Home, add_user, address_of, profile, set_enabled, set_password, set_role, set_tier, user},
};
use crate::id::{KeyId, OrganizationId, UserId};

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

/// How many requests a minute a key has where they are counted by the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateTier {
    /// As many as any.
    Standard,
    /// Several times as many.
    High,
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
words!(RateTier { Standard = "standard", High = "high" });
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
    /// What the user is.
    pub role: Role,
    /// What the organization has paid for.
    pub tier: Tier,
    /// How many requests a minute the key has.
    pub rate_tier: RateTier,
    /// What the key and the role both allow.
    pub permissions: Permissions,
    /// From where they call.
    pub address: IpAddr,
}
