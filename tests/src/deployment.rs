//! What a service is made of, before it starts.

use std::path::Path;
use std::process::Command;

use crate::authority::Files;
use crate::pair::Pair;
use crate::place::program;
use crate::postgres::Postgres;
use crate::redis::Redis;
use crate::service::TestService;

/// The owner's key, given at the first start.
pub const OWNER_KEY: &str = "sk_live_OwnerKeyOfTheTests0123456789";

/// The owner's e-mail address.
pub const OWNER_EMAIL: &str = "owner@example.net";

/// What signs and hashes in every process of a service.
pub const SECRET_KEY: &str = "secretKeyOfTheTests-0123456789-abcdefghijklmnop";

const LOOPBACK: &str = "127.0.0.0/8,::1/128";

/// Everything but loopback: whatever a defect lets through, no test ever makes a service dial beyond this machine.
const OUTSIDE: &str = "0.0.0.0/2,64.0.0.0/3,96.0.0.0/4,112.0.0.0/5,120.0.0.0/6,124.0.0.0/7,126.0.0.0/8,128.0.0.0/1,\
                       ::2/127,::4/126,::8/125,::10/124,::100/120,::1:0/112,1::/16,2::/15,4::/14,8::/13,10::/12,\
                       20::/11,40::/10,80::/9,100::/8,200::/7,400::/6,800::/5,1000::/4,2000::/3,4000::/2,8000::/1";

/// Tests ask again and again, all from one address.
const AMPLE: [(&str, &str); 10] = [
    ("VEDETTE_FREE_REQUESTS", "1000000"),
    ("VEDETTE_ANONYMOUS_REQUESTS", "1000000"),
    ("VEDETTE_REGISTRATIONS", "1000000"),
    ("VEDETTE_LOGINS", "1000000"),
    ("VEDETTE_CLAIMS", "1000000"),
    ("VEDETTE_CLAIMED_EMAILS", "1000000"),
    ("VEDETTE_REFUSED_KEYS", "1000000"),
    ("VEDETTE_KEYCHEST_REQUESTS", "1000000"),
    ("VEDETTE_CHAD_REQUESTS", "1000000"),
    ("VEDETTE_CHAD_HIGH_REQUESTS", "1000000"),
];

/// A pair, its settings, and how many processes it has.
#[derive(Clone, Debug)]
pub struct Deployment {
    pub(crate) pair: Pair,
    pub(crate) apis: usize,
    pub(crate) workers: usize,
    pub(crate) own_postgres: bool,
    pub(crate) without_rights: bool,
    pub(crate) settings: Vec<(String, String)>,
}

impl Deployment {
    /// The usual processes of a pair with the usual settings.
    #[must_use]
    pub fn of(pair: Pair) -> Deployment {
        let settings = [("VEDETTE_TARGETS_DENY", OUTSIDE)].into_iter().chain(AMPLE);
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Deployment { pair, apis: 2, workers: 3, own_postgres: false, without_rights: false, settings }
    }

    /// Gives one setting to every process.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Deployment {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Has the processes that listen speak TLS.
    ///
    /// # Panics
    /// When a path is no text.
    #[must_use]
    pub fn with_tls(self, files: &Files) -> Deployment {
        let path = |path: &Path| path.to_str().unwrap().to_owned();
        let with_certificate = self.with("VEDETTE_TLS_CERT", &path(&files.certificate));
        with_certificate.with("VEDETTE_TLS_KEY", &path(&files.key))
    }

    /// The limits on requests that a service has if nothing is set.
    #[must_use]
    pub fn limited(mut self) -> Deployment {
        self.settings.retain(|(name, _)| AMPLE.iter().all(|(ample, _)| ample != name));
        self
    }

    /// The secret and the policy of separate processes for all of them, so that workers can be added to any pair.
    #[must_use]
    pub fn open_to_workers(self) -> Deployment {
        self.with("VEDETTE_SECRET_KEY", SECRET_KEY).with("VEDETTE_TARGETS_ALLOW", LOOPBACK)
    }

