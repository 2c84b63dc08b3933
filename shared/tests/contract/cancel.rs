//! Cancelling: at any moment, once, for good.

use std::collections::HashSet;

use shared::{
    bell::{Heard, News},
    error::{Error, Noun, Step},
    event::Fact,
    id::JobId,
    identity::{Principal, Role, set_enabled, user},
    job::{
        Status,
        cancel::{cancel, find},
        claim::claim,
        finish::finish,
        report::report,
    },
    scan::Ability,
};

use crate::{
    invariants::check,
    race::race,
    scanner::{Script, names, truth},
    stage::Stage,
};

on_both_databases!(
    a_queued_job_is_cancelled_before_it_starts,
    a_running_job_is_cancelled_and_keeps_what_it_found,
    an_ended_job_cannot_be_cancelled,
    one_of_racing_cancellations_is_told_so,
    a_cancelled_job_never_completes,
    a_claim_that_meets_a_cancellation_starts_nothing,
    only_who_may_write_cancels,
    what_a_disabled_user_has_under_way_is_cancelled,
);

async fn a_queued_job_is_cancelled_before_it_starts(stage: Stage) {
    let job = stage.submit().await;
    let shards = stage.queued(job).await;
    stage.wait_seconds(7);
    let mut news = stage.core.bell.news();
    cancel(&stage.core, &stage.owner, job).await.unwrap();
    let cancelled = stage.job(job).await;
    assert_eq!((cancelled.status, cancelled.started_at), (Status::Cancelled, None));
    assert_eq!((cancelled.completed_at, cancelled.failure()), (Some(stage.now()), None));
    let last = stage.events(job).await.pop().unwrap();
    let (status, tally) = (Status::Cancelled, truth(0));
    assert_eq!(last.fact, Fact::Complete { status, duration_ms: 0, tally, error: None });
    assert_eq!(news.next().await, Some(Heard::Message(News::Event(last))));
    assert!(claim(&stage.core, Ability::RawPackets, &shards).await.unwrap().is_empty());
    check(&stage, job).await;
}

async fn a_running_job_is_cancelled_and_keeps_what_it_found(stage: Stage) {
    let (job, claims) = stage.working().await;
    let next = Script::short().report(0..9, &HashSet::new());
    report(&stage.core, &claims[0], &next).await.unwrap();
    let mut stops = stage.core.bell.stops();
    cancel(&stage.core, &stage.owner, job).await.unwrap();
    assert_eq!(stops.next().await, Some(Heard::Message(job)));
    let scan = find(&stage.core, &stage.owner, job).await.unwrap();
    assert_eq!((scan.job.status, scan.tally()), (Status::Cancelled, truth(9)));
    check(&stage, job).await;
}

async fn an_ended_job_cannot_be_cancelled(stage: Stage) {
    let (cancelled, _) = stage.working().await;
    cancel(&stage.core, &stage.owner, cancelled).await.unwrap();
    let (completed, claims) = stage.working().await;
    finish(&stage.core, &names(&claims)).await.unwrap();
    for (job, status) in [(cancelled, Status::Cancelled), (completed, Status::Completed)] {
        let refused = cancel(&stage.core, &stage.owner, job).await;
        assert!(matches!(refused, Err(Error::Conflict { step: Step::Cancel, .. })), "{refused:?}");
        assert_eq!(stage.job(job).await.status, status);
        check(&stage, job).await;
    }
}

async fn one_of_racing_cancellations_is_told_so(stage: Stage) {
    let cores = [stage.core.clone(), stage.other_process().await];
    let (job, _) = stage.working().await;
    let told = race(16, |index| {
        let (core, owner) = (cores[index % 2].clone(), stage.owner.clone());
        async move { cancel(&core, &owner, job).await }
    });
    let told = told.await;
    assert_eq!(told.iter().filter(|told| told.is_ok()).count(), 1);
    let conflict = |told: &Result<(), Error>| matches!(told, Err(Error::Conflict { .. }));
    assert_eq!(told.iter().filter(|told| conflict(told)).count(), 15, "{told:?}");
    check(&stage, job).await;
}

async fn a_cancelled_job_never_completes(stage: Stage) {
    let elsewhere = stage.other_process().await;
    for _ in 0..12 {
        let (job, claims) = stage.working().await;
        let (core, owner) = (elsewhere.clone(), stage.owner.clone());
        let cancelling = tokio::spawn(async move { cancel(&core, &owner, job).await.is_ok() });
        let finishes = race(4, |index| {
            let (core, batch) = (stage.core.clone(), names(&claims[index..=index]));
            async move { finish(&core, &batch).await }
        });
        for finished in finishes.await {
            finished.unwrap();
        }
        let was_cancelled = cancelling.await.unwrap();
        let expected = if was_cancelled { Status::Cancelled } else { Status::Completed };
        assert_eq!(stage.job(job).await.status, expected);
        check(&stage, job).await;
    }
}

async fn a_claim_that_meets_a_cancellation_starts_nothing(stage: Stage) {
    let elsewhere = stage.other_process().await;
    for _ in 0..12 {
        let job = stage.submit().await;
        let shards = stage.queued(job).await;
        let (core, owner) = (stage.core.clone(), stage.owner.clone());
        let (claimed, told) =
            tokio::join!(claim(&elsewhere, Ability::RawPackets, &shards), cancel(&core, &owner, job));
        told.unwrap();
        let claims = claimed.unwrap();
        assert_eq!(stage.job(job).await.status, Status::Cancelled);
        check(&stage, job).await;
        finish(&stage.core, &[names(&claims), vec![(shards[0], 1)]].concat()).await.unwrap();
        check(&stage, job).await;
    }
}

async fn only_who_may_write_cancels(stage: Stage) {
    let job = stage.submit().await;
    let viewer = Principal { permissions: Role::Viewer.permissions(), ..stage.owner.clone() };
    assert!(matches!(cancel(&stage.core, &viewer, job).await, Err(Error::Forbidden(_))));
    let unknown = cancel(&stage.core, &stage.owner, JobId::new()).await;
    assert!(matches!(unknown, Err(Error::NotFound(Noun::Job))), "{unknown:?}");
    assert_eq!(stage.job(job).await.status, Status::Queued);
}

async fn what_a_disabled_user_has_under_way_is_cancelled(stage: Stage) {
    let (running, _claims) = stage.working().await;
    let queued = stage.submit().await;
    let owner = user(&stage.core, "owner@example.com").await.unwrap();
    set_enabled(&stage.core, &owner, false).await.unwrap();
    for job in [running, queued] {
        assert_eq!(stage.job(job).await.status, Status::Cancelled);
        check(&stage, job).await;
    }
}
