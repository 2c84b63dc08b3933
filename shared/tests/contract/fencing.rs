//! Late writes of a claim that is lost change nothing.

use std::collections::HashSet;

use chrono::TimeDelta;
use shared::{
    job::{
        claim::{Claim, renew},
        end::fail,
        finish::{finish, give_back, split},
        report::{Reported, report},
        sweep::sweep,
        {Failure, FailureCode, Status},
    },
    scan::Ability,
};

use crate::{
    database::ShardRow,
    invariants::check,
    scanner::{Script, names},
    stage::{LEASE_SECONDS, Stage},
};

on_both_databases!(
    a_claim_is_lost_once_the_sweep_has_freed_its_shard,
    a_claim_is_lost_once_another_worker_has_the_shard,
    a_claim_is_lost_once_the_job_has_ended,
    a_claim_is_lost_once_its_shard_is_done,
    a_planner_that_lost_its_claim_adds_no_shards,
);

async fn a_claim_is_lost_once_the_sweep_has_freed_its_shard(stage: Stage) {
    let (_, claims) = stage.working().await;
    stage.wait_seconds(LEASE_SECONDS + 1);
    sweep(&stage.core).await.unwrap();
    writes_nothing(&stage, &claims[1]).await;
}

async fn a_claim_is_lost_once_another_worker_has_the_shard(stage: Stage) {
    let (job, claims) = stage.working().await;
    stage.wait_seconds(LEASE_SECONDS + 1);
    sweep(&stage.core).await.unwrap();
    let again = stage.claim_all(job).await;
    assert_eq!(again[1].attempt, 2);
    writes_nothing(&stage, &claims[1]).await;
    let next = Script::short().report(10..14, &HashSet::new());
    assert_eq!(report(&stage.core, &again[1], &next).await.unwrap(), Reported::Kept);
}

async fn a_claim_is_lost_once_the_job_has_ended(stage: Stage) {
    let (job, claims) = stage.working().await;
    let failure = Failure { code: FailureCode::Internal, message: "it broke".to_owned() };
    fail(&stage.core, job, failure.clone()).await.unwrap();
    writes_nothing(&stage, &claims[1]).await;
    let failed = stage.job(job).await;
    assert_eq!((failed.status, failed.failure()), (Status::Failed, Some(failure)));
    fail(&stage.core, job, Failure { code: FailureCode::Refused, message: "late".to_owned() }).await.unwrap();
    assert_eq!(stage.job(job).await.failure().unwrap().message, "it broke");
}

async fn a_claim_is_lost_once_its_shard_is_done(stage: Stage) {
    let (_, claims) = stage.working().await;
    finish(&stage.core, &names(&claims[1..2])).await.unwrap();
    writes_nothing(&stage, &claims[1]).await;
}

async fn a_planner_that_lost_its_claim_adds_no_shards(stage: Stage) {
    let script = Script::short();
    let job = stage.submit().await;
    let first = stage.claim_one(job).await;
    stage.wait_seconds(LEASE_SECONDS + 1);
    sweep(&stage.core).await.unwrap();
    assert!(!split(&stage.core, &first, &script.plan, script.units(), Ability::Connections).await.unwrap());
    let second = stage.claim_one(job).await;
    assert!(!split(&stage.core, &first, &script.plan, script.units(), Ability::Connections).await.unwrap());
    assert!(split(&stage.core, &second, &script.plan, script.units(), Ability::Connections).await.unwrap());
    assert!(!split(&stage.core, &second, &script.plan, script.units(), Ability::Connections).await.unwrap());
    assert_eq!(stage.database.shards(job).await.len(), 4);
    check(&stage, job).await;
}

/// Tries every write that a worker has, and sees that the job stands as before.
async fn writes_nothing(stage: &Stage, lost: &Claim) {
    let before = rows(stage, lost).await;
    let late = Script::short().report(lost.units.clone(), &HashSet::new());
    assert_eq!(report(&stage.core, lost, &late).await.unwrap(), Reported::Lost);
    finish(&stage.core, &names(std::slice::from_ref(lost))).await.unwrap();
    give_back(&stage.core, lost, TimeDelta::zero()).await.unwrap();
    assert!(renew(&stage.core, &names(std::slice::from_ref(lost))).await.unwrap().is_empty());
    assert_eq!(rows(stage, lost).await, before);
    check(stage, lost.job.id).await;
}

async fn rows(stage: &Stage, claim: &Claim) -> (Vec<ShardRow>, i64, i64, i64) {
    let job = stage.job(claim.job.id).await;
    (stage.database.shards(claim.job.id).await, job.last_seq, job.done_units, job.shards_left)
}
