//! Passwords: argon2id with a salt of its own for each.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, SaltString},
};
use tokio::sync::Semaphore;

use crate::error::{Error, Invalid, Result};

/// Each hash takes 19 MiB and a core for a while: a flood of registrations must not take all of both.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// Hashes a password of 8 to 128 characters, on a thread that may block.
pub(super) async fn hash(password: &str) -> Result<String> {
    let length = password.chars().count();
    if !(8..=128).contains(&length) {
        let message = format!("a password has 8 to 128 characters, this one has {length}");
        return Err(Invalid { field: "password", value: String::new(), message }.into());
    }
    let _turn = AT_ONCE.acquire().await.map_err(Error::internal)?;
    let password = password.to_owned();
    let hash = tokio::task::spawn_blocking(move || {
        let mut random = [0_u8; 16];
        getrandom::fill(&mut random).map_err(Error::internal)?;
        let salt = SaltString::encode_b64(&random).map_err(|error| Error::internal(error.to_string()))?;
        let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
        hash.map(|hash| hash.to_string()).map_err(|error| Error::internal(error.to_string()))
    });
    hash.await.map_err(Error::internal)?
}
