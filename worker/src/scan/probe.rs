//! Probing one shard's units: the engine on a thread of its own, its reports into the database.

use std::{collections::HashSet, sync::Arc, time::Duration};

use portscan::{Degraded, Method, Probe, Settings, Stop, Summary};
use shared::{
    error::{Error, Result},
    job::{
        FailureCode,
        report::{Report, Reported, report},
    },
    scan::{
        Ability, Engine, ScanRequest, ScanType,
        warning::{Warning, WarningCode},
    },
    store::scans::{self, list},
};
use tokio::task::JoinHandle;

use super::{ability, fail, identify::Identifying, ledger::Ledger, order::Order};
use crate::{Outcome, Work};

/// Open ports are told this soon: long enough that a burst is one transaction.
const FOUND: Duration = Duration::from_millis(20);
/// Everything else is told this often.
const TICK: Duration = Duration::from_millis(250);

/// Scans from the checkpoint on, leaving out ports that are known to be open.
pub(super) async fn perform(work: &Work, request: &ScanRequest) -> Result<Outcome> {
    let (claim, store) = (&work.claim, &work.core.store);
    let Some(plan) = scans::plan(store, claim.job.id).await? else {
        return Err(Error::internal("a shard without a plan"));
    };
    if request.needs() > ability() {
        let message = "the worker has lost the right CAP_NET_RAW, which this scan takes".to_owned();
        return Ok(fail(FailureCode::Refused, message));
    }
    let is_local = plan.is_local();
    let usual = if request.options.fast_mode { Settings::fast() } else { Settings::default() };
    let budget = work.rates.of_scan(claim.job.id, request, is_local);
    let mut settings = usual.by(method(request, is_local));
    work.rates.limit(&mut settings, budget.as_ref());
    let units = claim.units.clone();
    let known: HashSet<i64> =
        list::open_units(store, claim.job.id, units.start, units.end).await?.into_iter().collect();
    let mut identifying = Identifying::new(work, request.options);
    if request.options.identifies() {
        identifying.begin(list::unidentified(store, claim.job.id, units.start, units.end).await?);
    }
    let order = Order::new(units, claim.job.id.uuid().as_u64_pair().1);
    let ledger = Ledger::new(plan, request, order, claim.position);
    let stop = Stop::new();
    let engine = start(work, settings, known, Arc::clone(&ledger), stop.clone());
    let ended = follow(work, request, &ledger, engine, identifying).await;
    // Whatever ended the work, the engine's sockets must not outlive it.
    stop.stop();
    ended
}

/// How the ports are tried. `auto` leaves loopback to connections: there they are as fast, and what listens can tell them.
fn method(request: &ScanRequest, is_local: bool) -> Method {
    match (request.scan_type, request.options.engine) {
        (ScanType::Tcp, Engine::Auto) if is_local || ability() < Ability::RawPackets => Method::Connect,
        (ScanType::Tcp, Engine::Connect) => Method::Connect,
        (ScanType::Tcp, Engine::Auto | Engine::Syn) | (ScanType::Syn, _) => Method::Syn,
        (ScanType::Udp, _) => Method::Udp,
        (ScanType::Fin, _) => Method::Fin,
        (ScanType::Null, _) => Method::Null,
        (ScanType::Xmas, _) => Method::Xmas,
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
    request: &ScanRequest,
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
                conclude(work, request, ledger, &ended);
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
fn conclude(work: &Work, request: &ScanRequest, ledger: &Ledger, summary: &Summary) {
    for warning in warnings(request, summary) {
        ledger.warn(warning);
    }
    if !summary.stopped {
        ledger.settle_below(work.claim.units.end);
    }
}

/// What the readers of the results must know about a shard. Who asks for a rate of their own has the time that it takes.
fn warnings(request: &ScanRequest, summary: &Summary) -> Vec<Warning> {
    let mut warnings = Vec::new();
    match summary.degraded() {
        Some(Degraded::AnswersDropped) => warnings.push(Warning::of(WarningCode::AnswersDropped)),
        Some(Degraded::Starved) if request.options.rate.is_none() => {
            warnings.push(Warning::of(WarningCode::BudgetExhausted));
        }
        Some(Degraded::Starved) | None => {}
    }
    if request.scan_type.may_miss_open() && summary.tally.filtered > 0 {
        warnings.push(Warning::of(WarningCode::OpenOrFiltered));
    }
    if let Some(address) = summary.icmp_limited {
        warnings.push(Warning { code: WarningCode::IcmpLimited, address: Some(address) });
    }
    warnings
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
