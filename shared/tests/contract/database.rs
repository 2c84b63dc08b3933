//! The database itself, asked past the core. The one file of the tests that knows `sqlx`.

use std::{collections::BTreeSet, time::Duration};

use shared::id::{JobId, ShardId};
use sqlx::{
    PgPool, SqlitePool,
    postgres::PgPoolOptions,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};
use uuid::Uuid;

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A file.
    Sqlite,
    /// A database of the private cluster.
    Postgres,
}

/// One connection of its own.
pub(crate) enum Database {
    /// To the file.
    Sqlite(SqlitePool),
    /// To the cluster.
    Postgres(PgPool),
}

/// A shard's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShardRow {
    pub(crate) id: ShardId,
    pub(crate) status: String,
    pub(crate) units: std::ops::Range<i64>,
    pub(crate) position: i64,
    pub(crate) attempt: i64,
}

type Columns = (Uuid, i64, String, i64, i64, i64, i64);

impl Database {
    pub(crate) async fn open(url: &str) -> Self {
        if let Some(path) = url.strip_prefix("sqlite://") {
            let options = SqliteConnectOptions::new().filename(path).busy_timeout(Duration::from_secs(20));
            let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options);
            return Self::Sqlite(pool.await.unwrap());
        }
        Self::Postgres(PgPoolOptions::new().max_connections(1).connect(url).await.unwrap())
    }

    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Sqlite(_) => Kind::Sqlite,
            Self::Postgres(_) => Kind::Postgres,
        }
    }

    /// Runs one statement.
    pub(crate) async fn run(&self, sql: &'static str) {
        match self {
            Self::Sqlite(pool) => sqlx::query(sql).execute(pool).await.map(drop),
            Self::Postgres(pool) => sqlx::query(sql).execute(pool).await.map(drop),
        }
        .unwrap();
    }

    /// Takes the table of events away: whatever appends an event fails in the middle of its transaction.
    pub(crate) async fn hide_events(&self) {
        self.run("ALTER TABLE events RENAME TO hidden_events").await;
    }

    /// Gives the table back.
    pub(crate) async fn show_events(&self) {
        self.run("ALTER TABLE hidden_events RENAME TO events").await;
    }

    /// The one number that a query returns.
    pub(crate) async fn number(&self, sql: &'static str) -> i64 {
        match self {
            Self::Sqlite(pool) => sqlx::query_scalar(sql).fetch_one(pool).await,
            Self::Postgres(pool) => sqlx::query_scalar(sql).fetch_one(pool).await,
        }
        .unwrap()
    }

    /// The shards of a job, by number.
    pub(crate) async fn shards(&self, job: JobId) -> Vec<ShardRow> {
        const SQL: &str = "SELECT job_id, number, status, range_start, range_end, position, attempt FROM shards \
                           WHERE job_id = $1 ORDER BY number";
        let rows: Vec<Columns> = match self {
            Self::Sqlite(pool) => sqlx::query_as(SQL).bind(job.uuid()).fetch_all(pool).await,
            Self::Postgres(pool) => sqlx::query_as(SQL).bind(job.uuid()).fetch_all(pool).await,
        }
        .unwrap();
        let shard = |(job, number, status, start, end, position, attempt): Columns| ShardRow {
            id: ShardId { job: job.into(), number },
            status,
            units: start..end,
            position,
            attempt,
        };
        rows.into_iter().map(shard).collect()
    }

    /// Every `table.column` there is, but those of the migrations themselves.
    pub(crate) async fn columns(&self) -> BTreeSet<String> {
        const SQLITE: &str = "SELECT tables.name || '.' || columns.name FROM sqlite_schema AS tables \
                              JOIN pragma_table_info(tables.name) AS columns WHERE tables.type = 'table'";
        const POSTGRES: &str = "SELECT table_name || '.' || column_name FROM information_schema.columns \
                                WHERE table_schema = 'public'";
        let columns: Vec<String> = match self {
            Self::Sqlite(pool) => sqlx::query_scalar(SQLITE).fetch_all(pool).await,
            Self::Postgres(pool) => sqlx::query_scalar(POSTGRES).fetch_all(pool).await,
        }
        .unwrap();
        columns
            .into_iter()
            .filter(|name| !name.starts_with("_sqlx") && !name.starts_with("sqlite_"))
            .collect()
    }
}

/// Rows as an earlier version left them.
impl Database {
    /// Replaces a job's request.
    pub(crate) async fn store_request(&self, job: JobId, json: &str) {
        self.store_json("UPDATE jobs SET request = $2 WHERE id = $1", job, json).await;
    }

    /// Replaces a scan's plan.
    pub(crate) async fn store_plan(&self, job: JobId, json: &str) {
        self.store_json("UPDATE scans SET plan = $2 WHERE job_id = $1", job, json).await;
    }

    /// Replaces the first event of a job.
    pub(crate) async fn store_fact(&self, job: JobId, json: &str) {
        self.store_json("UPDATE events SET fact = $2 WHERE job_id = $1 AND seq = 1", job, json).await;
    }

    async fn store_json(&self, sql: &'static str, job: JobId, json: &str) {
        match self {
            Self::Sqlite(pool) => sqlx::query(sql).bind(job.uuid()).bind(json).execute(pool).await.map(drop),
            Self::Postgres(pool) => {
                let json: serde_json::Value = serde_json::from_str(json).unwrap();
                sqlx::query(sql).bind(job.uuid()).bind(json).execute(pool).await.map(drop)
            }
        }
        .unwrap();
    }
}
