//! All events of an organization in one order: nothing is passed over, whoever commits first.

use std::collections::{HashMap, HashSet};

use chrono::TimeDelta;
use shared::{
    core::Core,
    event::{Event, Position},
    id::{JobId, OrganizationId},
    job::{
        cancel::{cancel, delete_results},
        claim::Claim,
        prune::prune,
        report::report,
        view,
    },
    store::{events, feed},
};

use crate::{
    database::Kind,
    race::race,
    scanner::Script,
    stage::{SHARD_UNITS, Stage},
};

on_both_databases!(
    who_reads_while_others_write_passes_nothing_over,
    any_position_is_one_to_go_on_from,
    what_is_not_settled_is_held_back,
    places_go_on_where_transactions_have_lower_numbers,
    old_events_are_removed_and_that_is_known,
);

/// Reads all that is stored after a position, once it may be told: other tests write in the same cluster.
async fn read_on(core: &Core, organization: OrganizationId, from: Position) -> Vec<(Position, Event)> {
    let mut told: Vec<(Position, Event)> = Vec::new();
    loop {
        let after = told.last().map_or(from, |(position, _)| *position);
        let page = feed::after(&core.store, organization, after, 7).await.unwrap();
        assert!(page.told.iter().all(|one| one.position > after));
        told.extend(page.told.into_iter().map(|one| (one.position, one.event)));
        if !page.is_full && !page.is_held {
            return told;
        }
        tokio::task::yield_now().await;
    }
}

async fn who_reads_while_others_write_passes_nothing_over(stage: Stage) {
    let organization = stage.owner.organization;
    let mut work: Vec<(Claim, i64)> = Vec::new();
    for _ in 0..3 {
        let (_, claims) = stage.working().await;
        work.extend(claims.into_iter().map(|claim| {
            let start = (claim.shard.number - 1) * SHARD_UNITS;
            (claim, start)
        }));
    }
    let core = stage.core.clone();
    let reader = tokio::spawn(async move {
        let mut told: Vec<(Position, Event)> = Vec::new();
        while told.iter().filter(|(_, event)| event.seq > 2).count() < 42 {
            let after = told.last().map_or(Position::START, |(position, _)| *position);
            told.extend(read_on(&core, organization, after).await);
        }
        told
    });
    let (core, count) = (stage.core.clone(), work.len());
    race(count, |index| {
        let (core, (claim, start)) = (core.clone(), work[index].clone());
        async move {
            for unit in start..start + SHARD_UNITS {
                let settled = Script::short().report(unit..unit + 1, &HashSet::new());
                report(&core, &claim, &settled).await.unwrap();
            }
        }
    })
    .await;
    let jobs: HashSet<JobId> = work.iter().map(|(claim, _)| claim.job.id).collect();
    let found: usize = {
        let mut found = 0;
        for job in &jobs {
            found += stage.events(*job).await.len();
        }
        found
    };
    assert_eq!(found - 3 * 2, 42, "the script finds 14 ports in each job");
    let told = reader.await.unwrap();
    assert!(told.is_sorted_by(|one, next| one.0 < next.0), "positions rise");
    let mut by_job: HashMap<JobId, Vec<i64>> = HashMap::new();
    for (_, event) in &told {
        by_job.entry(event.job).or_default().push(event.seq);
    }
    for job in jobs {
        let stored: Vec<i64> = stage.events(job).await.iter().map(|event| event.seq).collect();
        assert_eq!(by_job[&job], stored, "each event once, in the job's order");
    }
}

async fn any_position_is_one_to_go_on_from(stage: Stage) {
    let organization = stage.owner.organization;
    for _ in 0..3 {
        let job = stage.submit().await;
        cancel(&stage.core, &stage.owner, job).await.unwrap();
    }
    let all = read_on(&stage.core, organization, Position::START).await;
    assert_eq!(all.len(), 6);
    for (index, (position, _)) in all.iter().enumerate() {
        let position: Position = position.to_string().parse().unwrap();
        assert_eq!(read_on(&stage.core, organization, position).await, all[index + 1..]);
    }
    let newest = feed::newest(&stage.core.store).await.unwrap();
    assert!(newest > all[5].0);
    assert_eq!(read_on(&stage.core, organization, newest).await, []);
    assert_eq!(read_on(&stage.core, JobId::new().uuid().into(), Position::START).await, [], "of nobody else");
}

