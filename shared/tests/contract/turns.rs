//! The order of shards: jobs take turns, and nobody takes up what they cannot work.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use shared::{
    bell::Bell,
    id::{JobId, ShardId},
    job::{
        Due, Status,
        claim::{Claim, claim, due},
        finish::{finish, give_back, split},
        sweep::sweep,
    },
    scan::Ability::{self, Connections, RawPackets},
};

use crate::{
    invariants::check,
    scanner::{Script, names},
    stage::{JOB_SECONDS, LEASE_SECONDS, Stage},
};

on_both_databases!(
    jobs_take_turns_whatever_their_size,
    a_job_has_one_ring_however_many_shards_wait,
    a_ring_too_many_ends_where_two_claim_the_same,
    a_shard_that_was_given_back_does_not_end_the_turns_of_its_job,
    a_shard_waits_for_a_worker_that_is_able_to_work_it,
    a_freed_shard_is_rung_for_whom_it_needs,
    a_scan_that_nobody_is_able_to_work_ends_at_its_time_limit,
);

/// Hears one ring and claims it.
async fn take(stage: &Stage) -> Vec<Claim> {
    let heard = stage.core.bell.hear(RawPackets, 1).await.unwrap();
    claim(&stage.core, RawPackets, &heard).await.unwrap()
}

/// How a worker with one slot would take up all that waits.
async fn taken_in_turn(stage: &Stage) -> Vec<ShardId> {
    let mut taken = Vec::new();
    while stage.core.bell.waiting().await != Some(0) {
        let claims = take(stage).await;
        taken.extend(claims.iter().map(|claim| claim.shard));
        finish(&stage.core, &names(&claims)).await.unwrap();
    }
    taken
}

/// A job of so many shards that need `needs`, planned by a worker that can do no more than open connections, who hears of
/// nothing else.
async fn planned(stage: &Stage, shards: i64, needs: Ability) -> JobId {
    let script = Script::of_ports(shards * 10 / 4);
    let job = stage.submit_script(&script).await;
    let heard = stage.core.bell.hear(Connections, 1).await.unwrap();
    let first = claim(&stage.core, Connections, &heard).await.unwrap().remove(0);
    assert_eq!((first.job.id, first.needs), (job, Connections), "anybody may plan");
    assert!(split(&stage.core, &first, &script.plan, script.units(), needs).await.unwrap());
    job
}

async fn jobs_take_turns_whatever_their_size(stage: Stage) {
    let big = stage.planned(&Script::of_ports(30)).await;
    let small = stage.planned(&Script::short()).await;
    let order = taken_in_turn(&stage).await;
    let jobs: Vec<JobId> = order.iter().map(|shard| shard.job).collect();
    assert_eq!(jobs[..8], [big, small, big, small, big, small, big, small]);
    assert_eq!((jobs.len(), jobs[8..].iter().all(|job| *job == big)), (16, true));
    let numbers: Vec<i64> = order.iter().filter(|shard| shard.job == big).map(|shard| shard.number).collect();
    assert_eq!(numbers, (1..=12).collect::<Vec<i64>>());
    for job in [big, small] {
        assert!(stage.job(job).await.completed_at.is_some());
        check(&stage, job).await;
    }
}

async fn a_job_has_one_ring_however_many_shards_wait(stage: Stage) {
    let job = planned(&stage, 8, Connections).await;
    for left in (1..=8).rev() {
        assert_eq!(stage.core.bell.waiting().await, Some(1), "{left} wait");
        assert_eq!(stage.queued(job).await.len(), left);
        assert_eq!(take(&stage).await.len(), 1);
    }
    assert_eq!(stage.core.bell.waiting().await, Some(0));
}

async fn a_ring_too_many_ends_where_two_claim_the_same(stage: Stage) {
    let job = planned(&stage, 8, Connections).await;
    let first = Due { shard: stage.queued(job).await[0], needs: Connections };
    stage.core.bell.ring(&[first, first]).await;
    let taken: Vec<usize> =
        vec![take(&stage).await.len(), take(&stage).await.len(), take(&stage).await.len()];
    assert_eq!((taken, stage.core.bell.waiting().await), (vec![1, 0, 0], Some(1)));
    assert_eq!(taken_in_turn(&stage).await.len(), 7);
}

