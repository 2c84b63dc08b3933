//! The time limit of a job.

use std::collections::HashSet;

use shared::{
    event::Fact,
    job::{FailureCode, Status, report::report, sweep::sweep},
    store::scans::list,
};

use crate::{
    invariants::check,
    race::race,
    scanner::{Script, truth},
    stage::{INSTANT, JOB_SECONDS, Stage},
};

on_both_databases!(
    an_overdue_job_times_out_and_keeps_what_it_found,
    a_job_that_waits_has_no_time_limit,
    racing_sweeps_time_a_job_out_once,
);

async fn an_overdue_job_times_out_and_keeps_what_it_found(stage: Stage) {
    let (job, claims) = stage.working().await;
    let next = Script::short().report(0..10, &HashSet::new());
    report(&stage.core, &claims[0], &next).await.unwrap();
    stage.wait_seconds(JOB_SECONDS);
    sweep(&stage.core).await.unwrap();
    assert_eq!(stage.job(job).await.status, Status::Running);
    stage.wait(INSTANT);
    let mut stops = stage.core.bell.stops();
    sweep(&stage.core).await.unwrap();
    assert_eq!(stops.next().await, Some(shared::bell::Heard::Message(job)));
    let ended = stage.job(job).await;
    assert_eq!((ended.status, ended.done_units), (Status::TimedOut, 10));
    assert_eq!(ended.failure().unwrap().code, FailureCode::TimeLimit);
    let last = stage.events(job).await.pop().unwrap();
    let (status, duration_ms, tally) = (Status::TimedOut, JOB_SECONDS * 1000, truth(10));
    assert_eq!(last.fact, Fact::Complete { status, duration_ms, tally, error: ended.failure() });
    assert_eq!(list::found(&stage.core.store, job).await.unwrap().len(), 4);
    check(&stage, job).await;
}

async fn a_job_that_waits_has_no_time_limit(stage: Stage) {
    let job = stage.submit().await;
    stage.wait_seconds(JOB_SECONDS * 100);
    sweep(&stage.core).await.unwrap();
    assert_eq!(stage.job(job).await.status, Status::Queued);
    assert_eq!(stage.claim_one(job).await.attempt, 1);
}

async fn racing_sweeps_time_a_job_out_once(stage: Stage) {
    let elsewhere = stage.other_process().await;
    let (job, _) = stage.working().await;
    stage.wait_seconds(JOB_SECONDS + 1);
    race(16, |index| {
        let core = if index % 2 == 0 { stage.core.clone() } else { elsewhere.clone() };
        async move { sweep(&core).await.unwrap() }
    })
    .await;
    assert_eq!(stage.job(job).await.status, Status::TimedOut);
    check(&stage, job).await;
}
