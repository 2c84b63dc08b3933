//! The worker process: apalis runs what the doorbell brings, and a tick sweeps every second.

use std::{str::FromStr, sync::Arc, time::Duration};

use apalis::{
    layers::WorkerBuilderExt,
    prelude::{BoxDynError, Data, Monitor, WorkerBuilder},
};
use apalis_core::{error::WorkerError, worker::ext::parallelize::ParallelizeExt};
use apalis_cron::{CronScheduler, Tick};
use chrono::TimeDelta;
use futures::future::BoxFuture;
use services::Identifier;
use shared::{
    core::Core,
    job::{Failure, FailureCode, claim::Claim, end::fail, finish::give_back, sweep::sweep},
};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::{
    Outcome, Resolver,
    doorbell::{Doorbell, Rung},
    finisher::Finisher,
    kinds,
    leases::{Lease, Leases},
    scan::{self, Rates},
};

/// One shard to be worked, and all that is needed for it.
#[derive(Clone, Debug)]
pub struct Work {
    /// The core.
    pub core: Core,
    /// Names to addresses.
    pub resolver: Resolver,
    /// How fast the scans of this worker may send.
    pub rates: Rates,
    /// Finds out what runs on open ports, a few at a time for all scans of this worker.
    pub identifier: Identifier,
    /// The shard.
    pub claim: Claim,
    /// Ends the work: the claim is lost or the worker stops. Whoever works watches it.
    pub stop: CancellationToken,
}

/// Outcomes that may wait to be stored, beside the shards that are worked.
const SETTLING: usize = 256;

/// A function that works one shard.
pub type Perform = fn(Work) -> BoxFuture<'static, Outcome>;

/// How a worker works.
#[derive(Clone, Debug)]
struct Hands {
    core: Core,
    resolver: Resolver,
    rates: Rates,
    identifier: Identifier,
    finisher: Finisher,
    perform: Perform,
}

/// Says what this process can do, ahead of [`run`]: whoever asks before the worker's first tick is answered rightly.
pub async fn announce(core: &Core) {
    core.bell.report_worker(scan::ability()).await;
}

/// Reads what [`run`] would, so that whoever runs it beside other things can refuse to start.
///
/// # Errors
/// A text for the operator when a setting of the worker cannot be used.
pub fn check(core: &Core) -> Result<(), String> {
    scan::identifier(core).map(drop)
}

/// Works jobs of every kind until `stop`, then hands back what is not done within `drain`.
///
/// # Errors
/// When the runtime of the workers fails for good; errors of the database and of Redis do not end a worker.
pub async fn run(
    core: Core,
    slots: usize,
    drain: Duration,
    stop: CancellationToken,
) -> Result<(), BoxDynError> {
    run_with(core, slots, drain, stop, kinds::perform).await
}

/// Like [`run`], with a function of the caller's in the place of the job kinds.
///
/// # Errors
/// As for [`run`].
pub async fn run_with(
    core: Core,
    slots: usize,
    drain: Duration,
    stop: CancellationToken,
    perform: Perform,
) -> Result<(), BoxDynError> {
    let identifier = scan::identifier(&core)?;
    announce(&core).await;
    let ability = scan::ability();
    let leases = Leases::default();
    let finisher = Finisher::start(core.clone());
    let rates = Rates::new(&core.limits);
    let hands =
        Hands { core: core.clone(), resolver: Resolver::System, rates, identifier, finisher, perform };
    let monitor = Monitor::new()
        // An error of a backend would otherwise end its worker for good.
        .should_restart(|worker, error| {
            if is_late_tick(error) {
                tracing::debug!("the machine is busy: a sweep is left to the next tick");
            } else {
                tracing::error!(%error, worker = worker.name(), "a worker is started again");
            }
            true
        })
        .shutdown_timeout(drain)
        .register({
            let (core, leases) = (core.clone(), leases.clone());
            move |restarts| {
                WorkerBuilder::new(format!("shards-{restarts}"))
                    .backend(Doorbell::new(core.clone(), ability, leases.clone(), slots))
                    .catch_panic()
                    .data(hands.clone())
                    .concurrency(slots + SETTLING)
                    .parallelize(tokio::spawn)
                    .build(work)
            }
        })
        .register({
            let core = core.clone();
            move |restarts| {
                WorkerBuilder::new(format!("sweeper-{restarts}"))
                    .backend(CronScheduler::new(every_second()))
                    .catch_panic()
                    .data(core.clone())
                    .build(tick)
            }
        });
    let draining = leases.clone();
    let told = async move {
        stop.cancelled().await;
        draining.drain();
        Ok(())
    };
    let ended = tokio::select! {
        ended = monitor.run_with_signal(told) => ended.map_err(Into::into),
        () = leases.keep(&core) => Ok(()),
        () = leases.heed(&core) => Ok(()),
    };
    leases.give_back_orphans(&core).await;
    ended
}

