//! API keys: `sk_live_`, 34 random characters, 6 characters of checksum; kept as a keyed digest.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::{
    error::{Error, Result},
    id::to_base62,
};

const PREFIX: &str = "sk_live_";

/// A key in the clear: shown to its owner once, never stored, never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({}..)", self.prefix())
    }
}

impl ApiKey {
    /// Makes a key from 202 bits of the operating system's randomness.
    ///
    /// # Errors
    /// `Internal` when the system has none to give.
    pub fn generate() -> Result<Self> {
        let mut random = [0_u8; 32];
        getrandom::fill(&mut random).map_err(Error::internal)?;
        let (one, two) = random.split_at(16);
        let number =
            |half: &[u8]| to_base62(half.iter().fold(0, |sum: u128, byte| (sum << 8) | u128::from(*byte)));
        // The first character of 22 carries less than a digit's worth: take the 17 last of each half.
        let secret: String =
            [number(one), number(two)].iter().flat_map(|half| half.chars().skip(5)).collect();
        let checksum = to_base62(u128::from(crc32fast::hash(secret.as_bytes())));
        Ok(Self(format!("{PREFIX}{secret}{}", checksum.get(16..).unwrap_or_default())))
    }

    /// Accepts `sk_live_` and 16 to 64 letters and digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let secret = text.strip_prefix(PREFIX)?;
        let good =
            (16..=64).contains(&secret.len()) && secret.bytes().all(|byte| byte.is_ascii_alphanumeric());
        good.then(|| Self(text.to_owned()))
    }

    /// The first characters, which may be shown.
    #[must_use]
    pub fn prefix(&self) -> &str {
        self.0.get(..12).unwrap_or(PREFIX)
    }

    /// The whole key, for its owner's eyes.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// The server's own secret, under which keys are digested: a stolen table alone cannot be searched for keys.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Secret {
    /// Takes at least 32 characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        (text.len() >= 32).then(|| Self(text.as_bytes().to_vec()))
    }

    /// Makes a secret of 64 hexadecimal digits.
    ///
    /// # Errors
    /// `Internal` when the system has no randomness to give.
    pub fn generate() -> Result<String> {
        let mut random = [0_u8; 32];
        getrandom::fill(&mut random).map_err(Error::internal)?;
        Ok(hex(&random))
    }

    /// The digest under which a key is looked up.
    #[must_use]
    pub fn digest(&self, key: &ApiKey) -> String {
        self.hmac(&[b"api key\0", key.0.as_bytes()])
    }

    /// A digest that tells this secret from others, and nothing else about it.
    pub(crate) fn mark(&self) -> String {
        self.hmac(&[b"secret\0"])
    }

    /// A key for one purpose, which tells nothing about the secret nor about the keys for others.
    pub(crate) fn derive(&self, purpose: &str) -> [u8; 32] {
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return [0; 32] };
        mac.chain_update(b"derived key\0").chain_update(purpose).finalize().into_bytes().into()
    }

    fn hmac(&self, parts: &[&[u8]]) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        for part in parts {
            mac.update(part);
        }
        hex(&mac.finalize().into_bytes())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|half| char::from_digit(half.into(), 16))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_key_is_accepted_and_never_repeats() {
        let (one, two) = (ApiKey::generate().unwrap(), ApiKey::generate().unwrap());
        assert_eq!(one.reveal().len(), PREFIX.len() + 40);
        assert_eq!(ApiKey::parse(one.reveal()), Some(one.clone()));
        assert_ne!(one, two);
    }

    #[test]
    fn keys_hide_in_debug_output_and_digests_depend_on_the_secret() {
        let key = ApiKey::generate().unwrap();
        assert!(!format!("{key:?}").contains(key.reveal()));
        let digest = |text: &str| Secret::parse(text).unwrap().digest(&key);
        assert_ne!(digest(&"a".repeat(32)), digest(&"b".repeat(32)));
        assert_eq!(digest(&"a".repeat(32)).len(), 64);
    }

    #[test]
    fn short_secrets_and_foreign_keys_are_refused() {
        assert!(Secret::parse("short").is_none());
        for text in ["", "sk_live_", "sk_live_short", "sk_test_0123456789abcdef", "sk_live_0123456789abcde!"]
        {
            assert_eq!(ApiKey::parse(text), None, "{text}");
        }
    }
}
