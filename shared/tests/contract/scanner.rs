//! A worker without a network: what answers at a unit is known from its number.

use std::{collections::HashSet, net::IpAddr, ops::Range};

use shared::{
    core::Core,
    event::{Event, FoundPort, Tally},
    id::{JobId, ShardId},
    job::{
        Job,
        claim::{Claim, claim},
        finish::split,
        report::Report,
        submit,
    },
    ports::PortSet,
    scan::{Ability, Protocol, ScanRequest, plan::Plan},
    store::{events, jobs, scans::HostTally},
};

use crate::stage::Stage;

/// What is scanned: four addresses.
pub(crate) const TARGET: &str = "127.0.0.0/30";
/// Units of a scan of ten ports: four shards.
pub(crate) const UNITS: i64 = 40;

/// A scan to be worked by hand.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) plan: Plan,
    pub(crate) ports: PortSet,
}

impl Script {
    /// Four addresses with ports from 1 to `last`.
    pub(crate) fn of_ports(last: i64) -> Self {
        let plan = Plan::new([(TARGET.parse().unwrap(), TARGET.to_owned())]);
        Self { plan, ports: PortSet::parse(&format!("1-{last}")).unwrap() }
    }

    /// The scan of forty units.
    pub(crate) fn short() -> Self {
        Self::of_ports(10)
    }

    pub(crate) fn units(&self) -> i64 {
        self.plan.units(&self.ports)
    }

    /// What a caller would have asked for.
    pub(crate) fn request(&self) -> ScanRequest {
        request(TARGET, &self.ports.to_string())
    }

    /// What a worker reports that tried `units` but for the ones that are `known` to be open.
    pub(crate) fn report(&self, units: Range<i64>, known: &HashSet<i64>) -> Report {
        let mut report =
            Report { position: units.end, settled: units.end - units.start, ..Report::default() };
        for number in units.filter(|number| !known.contains(number)) {
            let unit = self.plan.unit(&self.ports, number).unwrap();
            let tally = match answer(number) {
                Answer::Open => {
                    report.found.push(self.open(number));
                    continue;
                }
                Answer::Closed => Tally { closed: 1, ..Tally::default() },
                Answer::Silent => Tally { filtered: 1, ..Tally::default() },
            };
            count(&mut report, unit.address.ip(), tally);
        }
        report
    }

    /// The open port of a unit.
    pub(crate) fn open(&self, number: i64) -> FoundPort {
        let unit = self.plan.unit(&self.ports, number).unwrap();
        FoundPort {
            address: unit.address.ip(),
            host: unit.host.to_owned(),
            port: unit.address.port(),
            protocol: Protocol::Tcp,
            unit: number,
        }
    }
}

/// What a unit answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Open,
    Closed,
    Silent,
}

/// What is at a unit: every third port is open, every third closed, every third gives no answer.
pub(crate) fn answer(unit: i64) -> Answer {
    match unit % 3 {
        0 => Answer::Open,
        1 => Answer::Closed,
        _ => Answer::Silent,
    }
}

/// What the first `units` units come to.
pub(crate) fn truth(units: i64) -> Tally {
    let count = |wanted| i64::try_from((0..units).filter(|unit| answer(*unit) == wanted).count()).unwrap();
    Tally { open: count(Answer::Open), closed: count(Answer::Closed), filtered: count(Answer::Silent) }
}

fn count(report: &mut Report, address: IpAddr, tally: Tally) {
    match report.hosts.iter_mut().find(|host| host.address == address) {
        Some(host) => {
            host.tally.closed += tally.closed;
            host.tally.filtered += tally.filtered;
        }
        None => report.hosts.push(HostTally { tally, ..HostTally::new(address, TARGET) }),
    }
}

/// A request as it would be stored.
pub(crate) fn request(target: &str, ports: &str) -> ScanRequest {
    serde_json::from_value(serde_json::json!({ "target": target, "ports": ports })).unwrap()
}

impl Stage {
    /// Queues a scan of forty units.
    pub(crate) async fn submit(&self) -> JobId {
        self.submit_script(&Script::short()).await
    }

    /// Queues a scan.
    pub(crate) async fn submit_script(&self, script: &Script) -> JobId {
        submit::scan(&self.core, &self.owner, &script.request()).await.unwrap().job.id
    }

    /// The ids of a job's shards that wait.
    pub(crate) async fn queued(&self, job: JobId) -> Vec<ShardId> {
        let shards = self.database.shards(job).await;
        shards.into_iter().filter(|shard| shard.status == "queued").map(|shard| shard.id).collect()
    }

    /// Claims whatever of the job is due.
    pub(crate) async fn claim_all(&self, job: JobId) -> Vec<Claim> {
        let queued = self.queued(job).await;
        if queued.is_empty() {
            return Vec::new();
        }
        let mut claims = claim(&self.core, Ability::RawPackets, &queued).await.unwrap();
        claims.sort_by_key(|claim| claim.shard);
        claims
    }

    /// Claims the one shard of the job that waits.
    pub(crate) async fn claim_one(&self, job: JobId) -> Claim {
        let claims = self.claim_all(job).await;
        assert_eq!(claims.len(), 1, "one shard of the job is due");
        claims.into_iter().next().unwrap()
    }

    /// Queues a scan and plans it: all its shards wait.
    pub(crate) async fn planned(&self, script: &Script) -> JobId {
        let job = self.submit_script(script).await;
        let first = self.claim_one(job).await;
        assert!(split(&self.core, &first, &script.plan, script.units(), Ability::Connections).await.unwrap());
        job
    }

    /// Queues a scan of forty units, plans it and claims its four shards.
    pub(crate) async fn working(&self) -> (JobId, Vec<Claim>) {
        let job = self.planned(&Script::short()).await;
        let claims = self.claim_all(job).await;
        assert_eq!(claims.len(), 4);
        (job, claims)
    }

    /// The job as it stands.
    pub(crate) async fn job(&self, id: JobId) -> Job {
        jobs::find(&self.core.store, id).await.unwrap().unwrap()
    }

    /// Every event of the job.
    pub(crate) async fn events(&self, id: JobId) -> Vec<Event> {
        events::after(&self.core.store, id, 0, 100_000).await.unwrap()
    }

    /// Empties the bell.
    pub(crate) async fn hush(&self) -> Vec<ShardId> {
        rung(&self.core).await
    }
}

/// Takes every ring that waits at an embedded bell.
pub(crate) async fn rung(core: &Core) -> Vec<ShardId> {
    let mut shards = Vec::new();
    while core.bell.waiting().await.unwrap() > 0 {
        shards.extend(core.bell.hear(Ability::RawPackets, 1000).await.unwrap());
    }
    shards
}

/// A claim as its holder names it.
pub(crate) fn names(claims: &[Claim]) -> Vec<(ShardId, i64)> {
    claims.iter().map(|claim| (claim.shard, claim.attempt)).collect()
}