/// A tick that could not be had in its second is an error to the scheduler; to us there is another one after it.
fn is_late_tick(error: &WorkerError) -> bool {
    matches!(error, WorkerError::BackendError(cause) if cause.is::<apalis_cron::Error>())
}

fn every_second() -> cron::Schedule {
    cron::Schedule::from_str("* * * * * *").unwrap_or_else(|error| unreachable!("a fixed schedule: {error}"))
}

async fn tick(_: Tick, core: Data<Core>) -> Result<(), BoxDynError> {
    announce(&core).await;
    if let Err(error) = sweep(&core).await {
        tracing::warn!(%error, "not swept; the next tick will");
    }
    Ok(())
}

async fn work(rung: Rung, hands: Data<Hands>) -> Result<(), BoxDynError> {
    let claim = &rung.lease.claim;
    let (kind, attempt) = (claim.job.kind.as_str(), claim.attempt);
    let span = tracing::info_span!(
        "job",
        job.id = claim.job.id.to_base62(),
        job.kind = kind,
        shard = claim.shard.number,
        attempt
    );
    let (lease, slot) = (Arc::clone(&rung.lease), rung.slot);
    async {
        let outcome = run_guarded(&hands, &lease).await;
        // The next shard is worked while the outcome of this one is stored.
        drop(slot);
        settle(&hands, &lease, outcome).await;
        lease.settle();
    }
    .instrument(span)
    .await;
    Ok(())
}

/// Performs on a task of its own, so that a panic is an outcome and not a shard left to its lease.
async fn run_guarded(hands: &Hands, lease: &Lease) -> Outcome {
    let work = Work {
        core: hands.core.clone(),
        resolver: hands.resolver.clone(),
        rates: hands.rates.clone(),
        identifier: hands.identifier.clone(),
        claim: lease.claim.clone(),
        stop: lease.stop.clone(),
    };
    match tokio::spawn((hands.perform)(work).in_current_span()).await {
        Ok(outcome) => outcome,
        Err(error) => {
            tracing::error!(%error, "the work panicked");
            let message = "the server failed at this job; its log says more".to_owned();
            Outcome::Fail(Failure { code: FailureCode::Internal, message })
        }
    }
}

async fn settle(hands: &Hands, lease: &Lease, outcome: Outcome) {
    let (core, claim) = (&hands.core, &lease.claim);
    tracing::debug!(?outcome, "worked");
    let settled = match outcome {
        Outcome::Settled => Ok(()),
        Outcome::Done => {
            hands.finisher.finish(claim.shard, claim.attempt).await;
            Ok(())
        }
        Outcome::HandBack => give_back(core, claim, TimeDelta::zero()).await,
        Outcome::Retry(wait) => give_back(core, claim, wait).await,
        Outcome::Fail(failure) => fail(core, claim.job.id, failure).await,
    };
    if let Err(error) = settled {
        tracing::warn!(%error, "left to the sweeper");
    }
}