    /// Starts every process without rights over this machine's network, in a namespace of users.
    #[must_use]
    pub fn without_rights(mut self) -> Deployment {
        self.without_rights = true;
        self
    }

    /// Slows every worker to so many packets a second, so that there is a middle to interfere with.
    #[must_use]
    pub fn slowed_to(self, packets_a_second: u32) -> Deployment {
        self.with("VEDETTE_SCAN_RATE", &packets_a_second.to_string())
    }

    /// So many `vedette-worker`, where the pair has separate processes.
    #[must_use]
    pub fn workers(mut self, count: usize) -> Deployment {
        self.workers = count;
        self
    }

    /// So many `vedette-api`, where the pair has separate processes.
    #[must_use]
    pub fn apis(mut self, count: usize) -> Deployment {
        self.apis = count;
        self
    }

    /// A Postgres cluster that the test may stop.
    #[must_use]
    pub fn own_postgres(mut self) -> Deployment {
        self.own_postgres = true;
        self
    }

    /// Starts everything and waits until it listens.
    pub async fn start(self) -> TestService {
        TestService::deploy(self).await
    }
}

/// The servers behind a service, and where its data folder is.
#[derive(Debug)]
pub(crate) struct Backing {
    pub(crate) redis: Option<Redis>,
    pub(crate) postgres: Option<Postgres>,
    pub(crate) database_url: Option<String>,
}

impl Backing {
    pub(crate) async fn of(deployment: &Deployment) -> Backing {
        let redis = if deployment.pair.has_redis() { Some(Redis::start().await) } else { None };
        if !deployment.pair.has_postgres() {
            return Backing { redis, postgres: None, database_url: None };
        }
        if deployment.own_postgres {
            let postgres = Postgres::start().await;
            let database_url = Some(postgres.database());
            return Backing { redis, postgres: Some(postgres), database_url };
        }
        Backing { redis, postgres: None, database_url: Some(Postgres::shared().await.database()) }
    }
}

/// A program under test in an environment of which every variable is named here or in the deployment.
pub(crate) fn command(name: &str, deployment: &Deployment, backing: &Backing) -> Command {
    let mut command = if deployment.without_rights { bare_without_rights(name) } else { bare(name) };
    command.env("VEDETTE_OWNER_KEY", OWNER_KEY).env("VEDETTE_OWNER_EMAIL", OWNER_EMAIL);
    if !deployment.pair.is_one_process() {
        command.env("VEDETTE_SECRET_KEY", SECRET_KEY).env("VEDETTE_TARGETS_ALLOW", LOOPBACK);
    }
    command.envs(backing.database_url.iter().map(|url| ("DATABASE_URL", url)));
    command.envs(backing.redis.iter().map(|redis| ("REDIS_URL", redis.url())));
    command.envs(deployment.settings.iter().map(|(name, value)| (name, value)));
    command
}

/// `vedette up` on an address, with its data in a folder.
pub(crate) fn up(deployment: &Deployment, backing: &Backing, listen: &str, folder: &Path) -> Command {
    let mut command = command("vedette", deployment, backing);
    command.args(["up", "--listen", listen, "--data"]).arg(folder.join("data"));
    command
}

/// A program under test with nothing in its environment but `PATH` and `HOME`.
#[must_use]
pub fn bare(name: &str) -> Command {
    in_bare_environment(Command::new(program(name)))
}

/// The same without rights over this machine's network: `unshare` becomes the program.
fn bare_without_rights(name: &str) -> Command {
    let mut command = Command::new("unshare");
    command.arg("-r").arg(program(name));
    in_bare_environment(command)
}

fn in_bare_environment(mut command: Command) -> Command {
    command.env_clear();
    for name in ["PATH", "HOME", "TMPDIR"] {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    command
}
