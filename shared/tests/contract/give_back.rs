//! Giving a shard back: at once, or after a wait.

use std::collections::HashSet;

use chrono::TimeDelta;
use shared::{
    job::{claim::claim, finish::give_back, report::report, sweep::sweep},
    scan::Ability,
};

use crate::{
    invariants::check,
    race::race,
    scanner::Script,
    stage::{INSTANT, Stage},
};

on_both_databases!(
    a_shard_given_back_goes_on_from_its_checkpoint_at_once,
    a_shard_given_back_with_a_wait_is_due_after_it,
    a_shard_is_given_back_once,
);

async fn a_shard_given_back_goes_on_from_its_checkpoint_at_once(stage: Stage) {
    let (job, claims) = stage.working().await;
    let next = Script::short().report(10..14, &HashSet::new());
    report(&stage.core, &claims[1], &next).await.unwrap();
    stage.hush().await;
    give_back(&stage.core, &claims[1], TimeDelta::zero()).await.unwrap();
    assert_eq!(stage.hush().await, [claims[1].shard]);
    let again = stage.claim_one(job).await;
    assert_eq!((again.shard, again.attempt, again.position), (claims[1].shard, 2, 14));
    assert_eq!(again.units, 10..20);
    check(&stage, job).await;
}

async fn a_shard_given_back_with_a_wait_is_due_after_it(stage: Stage) {
    let (job, claims) = stage.working().await;
    stage.hush().await;
    give_back(&stage.core, &claims[1], TimeDelta::seconds(5)).await.unwrap();
    stage.wait(TimeDelta::seconds(5) - INSTANT);
    sweep(&stage.core).await.unwrap();
    assert_eq!(stage.core.bell.waiting().await, Some(0));
    assert!(claim(&stage.core, Ability::RawPackets, &[claims[1].shard]).await.unwrap().is_empty());
    stage.wait(INSTANT);
    sweep(&stage.core).await.unwrap();
    assert_eq!(stage.hush().await, [claims[1].shard]);
    assert_eq!(stage.claim_one(job).await.attempt, 2);
    check(&stage, job).await;
}

async fn a_shard_is_given_back_once(stage: Stage) {
    let (job, claims) = stage.working().await;
    stage.hush().await;
    race(16, |_| {
        let (core, lost) = (stage.core.clone(), claims[1].clone());
        async move { give_back(&core, &lost, TimeDelta::zero()).await.unwrap() }
    })
    .await;
    assert_eq!(stage.hush().await, [claims[1].shard]);
    check(&stage, job).await;
}
