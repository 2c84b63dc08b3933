//! Our side: an open core, somebody who may submit, and jobs to be listened to.

use std::{ops::Range, time::Duration};

use futures::future::try_join_all;
use shared::{
    core::Core,
    id::{JobId, ShardId},
    identity::{Principal, authenticate, open_owner},
    job::{
        claim::{Claim, claim},
        report::{Report, Reported, report},
        submit,
    },
    ports::PortSet,
    scan::{Ability, ScanOptions, ScanRequest, ScanType},
    settings::{Mode, Settings, environment},
    target::TargetList,
};
use tokio::runtime::Runtime;

use crate::{Fault, board::Board, publisher::found};

/// A server's core, as its processes open it, and a caller.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) runtime: Runtime,
    pub(crate) core: Core,
    /// The caller's key.
    pub(crate) key: String,
    principal: Principal,
}

impl Stage {
    /// Opens what the settings name, with an account whose key is `VEDETTE_OWNER_KEY`.
    pub(crate) fn open() -> Result<Self, Fault> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let settings = Settings::read(Mode::Processes, &environment)?;
        let (core, key, principal) = runtime.block_on(async {
            shared::log::start(&settings.log);
            let core = Core::open(&settings).await?;
            let key = settings.owner_key.clone().ok_or("VEDETTE_OWNER_KEY is not set")?;
            open_owner(&core, &settings.owner_email, Some(key.clone())).await?;
            let principal = authenticate(&core, key.reveal(), std::net::Ipv4Addr::LOCALHOST.into()).await?;
            Ok::<_, Fault>((core, key.reveal().to_owned(), principal))
        })?;
        Ok(Self { runtime, core, key, principal })
    }

    /// Submits so many jobs, which nobody takes up.
    pub(crate) fn submit(&self, count: usize) -> Result<Vec<JobId>, Fault> {
        let request = ScanRequest {
            target: TargetList::parse("127.0.0.1")?,
            scan_type: ScanType::Tcp,
            ports: PortSet::parse("1-65535")?,
            options: ScanOptions::default(),
        };
        self.runtime.block_on(async {
            let mut jobs = Vec::with_capacity(count);
            for _ in 0..count {
                jobs.push(submit::scan(&self.core, &self.principal, &request).await?.job.id);
            }
            Ok(jobs)
        })
    }

    /// Submits so many jobs and takes them up, as a worker that is about to report ports.
    pub(crate) fn claim_jobs(&self, count: usize) -> Result<Vec<Worked>, Fault> {
        let jobs = self.submit(count)?;
        let shards: Vec<ShardId> = jobs.iter().map(|job| ShardId { job: *job, number: 0 }).collect();
        let claims = self.runtime.block_on(claim(&self.core, Ability::Connections, &shards))?;
        if claims.len() < count {
            return Err("another worker took a job up".into());
        }
        // What they have told so far, that they wait and that they run, is on its way.
        crate::pause(Duration::from_millis(200));
        Ok(claims.into_iter().map(|claim| Worked { claim, settled: 0 }).collect())
    }

    /// Reports ports of one job, stored and told.
    pub(crate) fn report(&self, job: &mut Worked, ports: Range<u16>) -> Result<(), Fault> {
        self.runtime.block_on(job.report(&self.core, ports))
    }

    /// Reports the same ports of all jobs at once; the board is told before.
    pub(crate) fn report_all(
        &self,
        jobs: &mut [Worked],
        ports: &Range<u16>,
        board: &Board,
    ) -> Result<(), Fault> {
        let reports = jobs.iter_mut().enumerate().map(|(topic, job)| {
            for number in ports.clone() {
                board.publish(topic, number);
            }
            job.report(&self.core, ports.clone())
        });
        self.runtime.block_on(try_join_all(reports)).map(drop)
    }
}

/// A job that this process works at.
#[derive(Debug)]
pub(crate) struct Worked {
    claim: Claim,
    settled: i64,
}

impl Worked {
    pub(crate) fn id(&self) -> JobId {
        self.claim.job.id
    }

    async fn report(&mut self, core: &Core, ports: Range<u16>) -> Result<(), Fault> {
        let settled = i64::try_from(ports.len())?;
        self.settled += settled;
        let found = ports.map(found).collect();
        let told = Report { position: self.settled, settled, found, ..Report::default() };
        match report(core, &self.claim, &told).await? {
            Reported::Kept => Ok(()),
            Reported::Lost => Err("the job was taken away".into()),
        }
    }
}
