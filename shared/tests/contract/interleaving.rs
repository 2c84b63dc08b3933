//! Every unit is counted once, however reports, crashes and new starts from checkpoints follow one another.

use std::collections::HashSet;

use chrono::TimeDelta;
use proptest::prelude::*;
use shared::{
    id::JobId,
    job::{
        Status,
        claim::{Claim, claim, renew},
        finish::{finish, give_back},
        report::{Report, Reported, report},
        sweep::sweep,
    },
    scan::Ability,
    store::scans::list,
};

use crate::{
    history::for_all,
    invariants::check,
    scanner::{Answer, Script, UNITS, answer, names, truth},
    stage::{LEASE_SECONDS, Stage},
};

on_both_databases!(any_interleaving_counts_every_unit_once);

/// What the worker of one shard does next.
#[derive(Clone, Debug)]
enum Step {
    /// It settles so many units.
    Settle(i64),
    /// It tells of an open port that lies so far ahead, before anything below is settled.
    Ahead(i64),
    /// It dies, and the sweep frees its shard.
    Die,
    /// It stops, and hands its shard back.
    HandBack,
}

fn step() -> impl Strategy<Value = (usize, Step)> {
    let step = prop_oneof![
        5 => (1_i64..6).prop_map(Step::Settle),
        3 => (0_i64..10).prop_map(Step::Ahead),
        1 => Just(Step::Die),
        1 => Just(Step::HandBack),
    ];
    (0_usize..4, step)
}

async fn any_interleaving_counts_every_unit_once(stage: Stage) {
    for_all(32, &prop::collection::vec(step(), 0..50), async |steps| {
        let (job, claims) = stage.working().await;
        let mut workers: Vec<Worker<'_>> = Vec::new();
        for claim in claims {
            workers.push(Worker::start(&stage, claim).await);
        }
        for (worker, step) in steps {
            workers[worker].take(&step).await;
            check(&stage, job).await;
            counts_what_is_settled(&stage, job).await;
        }
        for worker in &mut workers {
            worker.take(&Step::Settle(UNITS)).await;
            finish(&stage.core, &names(std::slice::from_ref(&worker.claim))).await.unwrap();
        }
        check(&stage, job).await;
        let scan = list::find(&stage.core.store, stage.owner.user, job).await.unwrap().unwrap();
        prop_assert_eq!((scan.job.status, scan.job.done_units), (Status::Completed, UNITS));
        prop_assert_eq!(scan.tally(), truth(UNITS));
        Ok(())
    });
}

/// Closed and filtered ports are settled ones, and open ones are at least as many as the settled ones.
async fn counts_what_is_settled(stage: &Stage, job: JobId) {
    let scan = list::find(&stage.core.store, stage.owner.user, job).await.unwrap().unwrap();
    let tally = scan.tally();
    let settled = stage.database.shards(job).await.into_iter();
    let settled: Vec<i64> = settled.flat_map(|shard| shard.units.start..shard.position).collect();
    let count =
        |wanted| i64::try_from(settled.iter().filter(|unit| answer(**unit) == wanted).count()).unwrap();
    assert_eq!(scan.job.done_units, i64::try_from(settled.len()).unwrap());
    assert_eq!((tally.closed, tally.filtered), (count(Answer::Closed), count(Answer::Silent)));
    assert!(tally.open >= count(Answer::Open), "{tally:?}");
}

/// A worker at one shard; when it dies, the next takes its place.
struct Worker<'a> {
    stage: &'a Stage,
    claim: Claim,
    position: i64,
    /// Units that were open when it began: it does not try them again.
    known: HashSet<i64>,
}

impl<'a> Worker<'a> {
    async fn start(stage: &'a Stage, claim: Claim) -> Self {
        let (store, end) = (&stage.core.store, claim.units.end);
        let known = list::open_units(store, claim.job.id, claim.position, end).await.unwrap();
        Self { stage, position: claim.position, claim, known: known.into_iter().collect() }
    }

    async fn take(&mut self, step: &Step) {
        match *step {
            Step::Settle(units) => {
                let end = (self.position + units).min(self.claim.units.end);
                let next = Script::short().report(self.position..end, &self.known);
                self.report(&next).await;
                self.position = end;
            }
            Step::Ahead(units) => {
                let unit = self.position + units;
                if self.claim.units.contains(&unit) && answer(unit) == Answer::Open {
                    let found = vec![Script::short().open(unit)];
                    self.report(&Report { position: self.position, found, ..Report::default() }).await;
                }
            }
            Step::Die => {
                self.stage.wait_seconds(LEASE_SECONDS);
                self.keep_the_others().await;
                self.stage.wait_seconds(1);
                sweep(&self.stage.core).await.unwrap();
                self.next().await;
            }
            Step::HandBack => {
                give_back(&self.stage.core, &self.claim, TimeDelta::zero()).await.unwrap();
                self.next().await;
            }
        }
    }

    async fn report(&self, next: &Report) {
        assert_eq!(report(&self.stage.core, &self.claim, next).await.unwrap(), Reported::Kept);
    }

    async fn keep_the_others(&self) {
        let shards = self.stage.database.shards(self.claim.job.id).await;
        let others = shards.iter().filter(|shard| shard.id != self.claim.shard);
        let others: Vec<_> = others.map(|shard| (shard.id, shard.attempt)).collect();
        renew(&self.stage.core, &others).await.unwrap();
    }

    /// The next worker takes the shard up, from its checkpoint.
    async fn next(&mut self) {
        let mut claims = claim(&self.stage.core, Ability::RawPackets, &[self.claim.shard]).await.unwrap();
        // A shard that fell silent often waits before it is due.
        while claims.is_empty() {
            self.stage.wait_seconds(1);
            self.keep_the_others().await;
            claims = claim(&self.stage.core, Ability::RawPackets, &[self.claim.shard]).await.unwrap();
        }
        *self = Self::start(self.stage, claims.remove(0)).await;
    }
}
