//! Sweeping: silent shards, lost rings.

use std::collections::HashSet;

use chrono::TimeDelta;
use shared::{
    id::JobId,
    job::{
        FailureCode, Status,
        claim::{claim, renew},
        report::report,
        sweep::sweep,
    },
    scan::Ability,
};

use crate::{
    invariants::check,
    race::race,
    scanner::{Script, names},
    stage::{INSTANT, LEASE_SECONDS, Stage},
};

on_both_databases!(
    a_silent_shard_is_freed_after_its_lease_and_not_before,
    a_sign_of_life_keeps_a_shard,
    a_shard_that_fell_silent_often_waits_longer_each_time,
    a_job_that_silences_every_worker_fails,
    the_sweep_rings_for_the_first_shard_of_each_job_that_has_no_ring,
    a_lost_ring_is_found_however_many_others_wait,
    racing_sweeps_free_a_shard_once,
);

async fn a_silent_shard_is_freed_after_its_lease_and_not_before(stage: Stage) {
    let (job, claims) = stage.working().await;
    stage.hush().await;
    stage.wait_seconds(LEASE_SECONDS);
    sweep(&stage.core).await.unwrap();
    assert!(stage.queued(job).await.is_empty());
    assert_eq!(renew(&stage.core, &names(&claims[..1])).await.unwrap(), [claims[0].shard]);
    stage.wait(INSTANT);
    sweep(&stage.core).await.unwrap();
    assert_eq!(stage.queued(job).await.len(), 3, "all but the one that was renewed");
    let rung: HashSet<_> = stage.hush().await.into_iter().collect();
    assert_eq!(rung, claims[1..].iter().map(|claim| claim.shard).collect());
    check(&stage, job).await;
}

async fn a_sign_of_life_keeps_a_shard(stage: Stage) {
    let (job, claims) = stage.working().await;
    for step in 0..4 {
        stage.wait_seconds(LEASE_SECONDS - 1);
        renew(&stage.core, &names(&claims[1..])).await.unwrap();
        let next = Script::short().report(step..step + 1, &HashSet::new());
        report(&stage.core, &claims[0], &next).await.unwrap();
        sweep(&stage.core).await.unwrap();
    }
    assert!(stage.queued(job).await.is_empty());
    check(&stage, job).await;
}

async fn a_shard_that_fell_silent_often_waits_longer_each_time(stage: Stage) {
    let job = stage.submit().await;
    let shard = stage.queued(job).await[0];
    for attempt in 1..8 {
        assert_eq!(claim(&stage.core, Ability::RawPackets, &[shard]).await.unwrap()[0].attempt, attempt);
        stage.wait_seconds(LEASE_SECONDS + 1);
        sweep(&stage.core).await.unwrap();
        let wait = TimeDelta::seconds((attempt - 3).max(0) * 2);
        if !wait.is_zero() {
            stage.wait(wait - INSTANT);
            assert!(
                claim(&stage.core, Ability::RawPackets, &[shard]).await.unwrap().is_empty(),
                "attempt {attempt}"
            );
            stage.wait(INSTANT);
        }
    }
}

async fn a_job_that_silences_every_worker_fails(stage: Stage) {
    let job = stage.submit().await;
    for attempt in 1..=20 {
        assert_eq!(stage.claim_one(job).await.attempt, attempt);
        stage.wait_seconds(LEASE_SECONDS + 1);
        sweep(&stage.core).await.unwrap();
        stage.wait_seconds(60);
        check(&stage, job).await;
        assert_eq!(stage.job(job).await.status.is_final(), attempt == 20, "attempt {attempt}");
    }
    let failed = stage.job(job).await;
    assert_eq!(failed.status, Status::Failed);
    assert_eq!(failed.failure().unwrap().code, FailureCode::TooManyAttempts);
}

async fn the_sweep_rings_for_the_first_shard_of_each_job_that_has_no_ring(stage: Stage) {
    let jobs: [JobId; 2] = [stage.submit().await, stage.planned(&Script::short()).await];
    stage.hush().await;
    let first = [stage.queued(jobs[0]).await[0], stage.queued(jobs[1]).await[0]];
    for _ in 0..3 {
        sweep(&stage.core).await.unwrap();
        assert_eq!(stage.core.bell.rung(9).await.unwrap(), first);
    }
    stage.hush().await;
    claim(&stage.core, Ability::RawPackets, &first).await.unwrap();
    let second = stage.queued(jobs[1]).await[0];
    assert_eq!(stage.hush().await, [second], "the claim rings for the job that has more");
    sweep(&stage.core).await.unwrap();
    assert_eq!(stage.hush().await, [second]);
    stage.claim_all(jobs[1]).await;
    stage.hush().await;
    sweep(&stage.core).await.unwrap();
    assert_eq!(stage.core.bell.waiting().await, Some(0), "all is claimed");
}

async fn a_lost_ring_is_found_however_many_others_wait(stage: Stage) {
    let lost = stage.submit().await;
    stage.hush().await;
    let others = [stage.submit().await, stage.submit().await];
    sweep(&stage.core).await.unwrap();
    let rung: Vec<JobId> = stage.hush().await.into_iter().map(|shard| shard.job).collect();
    assert_eq!(rung, [others[0], others[1], lost]);
}

async fn racing_sweeps_free_a_shard_once(stage: Stage) {
    let (job, claims) = stage.working().await;
    stage.hush().await;
    stage.wait_seconds(LEASE_SECONDS + 1);
    let elsewhere = stage.other_process().await;
    race(16, |index| {
        let core = if index % 2 == 0 { stage.core.clone() } else { elsewhere.clone() };
        async move { sweep(&core).await.unwrap() }
    })
    .await;
    assert_eq!(stage.queued(job).await.len(), 4);
    check(&stage, job).await;
    let again = stage.claim_all(job).await;
    assert!(again.iter().all(|claim| claim.attempt == 2), "{again:?}");
    assert_eq!(again.len(), claims.len());
}
