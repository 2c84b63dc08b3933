//! Claiming: one winner, one start.

use std::collections::HashSet;

use chrono::TimeDelta;
use shared::{
    id::{JobId, ShardId},
    job::{
        Status,
        claim::{claim, renew},
        finish::{finish, give_back},
    },
    scan::Ability,
};

use crate::{
    invariants::check,
    race::race,
    scanner::{Script, names},
    stage::{JOB_SECONDS, Stage},
};

on_both_databases!(
    one_of_many_racing_claims_wins,
    a_claim_carries_the_job_as_it_was_started,
    a_batch_claims_what_is_free_and_leaves_the_rest,
    racing_batches_never_share_a_shard,
    a_job_is_started_once_however_often_it_is_claimed,
    a_claim_of_nothing_or_of_the_unknown_is_nothing,
    renewing_tells_which_claims_stand,
);

async fn one_of_many_racing_claims_wins(stage: Stage) {
    let cores = [stage.core.clone(), stage.other_process().await];
    for _ in 0..12 {
        let job = stage.submit().await;
        let shards = stage.queued(job).await;
        let claims = race(24, |index| {
            let (core, shards) = (cores[index % 2].clone(), shards.clone());
            async move { claim(&core, Ability::RawPackets, &shards).await.unwrap() }
        });
        let won: Vec<_> = claims.await.concat();
        assert_eq!(won.len(), 1);
        assert_eq!((won[0].attempt, won[0].shard.number), (1, 0));
        check(&stage, job).await;
    }
}

async fn a_claim_carries_the_job_as_it_was_started(stage: Stage) {
    let job = stage.submit().await;
    stage.wait_seconds(5);
    let first = stage.claim_one(job).await;
    assert_eq!((first.job.id, first.job.status), (job, Status::Running));
    assert_eq!(first.job.started_at, Some(stage.now()));
    assert_eq!(first.job.deadline_at, Some(stage.now() + TimeDelta::seconds(JOB_SECONDS)));
    assert_eq!((first.units, first.position), (0..0, 0));
}

async fn a_batch_claims_what_is_free_and_leaves_the_rest(stage: Stage) {
    let job = stage.planned(&Script::short()).await;
    let shards = stage.queued(job).await;
    let first = claim(&stage.core, Ability::RawPackets, &shards[..2]).await.unwrap();
    let rest = claim(&stage.core, Ability::RawPackets, &shards).await.unwrap();
    assert_eq!((first.len(), rest.len()), (2, 2));
    let all: HashSet<ShardId> = first.iter().chain(&rest).map(|claim| claim.shard).collect();
    assert_eq!(all, shards.into_iter().collect());
}

async fn racing_batches_never_share_a_shard(stage: Stage) {
    let cores = [stage.core.clone(), stage.other_process().await];
    let job = stage.planned(&Script::of_ports(100)).await;
    let shards = stage.queued(job).await;
    assert_eq!(shards.len(), 40);
    let claims = race(16, |index| {
        let (core, mut shards) = (cores[index % 2].clone(), shards.clone());
        shards.rotate_left(index * 5 % 40);
        async move { claim(&core, Ability::RawPackets, &shards[..20]).await.unwrap() }
    });
    let mut won: Vec<ShardId> = claims.await.concat().iter().map(|claim| claim.shard).collect();
    let count = won.len();
    won.sort_unstable();
    won.dedup();
    assert_eq!((won.len(), count), (40, 40));
    check(&stage, job).await;
}

async fn a_job_is_started_once_however_often_it_is_claimed(stage: Stage) {
    let cores = [stage.core.clone(), stage.other_process().await];
    let mut jobs: Vec<(JobId, ShardId)> = Vec::new();
    for _ in 0..12 {
        let job = stage.submit().await;
        jobs.push((job, stage.queued(job).await[0]));
    }
    for _ in 0..3 {
        let claims = race(16, |index| {
            let (core, mut shards) = (cores[index % 2].clone(), jobs.clone());
            shards.rotate_left(index % 12);
            let shards: Vec<ShardId> = shards.into_iter().map(|(_, shard)| shard).take(8).collect();
            async move { claim(&core, Ability::RawPackets, &shards).await.unwrap() }
        });
        let won = claims.await.concat();
        assert_eq!(won.len(), 12);
        for claim in &won {
            give_back(&stage.core, claim, TimeDelta::zero()).await.unwrap();
        }
    }
    for (job, _) in jobs {
        check(&stage, job).await;
        assert_eq!(stage.events(job).await.len(), 2);
    }
}

async fn a_claim_of_nothing_or_of_the_unknown_is_nothing(stage: Stage) {
    let nobodys = ShardId { job: JobId::new(), number: 0 };
    assert!(claim(&stage.core, Ability::RawPackets, &[nobodys]).await.unwrap().is_empty());
    assert!(renew(&stage.core, &[(nobodys, 1)]).await.unwrap().is_empty());
    finish(&stage.core, &[(nobodys, 1)]).await.unwrap();
    assert!(claim(&stage.core, Ability::RawPackets, &[]).await.unwrap().is_empty());
    assert!(renew(&stage.core, &[]).await.unwrap().is_empty());
    finish(&stage.core, &[]).await.unwrap();
}

async fn renewing_tells_which_claims_stand(stage: Stage) {
    let (_, claims) = stage.working().await;
    give_back(&stage.core, &claims[0], TimeDelta::zero()).await.unwrap();
    finish(&stage.core, &names(&claims[1..2])).await.unwrap();
    let kept: HashSet<ShardId> = renew(&stage.core, &names(&claims)).await.unwrap().into_iter().collect();
    assert_eq!(kept, [claims[2].shard, claims[3].shard].into());
    let again = claim(&stage.core, Ability::RawPackets, &[claims[0].shard]).await.unwrap();
    assert_eq!(again[0].attempt, 2);
    assert!(renew(&stage.core, &names(&claims[..1])).await.unwrap().is_empty());
}
