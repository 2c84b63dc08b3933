//! A core on a fresh database of either kind, with a clock that stands still.

use std::net::{IpAddr, Ipv4Addr};

use chrono::{DateTime, TimeDelta, Utc};
use shared::{
    clock::Clock,
    core::Core,
    identity::{Principal, authenticate, open_owner},
    settings::{Mode, Settings},
};
use tempfile::TempDir;
use vedette_tests::postgres::Postgres;

use crate::database::{Database, Kind};

/// How long a silent worker keeps its shards.
pub(crate) const LEASE_SECONDS: i64 = 10;
/// How long a job may run.
pub(crate) const JOB_SECONDS: i64 = 3600;
/// Units of one shard.
pub(crate) const SHARD_UNITS: i64 = 10;

/// Who asks.
pub(crate) const FROM: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The shortest time that both databases can tell.
pub(crate) const INSTANT: TimeDelta = TimeDelta::microseconds(1);

/// Tells each of the stories, `async fn(Stage)`, on both databases: the test is named `story::database`.
macro_rules! on_both_databases {
    ($($story:ident),+ $(,)?) => { $(
        mod $story {
            use crate::{database::Kind, stage::Stage};

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                super::$story(Stage::on(Kind::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                super::$story(Stage::on(Kind::Postgres).await).await;
            }
        }
    )+ };
}

/// Everything a story needs.
pub(crate) struct Stage {
    /// The core under test.
    pub(crate) core: Core,
    /// The same database, past the core.
    pub(crate) database: Database,
    /// The owner, who may do everything.
    pub(crate) owner: Principal,
    place: Place,
}

/// Where a database is.
struct Place {
    folder: TempDir,
    url: String,
}

impl Stage {
    /// A migrated database with one user.
    pub(crate) async fn on(kind: Kind) -> Self {
        let place = Place::on(kind).await;
        let core = place.open().await;
        core.store.migrate().await.unwrap();
        let owner = open_owner(&core, "owner@example.com", None).await.unwrap().unwrap();
        let owner = authenticate(&core, owner.key.reveal(), FROM).await.unwrap();
        let database = Database::open(&place.url).await;
        Self { core, database, owner, place }
    }

    /// The same database, as another process sees it: connections and a bell of its own. SQLite has one process, and
    /// there it is the same core.
    pub(crate) async fn other_process(&self) -> Core {
        match self.database.kind() {
            Kind::Sqlite => self.core.clone(),
            Kind::Postgres => {
                let core = self.place.open().await;
                Core { clock: self.core.clock.clone(), ..core }
            }
        }
    }

    /// An empty database of the same kind.
    pub(crate) async fn empty(&self) -> Empty {
        let place = Place::on(self.database.kind()).await;
        Empty { core: place.open().await, place }
    }

    /// The present moment.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.core.clock.now()
    }

    /// Lets time pass.
    pub(crate) fn wait(&self, time: TimeDelta) {
        self.core.clock.advance(time);
    }

    /// Lets seconds pass.
    pub(crate) fn wait_seconds(&self, seconds: i64) {
        self.wait(TimeDelta::seconds(seconds));
    }
}

/// A core on a database without tables.
pub(crate) struct Empty {
    /// The core.
    pub(crate) core: Core,
    place: Place,
}

impl Empty {
    /// One more core on it.
    pub(crate) async fn other(&self) -> Core {
        self.place.open().await
    }
}

impl Place {
    async fn on(kind: Kind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = match kind {
            Kind::Sqlite => {
                format!("sqlite://{}", folder.path().join("vedette.db").display())
            }
            Kind::Postgres => {
                let cluster = Postgres::shared().await;
                tokio::task::spawn_blocking(|| cluster.database()).await.unwrap()
            }
        };
        Self { folder, url }
    }

    async fn open(&self) -> Core {
        let look_up = |name: &str| match name {
            "DATABASE_URL" => Some(self.url.clone()),
            "VEDETTE_DATABASE_CONNECTIONS" => Some("16".to_owned()),
            "VEDETTE_SECRET_KEY" => Some("the secret of the contract tests".to_owned()),
            "VEDETTE_LEASE_SECONDS" => Some(LEASE_SECONDS.to_string()),
            "VEDETTE_SCAN_SECONDS" => Some(JOB_SECONDS.to_string()),
            "VEDETTE_SHARD_UNITS" => Some(SHARD_UNITS.to_string()),
            _ => None,
        };
        let settings = Settings::read(Mode::Embedded(self.folder.path()), &look_up).unwrap();
        let core = Core::open(&settings).await.unwrap();
        Core { clock: Clock::fixed("2026-03-01T12:00:00Z".parse().unwrap()), ..core }
    }
}
