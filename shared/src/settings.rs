//! Settings: read from the environment, once, in this place.

mod allowances;
mod streams;
mod web;

use std::{
    borrow::Cow,
    cell::RefCell,
    collections::BTreeSet,
    fmt::Display,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use thiserror::Error;

pub use self::{
    allowances::{Allowance, Allowances},
    streams::Streams,
    web::{TlsFiles, Web},
};
use crate::{
    bell,
    identity::{ApiKey, Secret, parse_email},
    scan::MAX_RATE,
    store,
    target_policy::{Base, TargetPolicy, parse_nets},
};

/// What the operator allows. Clones are cheap enough to go everywhere.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Which targets may be scanned.
    pub targets: TargetPolicy,
    /// `VEDETTE_LEASE_SECONDS`, 10: a worker that gives no sign of life for so long loses its shards.
    pub lease_seconds: i64,
    /// `VEDETTE_SCAN_SECONDS`, 3600: a scan that runs longer is ended; what it found is kept.
    pub job_seconds: i64,
    /// `VEDETTE_SHARD_UNITS`, 16384: ports of one shard, the part of a scan that one worker takes at a time.
    pub shard_units: i64,
    /// `VEDETTE_SCAN_RATE`, unlimited: packets a second of all scans of the process, retries included. Without it, a scan
    /// of other machines has 10,000 unless it asks for another rate.
    pub scan_rate: Option<u32>,
    /// `VEDETTE_RECOG`: a folder of fingerprints in the XML format of recog, which workers read at start.
    pub recog: Option<PathBuf>,
    /// `VEDETTE_HOST_RATE`, 5000: packets a second that the process sends to one address, unless it is its own.
    pub host_rate: u32,
    /// `VEDETTE_KEY_DAYS`, 365: how long a registered user's key lives.
    pub key_days: i64,
    /// `VEDETTE_REGISTRATION`, open: whether strangers may open accounts.
    pub registration: Registration,
    /// How much callers may do.
    pub allowances: Allowances,
    /// How much may be followed.
    pub streams: Streams,
}

/// Who may open an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// Anybody who reaches the server.
    Open,
    /// Nobody.
    Closed,
}

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `DATABASE_URL`: `postgres://..`, or `sqlite://path`; by default a file in the data folder.
    pub database_url: String,
    /// `VEDETTE_DATABASE_CONNECTIONS`, 10: the most connections to Postgres of one process.
    pub database_connections: u32,
    /// `REDIS_URL`: without it, queue and bell are channels of the process, and limits are counted in it.
    pub redis_url: Option<String>,
    /// How clients reach the server.
    pub web: Web,
    /// `VEDETTE_SECRET_KEY`: at least 32 characters, under which keys are digested.
    pub secret: Secret,
    /// `VEDETTE_OWNER_EMAIL`, owner@localhost: the owner's account, made at first start.
    pub owner_email: String,
    /// `VEDETTE_OWNER_KEY`: the owner's key; generated where it is not set.
    pub owner_key: Option<ApiKey>,
    /// `VEDETTE_DRAIN_SECONDS`, 20: how long a stopping process may take to finish or hand back its work.
    pub drain: Duration,
    /// `VEDETTE_WORKER_SLOTS`, 8: shards that one worker process works at once.
    pub worker_slots: usize,
    /// `VEDETTE_LOG`, info: what is logged.
    pub log: String,
    /// The operator's limits.
    pub limits: Limits,
}

/// A setting that cannot be used, and what to do about it.
#[derive(Debug, Error)]
#[error("{name}: {message}")]
pub struct Unusable {
    /// The name of the variable.
    pub name: Cow<'static, str>,
    /// What is wrong with it, and what is expected.
    pub message: String,
}

/// How the process was started, which decides the defaults.
#[derive(Clone, Copy, Debug)]
pub enum Mode<'a> {
    /// Everything in one process, with files in this folder. Any target but special ones may be scanned.
    Embedded(&'a Path),
    /// One of several processes on Postgres and Redis. Only public addresses may be scanned, unless allowed.
    Processes,
    /// A process that only prepares the database.
    Migration,
}

/// Where settings are looked up: the environment, or a test's own table.
pub type LookUp<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Looks a setting up in the environment of the process; an empty one counts as missing.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// What the command line reads by itself.
const OF_COMMANDS: [&str; 3] = ["VEDETTE_DATA", "VEDETTE_SERVER", "VEDETTE_KEY"];

/// The names in the environment that look like settings.
fn own_names() -> impl Iterator<Item = String> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    names.filter(|name| name.starts_with("VEDETTE_"))
}

impl Settings {
    /// Reads every setting from the environment of the process, where nothing else may have a name like ours: a deny
    /// list under a misspelt one would deny nothing.
    ///
    /// # Errors
    /// [`Unusable`] names the first setting that is missing, cannot be read, or is none.
    pub fn of_process(mode: Mode<'_>) -> Result<Self, Unusable> {
        Self::of_environment(mode, &environment)
    }

