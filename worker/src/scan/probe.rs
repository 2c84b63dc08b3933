//! Probing one shard's units: the engine on a thread of its own, its reports into the database.

use std::{collections::HashSet, net::IpAddr, ops::Range, sync::Arc, time::Duration};

use portscan::{Degraded, Method, Settings, Stop, Summary, opens_every_port};
use shared::{
    error::{Error, Result},
    job::{
        FailureCode,
        report::{Report, Reported, report},
    },
    scan::{
        Ability, ScanRequest, ScanType,
        plan::Plan,
        warning::{Warning, WarningCode},
    },
    store::scans::{self, list},
};
use tokio::task::{JoinError, JoinHandle, JoinSet};

use super::{
    fail, hosts,
    identify::Identifying,
    ledger::{Known, Ledger},
    order::Order,
};
use crate::{Outcome, Work};

/// Open ports are told this soon: long enough that a burst is one transaction.
const FOUND: Duration = Duration::from_millis(20);
/// Everything else is told this often.
const TICK: Duration = Duration::from_millis(250);

/// Scans from the checkpoint on, leaving out ports that are known to be open, and hosts that are not there.
pub(super) async fn perform(work: &Work, request: &ScanRequest) -> Result<Outcome> {
    let (claim, store) = (&work.claim, &work.core.store);
    let Some(plan) = scans::plan(store, claim.job.id).await? else {
        return Err(Error::internal("a shard without a plan"));
    };
    if let Err(refused) = check(work, request, &plan) {
        return Ok(refused);
    }
    let is_local = plan.is_local();
    let usual = if request.options.fast_mode { Settings::fast() } else { Settings::default() };
    let budget = work.rates.of_scan(claim.job.id, request, is_local);
    let mut settings = usual.by(method(request.scan_type, claim.needs));
    work.rates.limit(&mut settings, budget.as_ref());
    let shard = Probing { work, request, settings, stop: Stop::new() };
    let ended = shard.perform(plan).await;
    // Whatever ended the work, the engine's sockets must not outlive it.
    shard.stop.stop();
    ended
}

/// The policy may have changed since the scan was planned.
fn check(work: &Work, request: &ScanRequest, plan: &Plan) -> std::result::Result<(), Outcome> {
    hosts::check(&work.core.limits.targets, plan, request, &work.claim.units)
        .map_err(|refusal| fail(FailureCode::Refused, refusal.to_string()))
}

/// How the ports are tried. Where TCP leaves a choice, it was made when the scan was planned, in what the shard needs.
fn method(scan_type: ScanType, needs: Ability) -> Method {
    match (scan_type, needs) {
        (ScanType::Tcp, Ability::Connections) => Method::Connect,
        (ScanType::Tcp, Ability::RawPackets) | (ScanType::Syn, _) => Method::Syn,
        (ScanType::Udp, _) => Method::Udp,
        (ScanType::Fin, _) => Method::Fin,
        (ScanType::Null, _) => Method::Null,
        (ScanType::Xmas, _) => Method::Xmas,
    }
}

type Engine = JoinHandle<std::result::Result<Summary, portscan::Error>>;

/// A shard that is being probed.
struct Probing<'a> {
    work: &'a Work,
    request: &'a ScanRequest,
    settings: Settings,
    stop: Stop,
}