async fn a_shard_that_was_given_back_does_not_end_the_turns_of_its_job(stage: Stage) {
    let job = planned(&stage, 8, Connections).await;
    let mut claims = Vec::new();
    for _ in 0..5 {
        claims.extend(take(&stage).await);
    }
    stage.hush().await;
    give_back(&stage.core, &claims[1], TimeDelta::zero()).await.unwrap();
    let taken: BTreeSet<i64> = taken_in_turn(&stage).await.iter().map(|shard| shard.number).collect();
    assert_eq!(taken, BTreeSet::from([2, 6, 7, 8]), "its ring goes on to those that come after it");
    check(&stage, job).await;
}

async fn a_shard_waits_for_a_worker_that_is_able_to_work_it(stage: Stage) {
    let job = planned(&stage, 4, RawPackets).await;
    let shards = stage.queued(job).await;
    assert!(claim(&stage.core, Connections, &shards).await.unwrap().is_empty());
    let due = async |ability| due(&stage.core, ability, 100).await.unwrap();
    assert_eq!((due(Connections).await, due(RawPackets).await), (Vec::new(), shards));
    let usual = planned(&stage, 4, Connections).await;
    let heard = stage.core.bell.hear(Connections, 100).await.unwrap();
    assert_eq!(heard, [stage.queued(usual).await[0]]);
    assert_eq!(claim(&stage.core, Connections, &heard).await.unwrap().len(), 1);
    let both: BTreeSet<JobId> = taken_in_turn(&stage).await.iter().map(|shard| shard.job).collect();
    assert_eq!(both, BTreeSet::from([job, usual]));
    assert!(stage.job(job).await.completed_at.is_some());
    check(&stage, job).await;
}

async fn a_freed_shard_is_rung_for_whom_it_needs(stage: Stage) {
    let job = planned(&stage, 4, RawPackets).await;
    stage.hush().await;
    let claims = stage.claim_all(job).await;
    assert!(claims.iter().all(|claim| claim.needs == RawPackets));
    stage.hush().await;
    give_back(&stage.core, &claims[0], TimeDelta::zero()).await.unwrap();
    assert_eq!(rung_for(&stage.core.bell).await, [(Connections, 0), (RawPackets, 1)]);
    stage.claim_all(job).await;
    stage.hush().await;
    stage.wait_seconds(LEASE_SECONDS + 1);
    sweep(&stage.core).await.unwrap();
    assert_eq!(rung_for(&stage.core.bell).await, [(Connections, 0), (RawPackets, 4)]);
    sweep(&stage.core).await.unwrap();
    assert_eq!(
        rung_for(&stage.core.bell).await,
        [(Connections, 0), (RawPackets, 1)],
        "of a job without a ring"
    );
}

async fn a_scan_that_nobody_is_able_to_work_ends_at_its_time_limit(stage: Stage) {
    let job = planned(&stage, 4, RawPackets).await;
    stage.wait_seconds(JOB_SECONDS);
    sweep(&stage.core).await.unwrap();
    assert_eq!(stage.job(job).await.status, Status::Running);
    stage.wait_seconds(1);
    sweep(&stage.core).await.unwrap();
    assert_eq!(stage.job(job).await.status, Status::TimedOut);
    check(&stage, job).await;
}

/// How many rings a worker without rights hears, and how many more one with them; they are taken.
async fn rung_for(bell: &Bell) -> [(Ability, usize); 2] {
    let mut heard = [(Connections, 0), (RawPackets, 0)];
    for (ability, count) in &mut heard {
        while bell.waiting().await != Some(0) {
            let some = bell.hear(*ability, 100).await.unwrap().len();
            if some == 0 {
                break;
            }
            *count += some;
        }
    }
    heard
}