    /// The same, where only a part of the environment counts: what `look_up` tells of it.
    ///
    /// # Errors
    /// As for [`Settings::of_process`].
    pub fn of_environment(mode: Mode<'_>, look_up: LookUp<'_>) -> Result<Self, Unusable> {
        let known = RefCell::new(BTreeSet::from(OF_COMMANDS.map(str::to_owned)));
        let settings = Self::read(mode, &|name| {
            known.borrow_mut().insert(name.to_owned());
            look_up(name)
        })?;
        match own_names().find(|name| !known.borrow().contains(name)) {
            Some(stray) => Err(Unusable {
                name: stray.into(),
                message: "is no setting of this version: README.md has the list of them".to_owned(),
            }),
            None => Ok(settings),
        }
    }

    /// Reads every setting.
    ///
    /// # Errors
    /// [`Unusable`] names the first setting that is missing or cannot be read.
    pub fn read(mode: Mode<'_>, look_up: LookUp<'_>) -> Result<Self, Unusable> {
        let database_url = database_url(mode, look_up)?;
        let redis_url = redis_url(look_up)?;
        if matches!(mode, Mode::Processes) && redis_url.is_none() {
            return Err(unusable(
                "REDIS_URL",
                "is not set, and separate api and worker processes meet in Redis: set it, such as \
                 redis://127.0.0.1:6379, or run everything in one process with `vedette up`",
            ));
        }
        Ok(Self {
            database_url,
            redis_url,
            database_connections: number(look_up, "VEDETTE_DATABASE_CONNECTIONS", 10, 1..=1000)?,
            web: Web::read(look_up)?,
            secret: secret(mode, look_up)?,
            owner_email: owner_email(look_up)?,
            owner_key: owner_key(look_up)?,
            drain: Duration::from_secs(number(look_up, "VEDETTE_DRAIN_SECONDS", 20, 0..=3600)?),
            worker_slots: number(look_up, "VEDETTE_WORKER_SLOTS", 8, 1..=1024)?,
            log: log_filter(look_up)?,
            limits: limits(mode, look_up)?,
        })
    }
}

fn unusable(name: &'static str, message: impl Into<String>) -> Unusable {
    Unusable { name: name.into(), message: message.into() }
}

fn database_url(mode: Mode<'_>, look_up: LookUp<'_>) -> Result<String, Unusable> {
    let url = look_up("DATABASE_URL");
    let is_sqlite = url.as_deref().is_some_and(|url| url.starts_with("sqlite:"));
    let is_postgres =
        url.as_deref().is_some_and(|url| url.starts_with("postgres:") || url.starts_with("postgresql:"));
    match (mode, url) {
        (Mode::Embedded(folder), None) => Ok(format!("sqlite://{}", folder.join("vedette.db").display())),
        (Mode::Processes | Mode::Migration, None) => Err(unusable(
            "DATABASE_URL",
            "is not set: give a Postgres database, such as postgres://user:password@127.0.0.1/vedette, or run \
             everything in one process with `vedette up`, which needs none",
        )),
        (Mode::Processes | Mode::Migration, Some(_)) if is_sqlite => Err(unusable(
            "DATABASE_URL",
            "names a SQLite file, which has one writer and cannot be shared by several processes: give a Postgres \
             database, or run everything in one process with `vedette up`",
        )),
        (_, Some(url)) if is_sqlite || is_postgres => match store::fault_in_url(&url) {
            None => Ok(url),
            Some(fault) => Err(unusable(
                "DATABASE_URL",
                format!(
                    "is not of the form postgres://user:password@host:port/database, where the signs / # @ in the \
                     password are written %2F %23 %40 ({fault})"
                ),
            )),
        },
        (_, Some(_)) => Err(unusable("DATABASE_URL", "is neither postgres://.. nor sqlite://..")),
    }
}

fn redis_url(look_up: LookUp<'_>) -> Result<Option<String>, Unusable> {
    let Some(url) = look_up("REDIS_URL") else { return Ok(None) };
    let form = "is not of the form redis://:password@host:port, where :password@ may be left out";
    let fault = bell::fault_in_url(&url);
    fault.map_or(Ok(Some(url)), |fault| Err(unusable("REDIS_URL", format!("{form} ({fault})"))))
}

fn number<T>(
    look_up: LookUp<'_>,
    name: &'static str,
    default: T,
    allowed: RangeInclusive<T>,
) -> Result<T, Unusable>
where
    T: FromStr + PartialOrd + Display,
{
    let Some(text) = look_up(name) else { return Ok(default) };
    let number = text.parse().ok().filter(|number| allowed.contains(number));
    let (least, most) = allowed.into_inner();
    number.ok_or_else(|| unusable(name, format!("`{text}` is not a whole number from {least} to {most}")))
}

