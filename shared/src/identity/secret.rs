//! The server's own secret.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::ApiKey;
use crate::error::{Error, Result};

/// What keys are digested under: a stolen table alone cannot be searched for keys.
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
        self.hmac(&[b"api key\0", key.reveal().as_bytes()])
    }

    /// What a page must say besides its session's cookie to change anything: a page of another site cannot know it.
    #[must_use]
    pub fn csrf_token(&self, session: &ApiKey) -> String {
        self.hmac(&[b"csrf\0", session.reveal().as_bytes()])
    }

    /// Whether the token belongs to the session, in the same time for every wrong one.
    #[must_use]
    pub fn is_csrf_token(&self, session: &ApiKey, token: &str) -> bool {
        let digest = |text: &str| self.hmac(&[b"compared\0", text.as_bytes()]);
        digest(&self.csrf_token(session)) == digest(token)
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
    use crate::identity::Form;

    #[test]
    fn digests_depend_on_the_secret() {
        let key = ApiKey::generate(Form::CyberSec).unwrap();
        let digest = |text: &str| Secret::parse(text).unwrap().digest(&key);
        assert_ne!(digest(&"a".repeat(32)), digest(&"b".repeat(32)));
        assert_eq!(digest(&"a".repeat(32)).len(), 64);
        assert!(Secret::parse("short").is_none());
    }

    #[test]
    fn a_token_belongs_to_one_session() {
        let secret = Secret::parse(&"a".repeat(32)).unwrap();
        let (one, two) = (ApiKey::generate(Form::Session).unwrap(), ApiKey::generate(Form::Session).unwrap());
        let token = secret.csrf_token(&one);
        assert!(secret.is_csrf_token(&one, &token) && !secret.is_csrf_token(&two, &token));
        assert!(!secret.is_csrf_token(&one, "") && !secret.is_csrf_token(&one, &secret.digest(&one)));
    }
}
