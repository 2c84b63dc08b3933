//! Passwords: argon2id with a salt of its own for each.

use argon2::{
    Argon2,
    password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString},
};
use tokio::sync::Semaphore;

use crate::error::{Error, Invalid, Result};

/// Each hash takes 19 MiB and a core for a while: a flood of registrations must not take all of both.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// Hashes a password of 8 to 128 characters.
pub(super) async fn hash(password: &str) -> Result<String> {
    let length = password.chars().count();
    if !(8..=128).contains(&length) {
        let message = format!("a password has 8 to 128 characters, this one has {length}");
        return Err(Invalid { field: "password", value: String::new(), message }.into());
    }
    let password = password.to_owned();
    slowly(move || salted(&password)).await
}

/// Whether a password is the one that was hashed. Where none was, that takes as long to find out.
pub(super) async fn is_right(password: &str, hash: Option<&str>) -> Result<bool> {
    let (password, hash) = (password.to_owned(), hash.map(str::to_owned));
    slowly(move || {
        let Some(hash) = hash else { return salted(&password).map(|_| false) };
        let hash = PasswordHash::new(&hash).map_err(|error| Error::internal(error.to_string()))?;
        Ok(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    })
    .await
}

fn salted(password: &str) -> Result<String> {
    let mut random = [0_u8; 16];
    getrandom::fill(&mut random).map_err(Error::internal)?;
    let salt = SaltString::encode_b64(&random).map_err(|error| Error::internal(error.to_string()))?;
    let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).map_err(|error| Error::internal(error.to_string()))
}

/// Runs on a thread that may block, when it is its turn.
async fn slowly<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let _turn = AT_ONCE.acquire().await.map_err(Error::internal)?;
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}
