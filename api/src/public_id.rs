//! Ids as clients see them: a word that says what they name, and 22 letters and digits.

use shared::id::{KeyId, UserId};

/// The id of a user.
pub(crate) fn user_id(id: UserId) -> String {
    format!("usr_{}", id.to_base62())
}

/// The id of a key.
pub(crate) fn key_id(id: KeyId) -> String {
    format!("key_{}", id.to_base62())
}

/// The key that an id names, as far as it is one.
pub(crate) fn parse_key_id(text: &str) -> Option<KeyId> {
    text.strip_prefix("key_").and_then(KeyId::from_base62)
}
