//! Probing one shard's units: the engine on a thread of its own, its reports into the database.

use std::{collections::HashSet, sync::Arc, time::Duration};

use portscan::{Budget, Method, Probe, Settings, Stop, Summary};
use shared::{
    error::{Error, Result},
    job::{
        FailureCode,
        report::{Report, Reported, report},
    },
    scan::{ScanRequest, ScanType, plan::Plan},
    store::scans::{self, list},
};
use tokio::task::JoinHandle;

use super::{ability, fail, identify::Identifying, ledger::Ledger, order::Order};
use crate::{Outcome, Work};

/// Open ports are told this soon: long enough that a burst is one transaction.
const FOUND: Duration = Duration::from_millis(20);
/// Packets a second of a SYN scan that leaves the machine, where no rate is set.
const POLITE: u32 = 10_000;
/// Everything else is told this often.
const TICK: Duration = Duration::from_millis(250);

/// Scans from the checkpoint on, leaving out ports that are known to be open.
pub(super) async fn perform(work: &Work, request: &ScanRequest) -> Result<Outcome> {
    let (claim, store) = (&work.claim, &work.core.store);
    let Some(plan) = scans::plan(store, claim.job.id).await? else {
        return Err(Error::internal("a shard without a plan"));
    };
    if request.scan_type.needs() > ability() {
        let message = "the worker has lost the right CAP_NET_RAW, which this scan type takes".to_owned();
        return Ok(fail(FailureCode::Refused, message));
    }
    let settings = settings(work, request, &plan);
    let units = claim.units.clone();
    let known: HashSet<i64> =
        list::open_units(store, claim.job.id, units.start, units.end).await?.into_iter().collect();
    let mut identifying = Identifying::new(work, request.options);
    if request.options.identifies() {
        identifying.begin(list::unidentified(store, claim.job.id, units.start, units.end).await?);
    }
    let order = Order::new(units, claim.job.id.uuid().as_u64_pair().1);
    let ledger = Ledger::new(plan, request.ports.clone(), order, claim.position);
    let stop = Stop::new();
    let engine = start(work, settings, known, Arc::clone(&ledger), stop.clone());
    let ended = follow(work, &ledger, engine, identifying).await;
    // Whatever ended the work, the engine's sockets must not outlive it.
    stop.stop();
    ended
}

fn settings(work: &Work, request: &ScanRequest, plan: &Plan) -> Settings {
    let usual = if request.options.fast_mode { Settings::fast() } else { Settings::default() };
    let budgets: Vec<Budget> = work.budget.iter().cloned().collect();
    match request.scan_type {
        ScanType::Tcp => Settings { budgets, ..usual },
        ScanType::Syn => {
            let rate = (budgets.is_empty() && !plan.is_local()).then_some(POLITE);
            Settings { rate, budgets, ..usual.by(Method::Syn) }
        }
    }
}

fn start(
    work: &Work,
    settings: Settings,
    known: HashSet<i64>,
    ledger: Arc<Ledger>,
    stop: Stop,
) -> JoinHandle<std::result::Result<Summary, portscan::Error>> {
    let positions = work.claim.position..work.claim.units.end;
    let token = work.stop.clone();
    let stop_on_token = stop.clone();
    tokio::spawn(async move {
        token.cancelled().await;
        stop_on_token.stop();
    });
    tokio::task::spawn_blocking(move || {
        let probes = positions.filter_map(|position| {
            let (number, unit) = ledger.unit(position)?;
            let probe = Probe { number: u64::try_from(position).ok()?, address: unit.address };
            (!known.contains(&number)).then_some(probe)
        });
        portscan::scan(&settings, probes, &stop, |event| ledger.note(event))
    })
}

/// Reports while the engine runs and ports are identified, and once more when all has ended.
async fn follow(
    work: &Work,
    ledger: &Ledger,
    mut engine: JoinHandle<std::result::Result<Summary, portscan::Error>>,
    mut identifying: Identifying,
) -> Result<Outcome> {
    let mut ticks = tokio::time::interval(TICK);
    let mut summary: Option<Summary> = None;
    loop {
        tokio::select! {
            ended = &mut engine, if summary.is_none() => {
                let ended = ended.map_err(Error::internal)?.map_err(Error::internal)?;
                conclude(work, ledger, &ended);
                summary = Some(ended);
            }
            services = identifying.next() => {
                ledger.identified(services);
                tokio::time::sleep(FOUND).await;
            }
            () = work.stop.cancelled(), if summary.is_some() => (),
            _ = ticks.tick() => (),
            () = ledger.found.notified() => tokio::time::sleep(FOUND).await,
        }
        if let Some(pending) = ledger.take() {
            if tell(work, &pending).await == Reported::Lost {
                return Ok(Outcome::Settled);
            }
            // They are stored now: whoever has to go on in the place of this worker finds them there.
            identifying.begin(pending.found);
        }
        match &summary {
            Some(summary) if !summary.stopped && identifying.is_idle() => return Ok(Outcome::Done),
            Some(_) if work.stop.is_cancelled() => return Ok(Outcome::HandBack),
            Some(_) | None => (),
        }
    }
}

/// What follows from how the engine ended: it was told to stop, or has settled everything.
fn conclude(work: &Work, ledger: &Ledger, summary: &Summary) {
    if let Some(reason) = summary.degraded() {
        tracing::warn!(%reason, answers_dropped = summary.dropped, "a shard's result is degraded");
    }
    if !summary.stopped {
        ledger.settle_below(work.claim.units.end);
    }
}

/// Stores a report, however long the database is away; the engine goes on meanwhile.
async fn tell(work: &Work, pending: &Report) -> Reported {
    loop {
        match report(&work.core, &work.claim, pending).await {
            Ok(reported) => return reported,
            Err(error) if error.is_passing() && !work.stop.is_cancelled() => {
                tracing::warn!(%error, "a report waits");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            Err(error) => {
                tracing::error!(%error, "a report is not stored");
                return Reported::Lost;
            }
        }
    }
}
