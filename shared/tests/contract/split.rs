//! Splitting: shards that cover every unit once.

use shared::{
    bell::{Heard, News},
    error::Error,
    event::{Fact, UnresolvedHost},
    job::{Status, cancel::cancel, finish::split},
    scan::Ability,
    store::{events, scans},
};

use crate::{invariants::check, race::race, scanner::Script, stage::Stage};

on_both_databases!(
    a_split_covers_every_unit_once,
    a_split_is_rung_and_told,
    a_split_tells_each_host_that_the_plan_leaves_out,
    a_split_that_fails_half_way_changes_nothing,
    one_of_racing_splits_is_stored,
    a_split_that_meets_a_cancellation_leaves_no_shard,
);

async fn a_split_covers_every_unit_once(stage: Stage) {
    for last_port in [1, 2, 3, 10, 25] {
        let script = Script::of_ports(last_port);
        let job = stage.planned(&script).await;
        let shards = stage.database.shards(job).await;
        assert!(shards.iter().map(|shard| shard.id.number).eq(1..=i64::try_from(shards.len()).unwrap()));
        let covered: Vec<i64> = shards.iter().flat_map(|shard| shard.units.clone()).collect();
        assert_eq!(covered, (0..script.units()).collect::<Vec<i64>>());
        assert!(shards.iter().all(|shard| shard.position == shard.units.start && shard.attempt == 0));
        let planned = stage.job(job).await;
        assert_eq!((planned.total_units, planned.done_units), (script.units(), 0));
        assert_eq!(scans::plan(&stage.core.store, job).await.unwrap(), Some(script.plan));
        check(&stage, job).await;
    }
}

async fn a_split_is_rung_and_told(stage: Stage) {
    let script = Script::short();
    let job = stage.submit().await;
    let first = stage.claim_one(job).await;
    stage.hush().await;
    let mut news = stage.core.bell.news();
    split(&stage.core, &first, &script.plan, script.units(), Ability::Connections).await.unwrap();
    assert_eq!(stage.hush().await, stage.queued(job).await[..1], "whoever claims it rings for the next");
    let Some(Heard::Message(News::Progress(progress))) = news.next().await else {
        panic!("progress is told")
    };
    assert_eq!((progress.job, progress.seq, progress.done, progress.total), (job, 2, 0, 40));
}

async fn a_split_tells_each_host_that_the_plan_leaves_out(stage: Stage) {
    let script = Script::short();
    let host =
        |host: &str| UnresolvedHost { host: host.to_owned(), reason: format!("{host} has no address") };
    let left_out = vec![host("one.test"), host("two.test")];
    let plan = script.plan.clone().leaving_out(left_out.clone());
    let job = stage.submit().await;
    let first = stage.claim_one(job).await;
    let mut news = stage.core.bell.news();
    assert!(split(&stage.core, &first, &plan, script.units(), Ability::Connections).await.unwrap());
    let facts: Vec<(i64, Fact)> =
        left_out.into_iter().zip(3..).map(|(host, seq)| (seq, Fact::UnresolvedHost(host))).collect();
    let stored = events::after(&stage.core.store, job, 2, 10).await.unwrap();
    assert_eq!(stored.into_iter().map(|event| (event.seq, event.fact)).collect::<Vec<_>>(), facts);
    for (seq, fact) in facts {
        let Some(Heard::Message(News::Event(event))) = news.next().await else { panic!("{fact:?} is told") };
        assert_eq!((event.seq, event.fact), (seq, fact));
    }
    assert_eq!(scans::plan(&stage.core.store, job).await.unwrap(), Some(plan));
    check(&stage, job).await;
}

async fn a_split_that_fails_half_way_changes_nothing(stage: Stage) {
    let script = Script::short();
    let job = stage.submit().await;
    let first = stage.claim_one(job).await;
    stage.hush().await;
    stage.database.run("ALTER TABLE scans RENAME TO hidden_scans").await;
    let failed = split(&stage.core, &first, &script.plan, script.units(), Ability::Connections).await;
    assert!(matches!(failed, Err(Error::Internal(_))), "{failed:?}");
    stage.database.run("ALTER TABLE hidden_scans RENAME TO scans").await;
    assert_eq!(stage.database.shards(job).await.len(), 1);
    assert_eq!(stage.core.bell.waiting().await, Some(0));
    check(&stage, job).await;
    assert!(split(&stage.core, &first, &script.plan, script.units(), Ability::Connections).await.unwrap());
    check(&stage, job).await;
}

async fn one_of_racing_splits_is_stored(stage: Stage) {
    let cores = [stage.core.clone(), stage.other_process().await];
    let script = Script::short();
    let job = stage.submit().await;
    let first = stage.claim_one(job).await;
    let stored = race(16, |index| {
        let (core, first, script) = (cores[index % 2].clone(), first.clone(), script.clone());
        async move { split(&core, &first, &script.plan, script.units(), Ability::Connections).await.unwrap() }
    });
    assert_eq!(stored.await.into_iter().filter(|stored| *stored).count(), 1);
    assert_eq!(stage.database.shards(job).await.len(), 4);
    check(&stage, job).await;
}

async fn a_split_that_meets_a_cancellation_leaves_no_shard(stage: Stage) {
    let other = stage.other_process().await;
    let script = Script::short();
    for _ in 0..12 {
        let job = stage.submit().await;
        let first = stage.claim_one(job).await;
        let (core, owner) = (other.clone(), stage.owner.clone());
        let cancelling = tokio::spawn(async move { cancel(&core, &owner, job).await });
        split(&stage.core, &first, &script.plan, script.units(), Ability::Connections).await.unwrap();
        cancelling.await.unwrap().unwrap();
        assert_eq!(stage.job(job).await.status, Status::Cancelled);
        check(&stage, job).await;
    }
}
