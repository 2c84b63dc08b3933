//! The database: two pools, one SQL text. Everything that knows `sqlx` lives in this room.
//!
//! Reads take `&Store`, writes take `&mut Tx`, so that writes compose in one transaction. A function that holds a
//! [`Tx`] must not begin a second one: SQLite has one writer, which would wait for itself.

use std::{str::FromStr, time::Duration};

use sqlx::{
    ConnectOptions, Connection, PgPool, Postgres, Sqlite, SqlitePool, Transaction,
    postgres::{PgConnectOptions, PgConnection, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::time::timeout;

use crate::error::{Error, Result, chain};

/// Runs one query on whichever pool reads.
macro_rules! on_pool {
    ($store:expr, |$pool:ident| $body:expr) => {
        match &$store.reads {
            $crate::store::Pool::Sqlite($pool) => $body.map_err($crate::store::failure),
            $crate::store::Pool::Postgres($pool) => $body.map_err($crate::store::failure),
        }
    };
}

/// Runs one query in the open transaction.
macro_rules! on_tx {
    ($tx:expr, |$connection:ident| $body:expr) => {
        match $tx {
            $crate::store::Tx::Sqlite(tx) => {
                let $connection = &mut **tx;
                $body.map_err($crate::store::failure)
            }
            $crate::store::Tx::Postgres(tx) => {
                let $connection = &mut **tx;
                $body.map_err($crate::store::failure)
            }
        }
    };
}

pub(crate) mod access;
pub mod audit;
pub mod events;
pub mod feed;
pub(crate) mod hawk_secrets;
pub mod identity;
pub mod jobs;
pub mod keys;
mod rows;
pub mod scans;
pub(crate) mod secret;
pub mod shards;
pub mod views;

#[derive(Clone, Debug)]
pub(crate) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// An open database of either kind. Clones share the connections.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) reads: Pool,
    writes: Pool,
}

/// An open transaction: rolled back when it is dropped, kept by [`Tx::commit`].
#[derive(Debug)]
pub enum Tx {
    /// On SQLite, where it excludes every other writer.
    Sqlite(Transaction<'static, Sqlite>),
    /// On Postgres, at READ COMMITTED.
    Postgres(Transaction<'static, Postgres>),
}

/// How long a caller waits for a free connection before it hears that the database is away.
const ACQUIRE: Duration = Duration::from_secs(5);

/// A connection that rested for so long is tried before it is used.
const REST: Duration = Duration::from_secs(1);

impl Store {
    /// Opens the database that `url` names: `sqlite://path` (created where it is missing) or `postgres://..`.
    ///
    /// # Errors
    /// `Unavailable` when the server does not answer, `Internal` when the address cannot be read.
    pub async fn open(url: &str, connections: u32) -> Result<Self> {
        if url.starts_with("sqlite:") {
            Self::open_sqlite(url).await
        } else {
            Self::open_postgres(url, connections).await
        }
    }

    async fn open_sqlite(url: &str) -> Result<Self> {
        let options = SqliteConnectOptions::from_str(url)
            .map_err(Error::internal)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(ACQUIRE)
            .disable_statement_logging();
        let one = SqlitePoolOptions::new().max_connections(1).acquire_timeout(ACQUIRE);
        let writes = one.connect_with(options.clone()).await.map_err(failure)?;
        let several = SqlitePoolOptions::new().max_connections(4).acquire_timeout(ACQUIRE);
        let reads = several.connect_with(options.read_only(true)).await.map_err(failure)?;
        Ok(Self { reads: Pool::Sqlite(reads), writes: Pool::Sqlite(writes) })
    }

    async fn open_postgres(url: &str, connections: u32) -> Result<Self> {
        let options = PgConnectOptions::from_str(url)
            .map_err(Error::internal)?
            // A worker that freezes inside a transaction must not keep the rows it locked from everybody else.
            .options([("idle_in_transaction_session_timeout", "3s"), ("lock_timeout", "10s")])
            // Rows are joined by their keys, a few at a time. Postgres believes a queue to be short, and would read all of
            // it for each claim.
            .options([("enable_hashjoin", "off"), ("enable_mergejoin", "off")])
            // A statement here takes a millisecond. Where Postgres guesses many rows, it would first spend seconds on
            // compiling it.
            .options([("jit", "off")])
            .disable_statement_logging();
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(ACQUIRE)
            // A ping before every use would cost each transaction a round trip; one after a rest finds dead connections.
            .test_before_acquire(false)
            .before_acquire(|connection, rest| Box::pin(rested(connection, rest.idle_for)));
        let pool = match pool.connect_with(options.clone()).await {
            Ok(pool) => pool,
            Err(error) => return Err(unreachable(&options, error).await),
        };
        Ok(Self { reads: Pool::Postgres(pool.clone()), writes: Pool::Postgres(pool) })
    }

    /// Begins a transaction that may write. SQLite takes its write lock at once: a lock asked for later, after a
    /// read, is refused instead of waited for.
    ///
    /// # Errors
    /// `Unavailable` when no connection can be had in time.
    pub async fn begin(&self) -> Result<Tx> {
        match &self.writes {
            Pool::Sqlite(pool) => pool.begin_with("BEGIN IMMEDIATE").await.map(Tx::Sqlite),
            Pool::Postgres(pool) => pool.begin().await.map(Tx::Postgres),
        }
        .map_err(failure)
    }

    /// Brings the tables to this version.
    ///
    /// # Errors
    /// `Internal` when a migration fails; the tables are then as the last good one left them.
    pub async fn migrate(&self) -> Result<()> {
        match &self.writes {
            Pool::Sqlite(pool) => sqlx::migrate!("../migrations/sqlite").run(pool).await,
            Pool::Postgres(pool) => sqlx::migrate!("../migrations/postgres").run(pool).await,
        }
        .map_err(Error::internal)?;
        self.go_on().await
    }

    /// Has what is counted go on where it was, whichever server the tables have come to.
    pub(crate) async fn go_on(&self) -> Result<()> {
        let mut tx = self.begin().await?;
        feed::go_on(&mut tx).await?;
        tx.commit().await
    }

    /// Whether the tables are of this version.
    ///
    /// # Errors
    /// `Unavailable` when the database is away.
    pub async fn is_migrated(&self) -> Result<bool> {
        const SQL: &str = "SELECT MAX(version) FROM _sqlx_migrations WHERE success";
        let newest = sqlx::migrate!("../migrations/sqlite").iter().map(|migration| migration.version).max();
        let applied: Result<Option<i64>> =
            on_pool!(self, |pool| sqlx::query_scalar(SQL).fetch_one(pool).await);
        match applied {
            Ok(version) => Ok(version >= newest),
            Err(Error::Internal(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Asks the database for a sign of life.
    ///
    /// # Errors
    /// `Unavailable` when it gives none.
    pub async fn ping(&self) -> Result<()> {
        on_pool!(self, |pool| sqlx::query("SELECT 1").execute(pool).await.map(drop))
    }
}

/// What is wrong with the address of a database, if anything. Never repeats it: it may hold a password.
pub(crate) fn fault_in_url(url: &str) -> Option<String> {
    let read = if url.starts_with("sqlite:") {
        SqliteConnectOptions::from_str(url).map(drop)
    } else {
        PgConnectOptions::from_str(url).map(drop)
    };
    // Whatever follows would be passed over in silence, and the host be taken from before it.
    let cut_off = url.contains('#').then(|| "a # cuts it off".to_owned());
    cut_off.or_else(|| read.err().map(|error| error.to_string()))
}

/// Says where no server could be reached, and why.
async fn unreachable(options: &PgConnectOptions, error: sqlx::Error) -> Error {
    // A pool only says that its time ran out; one more attempt says why.
    let is_pool = matches!(error, sqlx::Error::PoolTimedOut);
    let again = if is_pool { timeout(ACQUIRE, options.connect()).await.ok() } else { None };
    let error = failure(again.and_then(sqlx::Result::err).unwrap_or(error));
    let Error::Unavailable { what, source } = error else { return error };
    let socket = options.get_socket().map(|socket| socket.display().to_string());
    let place = socket.unwrap_or_else(|| format!("{}:{}", options.get_host(), options.get_port()));
    Error::Unavailable { what, source: format!("{place}: {}", chain(source.as_ref())).into() }
}

/// Whether a connection may be used after a rest; an error has it replaced.
async fn rested(connection: &mut PgConnection, rest: Duration) -> sqlx::Result<bool> {
    if rest >= REST {
        connection.ping().await?;
    }
    Ok(true)
}

impl Tx {
    /// Keeps what the transaction wrote.
    ///
    /// # Errors
    /// `Unavailable` when the database went away; whether it was kept is then unknown.
    pub async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
        }
        .map_err(failure)
    }
}

/// Sorts a database's error into one that passes by itself and one that does not.
pub(crate) fn failure(error: sqlx::Error) -> Error {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    match code.as_deref() {
        // Serialization failure, deadlock and lock timeout of Postgres; a busy SQLite, also with its extended codes.
        Some("40001" | "40P01" | "55P03" | "5" | "261" | "517") => Error::Contended(Box::new(error)),
        Some(code) if is_away(code) => away(error),
        None if is_cut(&error) => away(error),
        Some(_) | None => Error::internal(error),
    }
}

/// Postgres gave up on a transaction that was open too long; its connection is gone with it.
const IDLE_IN_TRANSACTION: &str = "25P03";

/// Connection exceptions, lack of resources, operator intervention: a Postgres that starts or stops.
fn is_away(code: &str) -> bool {
    code == IDLE_IN_TRANSACTION || (code.len() == 5 && matches!(code.get(..2), Some("08" | "53" | "57")))
}

fn is_cut(error: &sqlx::Error) -> bool {
    use sqlx::Error::{Io, PoolClosed, PoolTimedOut, Protocol, WorkerCrashed};
    matches!(error, Io(_) | PoolTimedOut | PoolClosed | WorkerCrashed | Protocol(_))
}

fn away(error: sqlx::Error) -> Error {
    Error::Unavailable { what: "the database", source: Box::new(error) }
}
