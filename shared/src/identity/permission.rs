//! What a key or a user may do.

use std::fmt;

use super::Role;
use crate::error::{Error, Invalid, Result};

/// One thing that may be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// To look at scans and what they found.
    ReadScans,
    /// To order, cancel and clear scans.
    WriteScans,
    /// To look at the own account and its keys.
    ReadAccount,
    /// To replace and revoke the own keys.
    WriteAccount,
    /// To read the audit log of the organization, and to look at the keys of everybody in it.
    ReadOrganization,
    /// To revoke and change the keys of everybody in the organization, and to grant more requests.
    WriteOrganization,
    /// To look at watched certificates.
    ReadCertificates,
    /// To have certificates watched.
    WriteCertificates,
}

use Permission::{
    ReadAccount, ReadCertificates, ReadOrganization, ReadScans, WriteAccount, WriteCertificates,
    WriteOrganization, WriteScans,
};

impl Permission {
    /// All of them.
    pub const ALL: [Self; 8] = [
        ReadScans,
        WriteScans,
        ReadAccount,
        WriteAccount,
        ReadOrganization,
        WriteOrganization,
        ReadCertificates,
        WriteCertificates,
    ];

    /// Its word, such as `scans:read`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            ReadScans => "scans:read",
            WriteScans => "scans:write",
            ReadAccount => "account:read",
            WriteAccount => "account:write",
            ReadOrganization => "organization:read",
            WriteOrganization => "organization:write",
            ReadCertificates => "certificates:read",
            WriteCertificates => "certificates:write",
        }
    }

    fn bit(self) -> u32 {
        match self {
            ReadScans => 1,
            WriteScans => 2,
            ReadAccount => 4,
            WriteAccount => 8,
            ReadOrganization => 16,
            WriteOrganization => 32,
            ReadCertificates => 64,
            WriteCertificates => 128,
        }
    }

    fn refusal(self) -> &'static str {
        match self {
            ReadScans => "this takes the permission scans:read",
            WriteScans => "this takes the permission scans:write, which viewers and read-only keys lack",
            ReadAccount => "this takes the permission account:read",
            WriteAccount => "this takes the permission account:write, which read-only keys lack",
            ReadOrganization => "this takes the permission organization:read, which only owners have",
            WriteOrganization => "this takes the permission organization:write, which only owners have",
            ReadCertificates => "this takes the permission certificates:read",
            WriteCertificates => {
                "this takes the permission certificates:write, which viewers and read-only keys lack"
            }
        }
    }
}

/// A set of permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permissions(u32);

impl Permissions {
    /// Everything, also what later versions add.
    pub const ALL: Self = Self(u32::MAX);
    /// What changes nothing.
    pub const READING: Self = Self(1 | 4 | 16 | 64);
    /// To watch certificates, and nothing else.
    pub const WATCHING: Self = Self(64 | 128);

    /// Reads words with commas between, such as `scans:read,scans:write`, or `all`.
    ///
    /// # Errors
    /// `Invalid` for anything else; the message lists the words.
    pub fn parse(text: &str) -> Result<Self> {
        if text == "all" {
            return Ok(Self::ALL);
        }
        text.split(',').map(str::trim).map(permission).try_fold(Self(0), |Self(set), permission| {
            permission.map(|permission| Self(set | permission.bit()))
        })
    }

    /// What both allow.
    #[must_use]
    pub fn both(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether it allows everything that the other allows.
    #[must_use]
    pub fn cover(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// Whether it allows this.
    #[must_use]
    pub fn allow(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    /// Refuses what it does not allow.
    ///
    /// # Errors
    /// `Forbidden`, saying which permission is missing.
    pub fn require(self, permission: Permission) -> Result<()> {
        if self.allow(permission) { Ok(()) } else { Err(Error::Forbidden(permission.refusal())) }
    }

    /// Its words.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        Permission::ALL.into_iter().filter(move |permission| self.allow(*permission)).map(Permission::as_str)
    }
}

fn permission(word: &str) -> Result<Permission> {
    let found = Permission::ALL.into_iter().find(|permission| permission.as_str() == word);
    found.ok_or_else(|| {
        let known = Permission::ALL.map(Permission::as_str).join(", ");
        let why = format!("is unknown: give all, or some of {known}");
        Invalid::part("permissions", "Permission", word, &why).into()
    })
}

impl fmt::Display for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::ALL {
            return f.write_str("all");
        }
        f.write_str(&self.words().collect::<Vec<_>>().join(","))
    }
}

impl TryFrom<String> for Permissions {
    type Error = String;

    fn try_from(text: String) -> std::result::Result<Self, String> {
        Self::parse(&text).map_err(|error| format!("unknown permissions in the database: {error}"))
    }
}

impl Role {
    /// What a user of this role may do at most.
    #[must_use]
    pub fn permissions(self) -> Permissions {
        let of = |list: &[Permission]| Permissions(list.iter().fold(0, |set, one| set | one.bit()));
        match self {
            Self::Owner => Permissions::ALL,
            Self::Analyst => {
                of(&[ReadScans, WriteScans, ReadAccount, WriteAccount, ReadCertificates, WriteCertificates])
            }
            // Whoever may only look has a key to look after all the same.
            Self::Viewer => of(&[ReadScans, ReadAccount, WriteAccount, ReadCertificates]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back_and_unknown_ones_are_refused() {
        for text in ["all", "scans:read", "scans:read,scans:write,account:read,account:write"] {
            assert_eq!(Permissions::parse(text).unwrap().to_string(), text);
        }
        assert!(Permissions::parse("scans:read, account:read").unwrap().allow(ReadAccount));
        for text in ["", "scans", "all,scans:read", "scans:read,", "SCANS:READ"] {
            assert!(Permissions::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn reading_holds_every_permission_that_changes_nothing_and_no_other() {
        for permission in Permission::ALL {
            let reads = permission.as_str().ends_with(":read");
            assert_eq!(Permissions::READING.allow(permission), reads, "{permission:?}");
        }
    }

    #[test]
    fn watching_is_about_certificates_alone() {
        for permission in Permission::ALL {
            let is_about = permission.as_str().starts_with("certificates:");
            assert_eq!(Permissions::WATCHING.allow(permission), is_about, "{permission:?}");
        }
        assert!(Permissions::ALL.cover(Permissions::WATCHING));
        assert!(!Permissions::WATCHING.cover(Permissions::READING));
        assert!(Permissions::WATCHING.cover(Permissions::WATCHING));
    }

    #[test]
    fn bits_are_apart() {
        let sum: u32 = Permission::ALL.into_iter().map(Permission::bit).sum();
        assert_eq!(sum, Permission::ALL.into_iter().fold(0, |set, one| set | one.bit()));
    }
}
