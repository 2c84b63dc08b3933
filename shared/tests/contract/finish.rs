//! Finishing: the last shard closes the job, once.

use shared::{
    bell::{Heard, News},
    event::{Fact, Tally},
    id::{JobId, ShardId},
    job::{Status, finish::finish},
};

use crate::{
    invariants::check,
    race::race,
    scanner::{Script, names},
    stage::Stage,
};

on_both_databases!(
    the_last_shard_closes_the_job,
    a_shard_that_is_finished_twice_counts_once,
    racing_finishes_close_each_job_once,
    jobs_of_one_batch_close_with_their_own_counts,
);

async fn the_last_shard_closes_the_job(stage: Stage) {
    let (job, claims) = stage.working().await;
    stage.wait_seconds(90);
    finish(&stage.core, &names(&claims[..3])).await.unwrap();
    assert_eq!((stage.job(job).await.status, stage.job(job).await.shards_left), (Status::Running, 1));
    check(&stage, job).await;
    let mut news = stage.core.bell.news();
    finish(&stage.core, &names(&claims[3..])).await.unwrap();
    let ended = stage.job(job).await;
    assert_eq!((ended.status, ended.completed_at), (Status::Completed, Some(stage.now())));
    check(&stage, job).await;
    let last = stage.events(job).await.pop().unwrap();
    let (tally, error) = (Tally::default(), None);
    let complete = Fact::Complete { status: Status::Completed, duration_ms: 90_000, tally, error };
    assert_eq!(last.fact, complete);
    assert_eq!(news.next().await, Some(Heard::Message(News::Event(last))));
}

async fn a_shard_that_is_finished_twice_counts_once(stage: Stage) {
    let (job, claims) = stage.working().await;
    let one = names(&claims[..1]);
    finish(&stage.core, &[one.clone(), one.clone()].concat()).await.unwrap();
    finish(&stage.core, &one).await.unwrap();
    assert_eq!((stage.job(job).await.status, stage.job(job).await.shards_left), (Status::Running, 3));
    finish(&stage.core, &names(&claims)).await.unwrap();
    finish(&stage.core, &names(&claims)).await.unwrap();
    check(&stage, job).await;
    assert_eq!(stage.job(job).await.status, Status::Completed);
}

/// Sixteen tasks of two processes; every shard is in the batches of two tasks, every batch has shards of many jobs.
async fn racing_finishes_close_each_job_once(stage: Stage) {
    let cores = [stage.core.clone(), stage.other_process().await];
    for round in 0..4 {
        let (jobs, claims) = many_jobs(&stage, 8).await;
        let batches = race(16, |index| {
            let core = cores[index % 2].clone();
            let mut batch: Vec<(ShardId, i64)> = claims.iter().skip(index % 8).step_by(8).copied().collect();
            batch.rotate_left((index + round) % 4);
            if index >= 8 {
                batch.reverse();
            }
            async move { finish(&core, &batch).await }
        });
        for finished in batches.await {
            finished.unwrap();
        }
        for job in jobs {
            assert_eq!(
                (stage.job(job).await.status, stage.job(job).await.shards_left),
                (Status::Completed, 0)
            );
            check(&stage, job).await;
        }
    }
}

async fn jobs_of_one_batch_close_with_their_own_counts(stage: Stage) {
    let (jobs, claims) = many_jobs(&stage, 3).await;
    let batch = [&claims[..4], &claims[4..7], &claims[8..10]].concat();
    finish(&stage.core, &batch).await.unwrap();
    let mut left = Vec::new();
    for job in jobs {
        check(&stage, job).await;
        left.push(stage.job(job).await.shards_left);
    }
    assert_eq!(left, [0, 1, 2]);
}

/// Jobs of four claimed shards each, one job after the other.
async fn many_jobs(stage: &Stage, count: usize) -> (Vec<JobId>, Vec<(ShardId, i64)>) {
    let (mut jobs, mut claims) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let job = stage.planned(&Script::short()).await;
        claims.extend(names(&stage.claim_all(job).await));
        jobs.push(job);
    }
    (jobs, claims)
}