impl Probing<'_> {
    async fn perform(&self, plan: Plan) -> Result<Outcome> {
        let (claim, store) = (&self.work.claim, &self.work.core.store);
        let (job, units) = (claim.job.id, claim.units.clone());
        self.stop_with_the_work();
        let open: HashSet<i64> =
            list::open_units(store, job, units.start, units.end).await?.into_iter().collect();
        let doubtful = hosts::doubtful(&plan, self.request, &units, &open);
        let absent = hosts::absent(doubtful, &self.settings, &self.stop).await?;
        if self.stop.is_stopped() {
            return Ok(Outcome::HandBack);
        }
        let all_open = list::all_ports_open(store, job).await?;
        let order = Order::new(units, job.uuid().as_u64_pair().1);
        let known = Known { open, absent, all_open };
        let ledger = Ledger::new(plan, self.request, order, claim.position, known);
        let mut identifying = Identifying::new(self.work, self.request.options);
        if self.request.options.identifies() {
            let Range { start, end } = self.work.claim.units;
            // What their answers looked like was not kept.
            identifying.begin(list::unidentified(store, job, start, end).await?, |_| None);
        }
        let engine = self.start(Arc::clone(&ledger));
        self.follow(&ledger, engine, identifying).await
    }

    fn stop_with_the_work(&self) {
        let (token, stop) = (self.work.stop.clone(), self.stop.clone());
        tokio::spawn(async move {
            token.cancelled().await;
            stop.stop();
        });
    }

    fn start(&self, ledger: Arc<Ledger>) -> Engine {
        let positions = self.work.claim.position..self.work.claim.units.end;
        let (settings, stop) = (self.settings.clone(), self.stop.clone());
        tokio::task::spawn_blocking(move || {
            let probes = positions.filter_map(|position| ledger.probe(position));
            portscan::scan(&settings, probes, &stop, |event| ledger.note(event))
        })
    }

    /// Reports while the engine runs, suspects are tried and ports identified, and once more when all has ended.
    async fn follow(
        &self,
        ledger: &Ledger,
        mut engine: Engine,
        mut identifying: Identifying,
    ) -> Result<Outcome> {
        let mut ticks = tokio::time::interval(TICK);
        let mut trials = JoinSet::new();
        let mut summary: Option<Summary> = None;
        loop {
            tokio::select! {
                ended = &mut engine, if summary.is_none() => {
                    let ended = ended.map_err(Error::internal)?.map_err(Error::internal)?;
                    self.conclude(ledger, &ended);
                    summary = Some(ended);
                }
                services = identifying.next() => {
                    ledger.identified(services);
                    tokio::time::sleep(FOUND).await;
                }
                Some(tried) = trials.join_next() => decide(ledger, tried),
                () = self.work.stop.cancelled(), if summary.is_some() => (),
                _ = ticks.tick() => (),
                () = ledger.found.notified() => tokio::time::sleep(FOUND).await,
            }
            self.try_suspects(ledger, &mut trials);
            if summary.is_some() {
                ledger.settle_ahead();
            }
            if self.tell_pending(ledger, &mut identifying).await == Reported::Lost {
                return Ok(Outcome::Settled);
            }
            let is_idle = trials.is_empty() && identifying.is_idle();
            match &summary {
                Some(summary) if !summary.stopped && is_idle => return Ok(Outcome::Done),
                Some(_) if self.work.stop.is_cancelled() => return Ok(Outcome::HandBack),
                Some(_) | None => (),
            }
        }
    }

    async fn tell_pending(&self, ledger: &Ledger, identifying: &mut Identifying) -> Reported {
        let Some(pending) = ledger.take() else { return Reported::Kept };
        let reported = tell(self.work, &pending).await;
        if reported == Reported::Kept {
            // They are stored now: whoever has to go on in the place of this worker finds them there.
            identifying.begin(pending.found, |address| ledger.take_system(address));
        }
        reported
    }

    /// What follows from how the engine ended: it was told to stop, or has settled everything.
    fn conclude(&self, ledger: &Ledger, summary: &Summary) {
        for warning in warnings(self.request, summary) {
            ledger.warn(warning);
        }
        if !summary.stopped {
            ledger.settle_below(self.work.claim.units.end);
        }
    }

    /// Looks into hosts that have suspiciously many ports open.
    fn try_suspects(&self, ledger: &Ledger, trials: &mut JoinSet<Trial>) {
        for address in ledger.take_suspects() {
            let (settings, stop) = (self.settings.clone(), self.stop.clone());
            trials.spawn_blocking(move || (address, opens_every_port(&settings, address, &stop)));
        }
    }
}

type Trial = (IpAddr, std::result::Result<bool, portscan::Error>);

/// A host that could not be tried is believed.
fn decide(ledger: &Ledger, tried: std::result::Result<Trial, JoinError>) {
    match tried {
        Ok((address, Ok(opens_every_port))) => ledger.decide(address, opens_every_port),
        Ok((address, Err(error))) => {
            tracing::warn!(%error, %address, "not known whether a host opens every port");
            ledger.decide(address, false);
        }
        Err(error) => {
            tracing::error!(%error, "the trial of a host panicked");
            ledger.believe_all();
        }
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
