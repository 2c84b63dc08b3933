//! The whole server inside this process: HTTP, queue and worker.

use std::{
    fs::{File, TryLockError},
    net::{Ipv4Addr, SocketAddr},
    path::Path,
};

use api::Server;
use shared::{
    core::Core,
    identity::{ApiKey, Form, Registered, open_owner},
    settings::{Mode, Settings, environment},
};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::failure::Cause;

/// A server that runs until it is stopped.
#[derive(Debug)]
pub(crate) struct Running {
    /// Where it listens, such as `http://127.0.0.1:41017`.
    pub(crate) url: String,
    /// The owner, if this start made the account.
    pub(crate) owner: Option<Registered>,
    /// Stops it when cancelled.
    pub(crate) stop: CancellationToken,
    http: JoinHandle<()>,
    worker: JoinHandle<Result<(), Cause>>,
}

/// Prepares the database, then starts the worker and the HTTP server.
///
/// # Errors
/// When the database or Redis is away, the address is taken, or the worker cannot use its settings.
pub(crate) async fn start(settings: Settings) -> Result<Running, Cause> {
    let core = Core::open(&settings).await?;
    core.store.migrate().await?;
    core.require_secret().await?;
    worker::check(&core)?;
    // Bound first: were the address taken after the account is made, its key would be lost unsaid.
    let server = Server::bind(core.clone(), settings.web).await?;
    let owner = open_owner(&core, &settings.owner_email, settings.owner_key).await?;
    let (url, stop) = (server.url(), CancellationToken::new());
    worker::announce(&core).await;
    let worker = tokio::spawn(worker::run(core, settings.worker_slots, settings.drain, stop.clone()));
    let http = tokio::spawn(server.run(stop.clone(), settings.drain));
    Ok(Running { url, owner, stop, http, worker })
}

impl Running {
    /// Waits until it has stopped.
    ///
    /// # Errors
    /// When a part of it failed.
    pub(crate) async fn ended(self) -> Result<(), Cause> {
        self.http.await?;
        self.worker.await?
    }
}

/// Whatever is written from now on is for this user's eyes: accounts, findings, the secret.
pub(crate) fn keep_private() {
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
}

/// Keeps a second process out of the folder: its SQLite file has one writer.
///
/// # Errors
/// When another process holds the folder, or it cannot be written.
pub(crate) fn lock(folder: &Path) -> Result<File, Cause> {
    keep_private();
    std::fs::create_dir_all(folder)?;
    let file = File::create(folder.join("lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err("another process works in this folder, and SQLite cannot be shared by several; \
                 stop it, name another folder with --data, or run separate processes on Postgres and Redis"
                .into())
        }
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// A loopback address that hardly anybody scans, so that the server of a scan is not among its findings.
fn own_address() -> Result<Ipv4Addr, Cause> {
    let mut random = [0_u8; 3];
    getrandom::fill(&mut random)?;
    let [one, two, three] = random.map(|byte| byte.clamp(1, 254));
    Ok(Ipv4Addr::new(127, one, two, three))
}

/// A server for one command, on a free port of a loopback address, with a data folder that vanishes.
#[derive(Debug)]
pub(crate) struct Embedded {
    /// Where it listens, such as `http://127.0.0.1:41017`.
    pub(crate) url: String,
    /// A key it accepts.
    pub(crate) key: String,
    running: Running,
    _folder: TempDir,
}

impl Embedded {
    /// Starts it; returns when it answers.
    ///
    /// # Errors
    /// When it cannot start.
    pub(crate) async fn start_temporary() -> Result<Self, Cause> {
        let folder = tempfile::tempdir()?;
        // Where a lasting server keeps its data, and whom it lets in, is no business of this one.
        let scans =
            ["VEDETTE_SCAN_", "VEDETTE_TARGETS_", "VEDETTE_SHARD_", "VEDETTE_WORKER_", "VEDETTE_RECOG"];
        let look_up = |name: &str| {
            scans.iter().any(|start| name.starts_with(start)).then(|| environment(name)).flatten()
        };
        let mut settings = Settings::of_environment(Mode::Embedded(folder.path()), &look_up)?;
        // Lines of a log would tear the table; whoever wants them sets the filter.
        shared::log::start(&environment("VEDETTE_LOG").unwrap_or_else(|| "off".to_owned()));
        let key = ApiKey::generate(Form::CyberSec)?;
        settings.web.listen = SocketAddr::new(own_address()?.into(), 0);
        settings.owner_key = Some(key.clone());
        let running = start(settings).await?;
        Ok(Self { url: running.url.clone(), key: key.reveal().to_owned(), running, _folder: folder })
    }

    /// Stops it and removes its data.
    pub(crate) async fn stop(self) {
        self.running.stop.cancel();
        if let Err(error) = self.running.ended().await {
            tracing::warn!(%error, "the embedded server did not end well");
        }
    }
}
