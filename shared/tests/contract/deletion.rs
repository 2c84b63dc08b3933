//! Deleting results: after the end, once.

use std::collections::HashSet;

use shared::{
    error::{Error, Noun, Step},
    id::JobId,
    identity::{Principal, Role},
    job::{
        Status,
        cancel::{cancel, delete_results, find},
        finish::finish,
        report::report,
    },
    store::scans::list,
};

use crate::{
    race::race,
    scanner::{Script, names, truth},
    stage::Stage,
};

on_both_databases!(
    results_are_deleted_after_the_end_and_once,
    results_of_a_job_that_has_not_ended_stay,
    one_of_racing_deletions_is_told_so,
    only_who_may_write_deletes,
);

async fn results_are_deleted_after_the_end_and_once(stage: Stage) {
    let (job, other) = (completed(&stage).await, completed(&stage).await);
    let last = stage.events(job).await.pop().unwrap();
    stage.wait_seconds(60);
    delete_results(&stage.core, &stage.owner, job).await.unwrap();
    let scan = find(&stage.core, &stage.owner, job).await.unwrap();
    assert_eq!((scan.deleted_at, scan.job.status), (Some(stage.now()), Status::Completed));
    assert_eq!((scan.tally(), scan.job.last_seq), (truth(40), last.seq));
    assert!(list::found(&stage.core.store, job).await.unwrap().is_empty());
    assert!(list::hosts(&stage.core.store, job).await.unwrap().is_empty());
    assert_eq!(stage.events(job).await, [last]);
    let again = delete_results(&stage.core, &stage.owner, job).await;
    assert!(matches!(again, Err(Error::NotFound(Noun::Results))), "{again:?}");
    crate::invariants::check(&stage, other).await;
}

async fn results_of_a_job_that_has_not_ended_stay(stage: Stage) {
    let queued = stage.submit().await;
    let (running, claims) = stage.working().await;
    report(&stage.core, &claims[0], &Script::short().report(0..10, &HashSet::new())).await.unwrap();
    for job in [queued, running] {
        let refused = delete_results(&stage.core, &stage.owner, job).await;
        assert!(matches!(refused, Err(Error::Conflict { step: Step::Delete, .. })), "{refused:?}");
        crate::invariants::check(&stage, job).await;
    }
    assert_eq!(list::found(&stage.core.store, running).await.unwrap().len(), 4);
    cancel(&stage.core, &stage.owner, running).await.unwrap();
    delete_results(&stage.core, &stage.owner, running).await.unwrap();
}

async fn one_of_racing_deletions_is_told_so(stage: Stage) {
    let cores = [stage.core.clone(), stage.other_process().await];
    let job = completed(&stage).await;
    let told = race(16, |index| {
        let (core, owner) = (cores[index % 2].clone(), stage.owner.clone());
        async move { delete_results(&core, &owner, job).await }
    });
    let told = told.await;
    assert_eq!(told.iter().filter(|told| told.is_ok()).count(), 1);
    let gone = |told: &Result<(), Error>| matches!(told, Err(Error::NotFound(Noun::Results)));
    assert_eq!(told.iter().filter(|told| gone(told)).count(), 15, "{told:?}");
}

async fn only_who_may_write_deletes(stage: Stage) {
    let job = completed(&stage).await;
    let viewer = Principal { permissions: Role::Viewer.permissions(), ..stage.owner.clone() };
    assert!(matches!(delete_results(&stage.core, &viewer, job).await, Err(Error::Forbidden(_))));
    let unknown = delete_results(&stage.core, &stage.owner, JobId::new()).await;
    assert!(matches!(unknown, Err(Error::NotFound(Noun::Job))), "{unknown:?}");
    crate::invariants::check(&stage, job).await;
}

/// A job that was worked to its end.
async fn completed(stage: &Stage) -> JobId {
    let (job, claims) = stage.working().await;
    for claim in &claims {
        let all = Script::short().report(claim.units.clone(), &HashSet::new());
        report(&stage.core, claim, &all).await.unwrap();
    }
    finish(&stage.core, &names(&claims)).await.unwrap();
    job
}
