//! Any order of what may happen to a job keeps what holds of every job.

use std::{collections::HashSet, future::Future};

use chrono::TimeDelta;
use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseResult, TestRunner},
};
use shared::{
    id::{JobId, ShardId},
    job::{
        Status,
        cancel::cancel,
        claim::{Claim, claim, renew},
        finish::{finish, give_back, split},
        report::{Reported, report},
        sweep::sweep,
    },
    scan::Ability,
};
use tokio::runtime::Handle;

use crate::{
    invariants::check,
    scanner::{Script, names},
    stage::Stage,
};

on_both_databases!(any_history_keeps_the_invariants);

/// Something that happens. Numbers choose among the shards there are, or among all claims that were ever made: also
/// those that are long lost.
#[derive(Clone, Debug)]
enum Step {
    Claim(usize),
    Split(usize),
    Report(usize, i64),
    Finish(usize),
    GiveBack(usize, i64),
    Renew(usize),
    Sweep,
    Wait(i64),
    Cancel,
}

fn step() -> impl Strategy<Value = Step> {
    let one = 0_usize..24;
    prop_oneof![
        6 => one.clone().prop_map(Step::Claim),
        2 => one.clone().prop_map(Step::Split),
        6 => (one.clone(), 0_i64..12).prop_map(|(claim, units)| Step::Report(claim, units)),
        4 => one.clone().prop_map(Step::Finish),
        2 => (one.clone(), 0_i64..4).prop_map(|(claim, wait)| Step::GiveBack(claim, wait)),
        1 => one.prop_map(Step::Renew),
        2 => Just(Step::Sweep),
        3 => prop_oneof![6 => 1_i64..15, 1 => Just(3600)].prop_map(Step::Wait),
        1 => prop::bool::weighted(0.2).prop_map(|now| if now { Step::Cancel } else { Step::Sweep }),
    ]
}

/// Runs a property whose check is asynchronous. Each case is its own job in the same database.
pub(crate) fn for_all<S: Strategy, F: Future<Output = TestCaseResult>>(
    cases: u32,
    strategy: &S,
    check: impl Fn(S::Value) -> F,
) {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let held = tokio::task::block_in_place(|| {
        TestRunner::new(config).run(strategy, |value| Handle::current().block_on(check(value)))
    });
    if let Err(broken) = held {
        panic!("{broken}");
    }
}

async fn any_history_keeps_the_invariants(stage: Stage) {
    for_all(40, &prop::collection::vec(step(), 1..40), async |steps| {
        History::begin(&stage).await.run(steps).await;
        Ok(())
    });
}

/// A job and every claim that was ever made on it.
struct History<'a> {
    stage: &'a Stage,
    script: Script,
    job: JobId,
    claims: Vec<Claim>,
    ended: Option<Status>,
}

impl<'a> History<'a> {
    /// A job whose planning shard is claimed.
    async fn begin(stage: &'a Stage) -> Self {
        let job = stage.submit().await;
        let claims = vec![stage.claim_one(job).await];
        Self { stage, script: Script::short(), job, claims, ended: None }
    }

    async fn run(mut self, steps: Vec<Step>) {
        for step in steps {
            self.take(&step).await;
            check(self.stage, self.job).await;
            let status = self.stage.job(self.job).await.status;
            assert!(self.ended.is_none_or(|ended| ended == status), "{:?} became {status:?}", self.ended);
            self.ended = status.is_final().then_some(status);
        }
    }

    async fn take(&mut self, step: &Step) {
        let core = &self.stage.core;
        match *step {
            Step::Claim(one) => self.claim(one).await,
            Step::Split(one) => self.split(one).await,
            Step::Report(one, units) => self.report(one, units).await,
            Step::Finish(one) => finish(core, &names(&[self.pick(one)])).await.unwrap(),
            Step::GiveBack(one, wait) => {
                give_back(core, &self.pick(one), TimeDelta::seconds(wait)).await.unwrap();
            }
            Step::Renew(one) => renew(core, &names(&[self.pick(one)])).await.map(drop).unwrap(),
            Step::Sweep => sweep(core).await.unwrap(),
            Step::Wait(seconds) => self.stage.wait_seconds(seconds),
            Step::Cancel => {
                let told = cancel(core, &self.stage.owner, self.job).await;
                assert_eq!(told.is_ok(), self.ended.is_none(), "{told:?}");
            }
        }
    }

    fn pick(&self, one: usize) -> Claim {
        self.claims[one % self.claims.len()].clone()
    }

    async fn claim(&mut self, one: usize) {
        // Those that are left, and those that were claimed before: they may be done, and gone.
        let left = self.stage.database.shards(self.job).await;
        let shards: Vec<ShardId> =
            left.iter().map(|shard| shard.id).chain(self.claims.iter().map(|claim| claim.shard)).collect();
        let won = claim(&self.stage.core, Ability::RawPackets, &[shards[one % shards.len()]]).await.unwrap();
        self.claims.extend(won);
    }

    async fn split(&mut self, one: usize) {
        let first = self.pick(one);
        if first.shard.number == 0 {
            split(&self.stage.core, &first, &self.script.plan, self.script.units(), Ability::Connections)
                .await
                .unwrap();
        }
    }

    async fn report(&mut self, one: usize, units: i64) {
        let at = one % self.claims.len();
        let claim = &mut self.claims[at];
        let end = (claim.position + units).min(claim.units.end);
        let next = self.script.report(claim.position..end, &HashSet::new());
        if report(&self.stage.core, claim, &next).await.unwrap() == Reported::Kept {
            claim.position = end;
        }
    }
}