fn owner_email(look_up: LookUp<'_>) -> Result<String, Unusable> {
    let text = look_up("VEDETTE_OWNER_EMAIL").unwrap_or_else(|| "owner@localhost".to_owned());
    parse_email(&text).map_err(|error| unusable("VEDETTE_OWNER_EMAIL", format!("`{text}` is {error}")))
}

fn owner_key(look_up: LookUp<'_>) -> Result<Option<ApiKey>, Unusable> {
    let Some(text) = look_up("VEDETTE_OWNER_KEY") else { return Ok(None) };
    // The value is a secret: the message must not repeat it.
    let message = "is not a key: expected sk_live_ and 16 to 64 letters and digits; 40 of them only as they were \
                   generated, with their checksum";
    ApiKey::parse(&text).map(Some).ok_or_else(|| unusable("VEDETTE_OWNER_KEY", message))
}

fn secret(mode: Mode<'_>, look_up: LookUp<'_>) -> Result<Secret, Unusable> {
    const NAME: &str = "VEDETTE_SECRET_KEY";
    match (look_up(NAME), mode) {
        (Some(text), _) => Secret::parse(&text).ok_or_else(|| unusable(NAME, "has fewer than 32 characters")),
        (None, Mode::Embedded(folder)) => secret_file(folder).map_err(|error| unusable(NAME, error)),
        (None, Mode::Processes | Mode::Migration) => Err(unusable(
            NAME,
            "is not set: make one with `openssl rand -hex 32` and give the same to every process",
        )),
    }
}

/// Reads the secret of an embedded server, or makes it at first start, readable by its user alone.
fn secret_file(folder: &Path) -> Result<Secret, String> {
    use std::{fs, io::Write, os::unix::fs::OpenOptionsExt};
    let path = folder.join("secret.key");
    let explain = |error: &dyn Display| format!("{}: {error}", path.display());
    if !path.exists() {
        fs::create_dir_all(folder).map_err(|error| explain(&error))?;
        let text = Secret::generate().map_err(|error| explain(&error))?;
        let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let mut file = file.map_err(|error| explain(&error))?;
        file.write_all(text.as_bytes()).map_err(|error| explain(&error))?;
    }
    let text = fs::read_to_string(&path).map_err(|error| explain(&error))?;
    Secret::parse(&text).ok_or_else(|| explain(&"has fewer than 32 characters"))
}

fn registration(look_up: LookUp<'_>) -> Result<Registration, Unusable> {
    match look_up("VEDETTE_REGISTRATION").as_deref() {
        None | Some("open") => Ok(Registration::Open),
        Some("closed") => Ok(Registration::Closed),
        Some(other) => Err(unusable("VEDETTE_REGISTRATION", format!("`{other}` is neither open nor closed"))),
    }
}

fn log_filter(look_up: LookUp<'_>) -> Result<String, Unusable> {
    let filter =
        look_up("VEDETTE_LOG").unwrap_or_else(|| "info,apalis_core=off,apalis_cron=off,sqlx=warn".to_owned());
    let checked = tracing_subscriber::EnvFilter::try_new(&filter);
    checked.map_err(|error| unusable("VEDETTE_LOG", format!("`{filter}`: {error}")))?;
    Ok(filter)
}

fn limits(mode: Mode<'_>, look_up: LookUp<'_>) -> Result<Limits, Unusable> {
    let nets = |name| {
        let text = look_up(name).unwrap_or_default();
        if text.is_empty() {
            Ok(Vec::new())
        } else {
            parse_nets(&text).map_err(|error| unusable(name, error.message))
        }
    };
    let base = match mode {
        Mode::Embedded(_) => Base::Trusting,
        Mode::Processes | Mode::Migration => Base::PublicOnly,
    };
    let rate = number(look_up, "VEDETTE_SCAN_RATE", 0, 1..=MAX_RATE)?;
    Ok(Limits {
        targets: TargetPolicy {
            base,
            allow: nets("VEDETTE_TARGETS_ALLOW")?,
            deny: nets("VEDETTE_TARGETS_DENY")?,
        },
        lease_seconds: number(look_up, "VEDETTE_LEASE_SECONDS", 10, 1..=3600)?,
        job_seconds: number(look_up, "VEDETTE_SCAN_SECONDS", 3600, 1..=604_800)?,
        shard_units: number(look_up, "VEDETTE_SHARD_UNITS", 16_384, 1..=1 << 20)?,
        scan_rate: (rate > 0).then_some(rate),
        recog: look_up("VEDETTE_RECOG").map(PathBuf::from),
        host_rate: number(look_up, "VEDETTE_HOST_RATE", 5000, 1..=MAX_RATE)?,
        key_days: number(look_up, "VEDETTE_KEY_DAYS", 365, 1..=36_500)?,
        registration: registration(look_up)?,
        allowances: allowances::allowances(look_up)?,
        streams: streams::streams(look_up)?,
    })
}
