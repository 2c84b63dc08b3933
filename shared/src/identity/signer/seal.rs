//! Keys at rest: ChaCha20-Poly1305 under a key derived from the server's secret, bound to the user they belong to.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::{
    error::{Error, Result},
    id::UserId,
    identity::Secret,
};

/// The nonce, then the ciphertext with its tag.
pub(super) fn seal(secret: &Secret, user: UserId, key: &[u8]) -> Result<Vec<u8>> {
    let mut nonce = [0_u8; NONCE_LEN];
    getrandom::fill(&mut nonce).map_err(Error::internal)?;
    let mut text = key.to_vec();
    let sealing = sealing_key(secret)?;
    let owner = Aad::from(user.uuid().into_bytes());
    sealing
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), owner, &mut text)
        .map_err(|_| Error::internal("a key cannot be encrypted"))?;
    Ok([&nonce[..], &text].concat())
}

/// The key again.
pub(super) fn open(secret: &Secret, user: UserId, sealed: &[u8]) -> Result<Vec<u8>> {
    let broken = || Error::internal("a stored key does not open under VEDETTE_SECRET_KEY");
    let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>().ok_or_else(broken)?;
    let mut text = text.to_vec();
    let owner = Aad::from(user.uuid().into_bytes());
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let opened = sealing_key(secret)?.open_in_place(nonce, owner, &mut text).map_err(|_| broken())?;
    Ok(opened.to_vec())
}

fn sealing_key(secret: &Secret) -> Result<LessSafeKey> {
    let key = UnboundKey::new(&CHACHA20_POLY1305, &secret.derive("hawk keys"));
    key.map(LessSafeKey::new).map_err(|_| Error::internal("no key to encrypt with"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(letter: &str) -> Secret {
        Secret::parse(&letter.repeat(32)).unwrap()
    }

    #[test]
    fn a_sealed_key_opens_for_its_user_under_its_secret_alone() {
        let (one, other) = (UserId::new(), UserId::new());
        let sealed = seal(&secret("a"), one, b"the key").unwrap();
        assert_eq!(open(&secret("a"), one, &sealed).unwrap(), b"the key");
        assert!(open(&secret("b"), one, &sealed).is_err());
        assert!(open(&secret("a"), other, &sealed).is_err());
        assert!(!sealed.windows(7).any(|part| part == b"the key"));
        assert_ne!(seal(&secret("a"), one, b"the key").unwrap(), sealed, "never twice the same");
        for short in [&sealed[..5], &sealed[..20], &[]] {
            assert!(open(&secret("a"), one, short).is_err());
        }
    }
}
