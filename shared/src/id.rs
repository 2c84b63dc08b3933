//! Ids: version 7 UUIDs, one newtype for each noun.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A 128-bit number in base 62: 22 characters, digits before capitals before small letters, padded with `0`.
#[must_use]
pub fn to_base62(number: u128) -> String {
    let mut rest = number;
    let mut text = [b'0'; 22];
    for place in text.iter_mut().rev() {
        let digit = usize::try_from(rest % 62).unwrap_or_default();
        *place = DIGITS.get(digit).copied().unwrap_or(b'0');
        rest /= 62;
    }
    text.iter().copied().map(char::from).collect()
}

/// Reads what [`to_base62`] wrote; nothing else.
#[must_use]
pub fn from_base62(text: &str) -> Option<u128> {
    if text.len() != 22 {
        return None;
    }
    text.bytes().try_fold(0_u128, |number, byte| {
        let digit = DIGITS.iter().position(|known| *known == byte)?;
        number.checked_mul(62)?.checked_add(u128::try_from(digit).ok()?)
    })
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident,)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Makes a new id, later than the ones before it.
            #[must_use]
            #[expect(clippy::disallowed_methods, clippy::new_without_default, reason = "ids are made here; no id is a default")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }

            /// The id as the database keeps it.
            #[must_use]
            pub fn uuid(self) -> Uuid {
                self.0
            }

            /// The short form that dialects show behind their prefix.
            #[must_use]
            pub fn to_base62(self) -> String {
                to_base62(self.0.as_u128())
            }

            /// Reads the short form.
            #[must_use]
            pub fn from_base62(text: &str) -> Option<Self> {
                from_base62(text).map(|number| Self(Uuid::from_u128(number)))
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    )* };
}

ids! {
    /// Names an organization.
    OrganizationId,
    /// Names a user.
    UserId,
    /// Names an API key.
    KeyId,
    /// Names a job of any kind.
    JobId,
    /// Names a line of the audit log.
    AuditId,
}

impl JobId {
    /// None is later.
    pub(crate) const LAST: Self = Self(Uuid::max());

    /// What lies before all ids that were made at this time or later, and behind those made before.
    pub(crate) fn at(time: DateTime<Utc>) -> Self {
        let milliseconds = u128::try_from(time.timestamp_millis()).unwrap_or_default();
        Self(Uuid::from_u128(milliseconds << 80))
    }
}

/// Names one shard of a job: what a worker claims. Written `<job>/<number>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShardId {
    /// The job.
    pub job: JobId,
    /// Its number in the job; 0 is the one that plans.
    pub number: i64,
}

impl fmt::Display for ShardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.job, self.number)
    }
}

impl ShardId {
    /// Reads what was written.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (job, number) = text.split_once('/')?;
        Some(Self { job: Uuid::try_parse(job).ok()?.into(), number: number.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_short_form_reads_back(number: u128) {
            prop_assert_eq!(from_base62(&to_base62(number)), Some(number));
        }

        #[test]
        fn the_name_of_a_shard_reads_back(number: i64) {
            let shard = ShardId { job: JobId::new(), number };
            prop_assert_eq!(ShardId::parse(&shard.to_string()), Some(shard));
        }

        #[test]
        fn any_text_names_a_shard_or_none(text in "\\PC{0,60}") {
            prop_assert_eq!(ShardId::parse(&text), None);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,30}") {
            if let Some(number) = from_base62(&text) {
                prop_assert_eq!(to_base62(number), text);
            }
        }
    }
}
