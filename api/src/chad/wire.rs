//! Keys as this dialect writes and reads them.

use chrono::{DateTime, SubsecRound, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::{
    error::{Error, Invalid},
    identity::{Addresses, End, Form, KeyChange, KeyOrder, RateTier},
    store::keys::StoredKey,
};

use crate::{
    json::nullable,
    public_id::{key_id, user_id},
    time::seconds,
};

/// A key as it may be shown; with the key itself only once, when it is made.
#[derive(Debug, Serialize)]
pub(super) struct Key {
    id: String,
    name: String,
    description: Option<String>,
    key_prefix: String,
    user_id: String,
    read_only: bool,
    rate_tier: &'static str,
    ip_allowlist: Vec<String>,
    is_active: bool,
    created_at: String,
    expires_at: Option<String>,
    last_used_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

impl Key {
    /// Shows the key itself, too.
    pub(super) fn with_secret(stored: StoredKey, secret: &str) -> Self {
        Self { key: Some(secret.to_owned()), ..Self::from(stored) }
    }
}

impl From<StoredKey> for Key {
    fn from(key: StoredKey) -> Self {
        Self {
            id: key_id(key.id),
            name: key.name,
            description: (!key.description.is_empty()).then_some(key.description),
            key_prefix: key.prefix,
            user_id: user_id(key.user_id),
            read_only: key.read_only,
            rate_tier: key.rate_tier.as_str(),
            ip_allowlist: key.allowed_addresses.blocks().collect(),
            is_active: key.revoked_at.is_none(),
            created_at: seconds(key.created_at),
            expires_at: key.expires_at.map(seconds),
            last_used_at: key.last_used_at.map(seconds),
            key: None,
        }
    }
}

/// A key that is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewKey {
    name: Option<String>,
    description: Option<String>,
    expires_at: Option<String>,
    read_only: Option<bool>,
    rate_tier: Option<String>,
    ip_allowlist: Option<Vec<String>>,
}

impl TryFrom<NewKey> for KeyOrder {
    type Error = Error;

    fn try_from(new: NewKey) -> Result<Self, Error> {
        let expires_at = new.expires_at.as_deref().map(time).transpose()?;
        Ok(Self {
            name: name(new.name.unwrap_or_default())?,
            description: new.description.unwrap_or_default(),
            read_only: new.read_only.unwrap_or(false),
            rate_tier: new.rate_tier.as_deref().map_or(Ok(RateTier::Standard), rate_tier)?,
            allowed_addresses: Addresses::from_blocks(&new.ip_allowlist.unwrap_or_default())?,
            ..Self::unlimited(Form::Chad, expires_at)
        })
    }
}

/// What is to be different about a key. Null takes a description, an end or the list of addresses away.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Changes {
    name: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    description: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    expires_at: Option<Value>,
    read_only: Option<bool>,
    rate_tier: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    ip_allowlist: Option<Vec<String>>,
    is_active: Option<bool>,
}

impl TryFrom<Changes> for KeyChange {
    type Error = Error;

    fn try_from(changes: Changes) -> Result<Self, Error> {
        Ok(Self {
            name: changes.name.map(name).transpose()?,
            description: changes.description,
            end: changes.expires_at.as_ref().map(end).transpose()?,
            read_only: changes.read_only,
            rate_tier: changes.rate_tier.as_deref().map(rate_tier).transpose()?,
            allowed_addresses: changes.ip_allowlist.as_deref().map(Addresses::from_blocks).transpose()?,
            is_active: changes.is_active,
        })
    }
}

fn name(text: String) -> Result<String, Invalid> {
    let is_blank = text.trim().is_empty();
    if is_blank { Err(Invalid::new("name", "", "a key needs a name")) } else { Ok(text) }
}

fn rate_tier(word: &str) -> Result<RateTier, Invalid> {
    let tiers = [RateTier::Standard, RateTier::High];
    let tier = tiers.into_iter().find(|tier| tier.as_str() == word);
    tier.ok_or_else(|| Invalid::part("rate_tier", "Rate tier", word, "is neither standard nor high"))
}

fn end(value: &Value) -> Result<End, Invalid> {
    match value {
        Value::Null => Ok(End::Never),
        Value::String(text) => time(text).map(End::At),
        other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(Invalid::new("expires_at", &other.to_string(), "a time is a text, or null for never"))
        }
    }
}

/// Reads a time as of RFC 3339; without a zone it is UTC.
fn time(text: &str) -> Result<DateTime<Utc>, Invalid> {
    let parse = DateTime::parse_from_rfc3339;
    let time = parse(text).or_else(|_| parse(&format!("{text}Z"))).map(|time| time.to_utc());
    time.map(|time| time.trunc_subsecs(6))
        .map_err(|_| Invalid::part("expires_at", "Time", text, "is not of the form 2030-01-31T12:00:00Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_a_zone_or_as_utc() {
        for (text, expected) in [
            ("2030-01-31T12:00:00Z", "2030-01-31T12:00:00Z"),
            ("2030-01-31T12:00:00.123456789+02:00", "2030-01-31T10:00:00Z"),
            ("2030-01-31T12:00:00", "2030-01-31T12:00:00Z"),
            ("2030-01-31T12:00:00.5", "2030-01-31T12:00:00Z"),
        ] {
            assert_eq!(seconds(time(text).unwrap()), expected);
        }
        for text in
            ["", "tomorrow", "2030-01-31", "1893456000", "+12030-01-31T12:00:00", "2030-02-30T00:00:00Z"]
        {
            assert_eq!(time(text).unwrap_err().field, "expires_at", "{text}");
        }
    }
}
