//! `vedette migrate`: brings the database to this version's schema.

use crate::failure::Failure;

/// Applies the migrations that are missing.
///
/// # Errors
/// When the database cannot be reached or a migration fails.
#[expect(clippy::unused_async, reason = "the store is not linked yet")]
pub(crate) async fn run() -> Result<(), Failure> {
    Err(Failure::failed("migrating the database", "not linked yet"))
}
