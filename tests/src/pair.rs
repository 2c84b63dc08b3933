//! The four pairs of database and queue that every story is told on.

/// A database, a queue, and how many processes share them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pair {
    /// `vedette up` with a file for a database.
    SqliteEmbedded,
    /// `vedette up` with `DATABASE_URL`.
    PostgresEmbedded,
    /// `vedette up` with `DATABASE_URL` and `REDIS_URL`.
    PostgresRedis,
    /// Two `vedette-api` and three `vedette-worker` on one Postgres and one Redis.
    PostgresRedisMany,
}

impl Pair {
    /// Whether the api and the worker live in one process.
    #[must_use]
    pub fn is_one_process(self) -> bool {
        self != Pair::PostgresRedisMany
    }

    /// Whether the database is Postgres.
    #[must_use]
    pub fn has_postgres(self) -> bool {
        self != Pair::SqliteEmbedded
    }

    /// Whether queue and feed go through Redis.
    #[must_use]
    pub fn has_redis(self) -> bool {
        matches!(self, Pair::PostgresRedis | Pair::PostgresRedisMany)
    }
}

/// Tells each of the stories, `async fn(Pair)`, on every pair: the test is named `story::pair`.
#[macro_export]
macro_rules! on_every_pair {
    ($($story:ident),+ $(,)?) => { $(
        mod $story {
            use vedette_tests::Pair;

            #[tokio::test]
            async fn on_sqlite_embedded() {
                super::$story(Pair::SqliteEmbedded).await;
            }

            #[tokio::test]
            async fn on_postgres_embedded() {
                super::$story(Pair::PostgresEmbedded).await;
            }

            #[tokio::test]
            async fn on_postgres_and_redis() {
                super::$story(Pair::PostgresRedis).await;
            }

            #[tokio::test]
            async fn on_many_processes() {
                super::$story(Pair::PostgresRedisMany).await;
            }
        }
    )+ };
}
