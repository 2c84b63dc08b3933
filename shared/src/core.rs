//! What every function of the core needs: the database, the bell, the counts, the keys seen lately, the time, the secret and the limits.

use std::{future::Future, time::Duration};

use crate::{
    bell::Bell,
    clock::Clock,
    error::{Error, Invalid, Result},
    identity::{Known, Secret},
    limit::Limiter,
    settings::{Limits, Settings},
    store::{self, Store},
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
    /// Keys that were recognised lately.
    pub known: Known,
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
            known: Known::default(),
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
            return self.store.go_on().await;
        }
        let message = "the database has no tables of this version: run `vedette migrate` first".to_owned();
        Err(Error::Invalid(Invalid { field: "DATABASE_URL", value: String::new(), message }))
    }

    /// Refuses to go on with another secret than the one this database was first used with: not one key would be
    /// recognised.
    ///
    /// # Errors
    /// `Invalid` that says what to do, `Unavailable` when the database is away.
    pub async fn require_secret(&self) -> Result<()> {
        let mark = self.secret.mark();
        let stored = contending(async || {
            let mut tx = self.store.begin().await?;
            let stored = store::secret::keep(&mut tx, &mark, self.clock.now()).await?;
            tx.commit().await?;
            Ok(stored)
        });
        if stored.await? == mark {
            return Ok(());
        }
        let message = "VEDETTE_SECRET_KEY is not the secret that this database was first used with, and no key would \
                       be recognised: give every process that one; `vedette up` keeps its own in secret.key in the \
                       data folder";
        Err(Error::Invalid(Invalid::new("VEDETTE_SECRET_KEY", "", message)))
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
