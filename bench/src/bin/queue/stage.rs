//! What every measurement stands on: an open core, somebody who may submit, and a request.

use std::sync::atomic::{AtomicU32, Ordering};

use shared::{
    core::Core,
    identity::{Principal, authenticate, open_owner},
    job::{Status, submit},
    ports::PortSet,
    scan::{ScanOptions, ScanRequest, ScanType},
    settings::{Mode, Settings, environment},
    store::scans::list::{Filter, Sort, count},
    target::TargetList,
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{Fault, starts::perform};

/// Callers that submit at the same time when a backlog is made.
const CALLERS: usize = 16;

/// A server's core, as its processes open it, and a caller.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) core: Core,
    settings: Settings,
    principal: Principal,
    request: ScanRequest,
}

/// A worker of this process.
#[derive(Debug)]
pub(crate) struct Worker {
    stop: CancellationToken,
    run: JoinHandle<Result<(), Fault>>,
}

impl Stage {
    /// Opens what the settings name, with an account whose key is `VEDETTE_OWNER_KEY`.
    pub(crate) async fn open() -> Result<Self, Fault> {
        let settings = Settings::read(Mode::Processes, &environment)?;
        shared::log::start(&settings.log);
        let core = Core::open(&settings).await?;
        core.store.migrate().await?;
        let key = settings.owner_key.clone().ok_or("VEDETTE_OWNER_KEY is not set")?;
        open_owner(&core, &settings.owner_email, Some(key.clone())).await?;
        let principal = authenticate(&core, key.reveal(), std::net::Ipv4Addr::LOCALHOST.into()).await?;
        let request = ScanRequest {
            target: TargetList::parse("127.0.0.1")?,
            scan_type: ScanType::Tcp,
            ports: PortSet::parse("1-100")?,
            options: ScanOptions::default(),
        };
        Ok(Self { core, settings, principal, request })
    }

    /// Submits one job, as a POST does.
    pub(crate) async fn submit(&self) -> Result<(), Fault> {
        submit::scan(&self.core, &self.principal, &self.request).await?;
        Ok(())
    }

    /// Submits `count` jobs from several callers at once.
    pub(crate) async fn submit_many(&self, count: u32) -> Result<(), Fault> {
        let submitted = AtomicU32::new(0);
        let callers = (0..CALLERS).map(|_| async {
            while submitted.fetch_add(1, Ordering::Relaxed) < count {
                self.submit().await?;
            }
            Ok::<(), Fault>(())
        });
        futures::future::try_join_all(callers).await.map(drop)
    }

    /// How many jobs the database calls completed.
    pub(crate) async fn completed(&self) -> Result<u32, Fault> {
        let filter = Filter {
            user: self.principal.user,
            subject: None,
            statuses: vec![Status::Completed],
            sort: Sort::CreatedAt,
            descending: false,
            offset: 0,
            limit: 1,
        };
        Ok(u32::try_from(count(&self.core.store, &filter).await?)?)
    }

    /// Starts a worker whose jobs do nothing.
    pub(crate) fn start_worker(&self, slots: usize) -> Worker {
        let stop = CancellationToken::new();
        let work = worker::run_with(self.core.clone(), slots, self.settings.drain, stop.clone(), perform);
        Worker { stop, run: tokio::spawn(work) }
    }
}

impl Worker {
    /// Stops it.
    pub(crate) async fn stop(self) -> Result<(), Fault> {
        self.stop.cancel();
        self.run.await?
    }
}
