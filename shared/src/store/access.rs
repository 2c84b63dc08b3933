//! A count of changes of rights, for processes that no bell reaches.

use super::{Store, Tx};
use crate::error::Result;

/// How often somebody's rights have changed.
pub(crate) async fn changes(store: &Store) -> Result<i64> {
    const SQL: &str = "SELECT number FROM access_changes WHERE id = 1";
    on_pool!(store, |pool| sqlx::query_scalar(SQL).fetch_one(pool).await)
}

/// Counts a change, in its transaction.
pub(crate) async fn count(tx: &mut Tx) -> Result<()> {
    const SQL: &str = "UPDATE access_changes SET number = number + 1 WHERE id = 1";
    on_tx!(tx, |connection| sqlx::query(SQL).execute(connection).await.map(|done| done.rows_affected()))
        .map(drop)
}
