//! The secrets of keys that requests are signed with, encrypted.

use super::Tx;
use crate::{error::Result, id::KeyId};

/// Stores the secret of a key.
pub(crate) async fn insert(tx: &mut Tx, key: KeyId, sealed: &[u8]) -> Result<()> {
    const SQL: &str = "INSERT INTO hawk_secrets (key_id, sealed) VALUES ($1, $2)";
    on_tx!(tx, |connection| sqlx::query(SQL)
        .bind(key.uuid())
        .bind(sealed)
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))
    .map(drop)
}

/// Forgets the secret of a key.
pub(crate) async fn remove(tx: &mut Tx, key: KeyId) -> Result<()> {
    const SQL: &str = "DELETE FROM hawk_secrets WHERE key_id = $1";
    on_tx!(tx, |connection| sqlx::query(SQL)
        .bind(key.uuid())
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))
    .map(drop)
}
