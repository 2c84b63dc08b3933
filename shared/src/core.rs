//! What every function of the core needs: the database, the bell, the counts, the time, the secret and the limits.

use std::{future::Future, time::Duration};

use crate::{
    bell::Bell,
    clock::Clock,
    error::{Error, Invalid, Result},
    identity::Secret,
    limit::Limiter,
    settings::{Limits, Settings},
    store::Store,
};

/// The open parts of a running server. Clones share them.
#[derive(Clone, Debug)]
pub struct Core {
    /// The database.
    pub store: Store,
    /// The bell.
    pub bell: Bell,
    /// What callers have used of their limits.
    pub limiter: Limiter,
    /// The time.
    pub clock: Clock,
    /// The secret under which keys are digested.
    pub secret: Secret,
    /// What the operator allows.
    pub limits: Limits,
}

impl Core {
    /// Opens the database, the bell and the counts that the settings name.
    ///
    /// # Errors
    /// `Unavailable` when one of them does not answer.
    pub async fn open(settings: &Settings) -> Result<Self> {
        Ok(Self {
            store: Store::open(&settings.database_url, settings.database_connections).await?,
            bell: Bell::open(settings.redis_url.as_deref()).await?,
            limiter: Limiter::open(settings.redis_url.as_deref()).await?,
            clock: Clock::System,
            secret: settings.secret.clone(),
            limits: settings.limits.clone(),
        })
    }

    /// Refuses to go on without the tables of this version.
    ///
    /// # Errors
    /// `Invalid` that says what to run, `Unavailable` when the database is away.
    pub async fn require_tables(&self) -> Result<()> {
        if self.store.is_migrated().await? {
            return Ok(());
        }
        let message = "the database has no tables of this version: run `vedette migrate` first".to_owned();
        Err(Error::Invalid(Invalid { field: "DATABASE_URL", value: String::new(), message }))
    }
}

/// Runs a transaction again, a few times, when another writer forced it to roll back.
pub(crate) async fn contending<T, F: Future<Output = Result<T>>>(
    mut transaction: impl FnMut() -> F,
) -> Result<T> {
    for pause_ms in [2, 5, 10, 20, 50, 100] {
        match transaction().await {
            Err(Error::Contended(source)) => tracing::debug!(%source, "a transaction is run again"),
            other => return other,
        }
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
    }
    transaction().await
}