async fn what_is_not_settled_is_held_back(stage: Stage) {
    if stage.database.kind() == Kind::Sqlite {
        // Its writers take turns: there is never anything that is not settled.
        return;
    }
    let organization = stage.owner.organization;
    stage.database.run("BEGIN").await;
    stage.database.number("SELECT pg_current_xact_id()::text::bigint").await;
    stage.submit().await;
    let page = feed::after(&stage.core.store, organization, Position::START, 10).await.unwrap();
    assert!(page.told.is_empty() && page.is_held, "somebody may store something before it: {page:?}");
    let newest = feed::newest(&stage.core.store).await.unwrap();
    stage.database.run("ROLLBACK").await;
    let told = read_on(&stage.core, organization, newest).await;
    assert_eq!(told.len(), 1, "the newest position was before it");
}

async fn places_go_on_where_transactions_have_lower_numbers(stage: Stage) {
    let organization = stage.owner.organization;
    stage.submit().await;
    // As if the tables had come from a server that has seen more.
    stage.database.run("UPDATE events SET place = place + 1000000").await;
    if stage.database.kind() == Kind::Sqlite {
        stage.database.run("UPDATE event_places SET place = place + 1000000").await;
    }
    stage.core.require_tables().await.unwrap();
    let before = read_on(&stage.core, organization, Position::START).await;
    let [(last, _)] = &before[..] else { panic!("{before:?}") };
    assert!(feed::newest(&stage.core.store).await.unwrap() > *last);
    let next = stage.submit().await;
    let after = read_on(&stage.core, organization, *last).await;
    assert_eq!(after.iter().map(|(_, event)| event.job).collect::<Vec<_>>(), [next]);
    stage.core.require_tables().await.unwrap();
    assert_eq!(
        read_on(&stage.core, organization, *last).await,
        after,
        "nothing is moved where nothing is wrong"
    );
}

async fn old_events_are_removed_and_that_is_known(stage: Stage) {
    let organization = stage.owner.organization;
    let (old, running) = (stage.submit().await, stage.submit().await);
    cancel(&stage.core, &stage.owner, old).await.unwrap();
    let told = read_on(&stage.core, organization, Position::START).await;
    stage.wait(TimeDelta::days(400));
    let new = stage.submit().await;
    prune(&stage.core).await.unwrap();
    let left = read_on(&stage.core, organization, Position::START).await;
    assert_eq!(left.iter().map(|(_, event)| event.job).collect::<Vec<_>>(), [running, new]);
    let oldest = feed::oldest(&stage.core.store, organization).await.unwrap();
    let (last_of_old, _) = told.iter().rfind(|(_, event)| event.job == old).unwrap();
    assert!(oldest > *last_of_old && oldest <= feed::newest(&stage.core.store).await.unwrap());
    let seen = view::find(&stage.core, &stage.owner, old).await.unwrap();
    let facts = view::facts(&stage.core, &seen).await.unwrap();
    let expected = told.iter().rfind(|(_, event)| event.job == old).map(|(_, event)| event.clone());
    assert_eq!(facts, Vec::from_iter(expected), "how it ended is still known");
    assert_eq!(events::after(&stage.core.store, old, 0, 10).await.unwrap(), []);

    let (job, _) = stage.working().await;
    cancel(&stage.core, &stage.owner, job).await.unwrap();
    delete_results(&stage.core, &stage.owner, job).await.unwrap();
    assert!(
        feed::oldest(&stage.core.store, organization).await.unwrap() > oldest,
        "deleted results likewise"
    );
}
