//! How many scans a tier allows: exact however many are submitted at once, and what is refused is not stored.

use chrono::TimeDelta;
use shared::{
    core::Core,
    error::Error,
    identity::{Principal, Tier},
    job::{Status, cancel::cancel, submit},
};

use crate::{
    invariants::check,
    race::race,
    scanner::Script,
    stage::{FROM, INSTANT, Stage},
};

on_both_databases!(
    of_any_number_at_once_exactly_the_limit_is_stored,
    a_scan_that_ended_makes_room_for_another,
    a_day_ends_at_midnight,
    the_day_is_named_before_the_moment,
    enterprise_has_no_limit,
    users_are_counted_apart,
);

/// The owner, as if they paid for another tier.
fn of_tier(stage: &Stage, tier: Tier) -> Principal {
    Principal { tier, ..stage.owner.clone() }
}

async fn submit_one(core: &Core, principal: &Principal) -> Result<shared::id::JobId, Error> {
    let scan = submit::scan(core, principal, &Script::short().request()).await?;
    Ok(scan.job.id)
}

async fn of_any_number_at_once_exactly_the_limit_is_stored(stage: Stage) {
    for (tier, most) in [(Tier::Free, 2), (Tier::Pro, 10)] {
        let cores = [stage.core.clone(), stage.other_process().await];
        let user = of_tier(&stage, tier);
        let told = race(20, |index| {
            let (core, user) = (cores[index % 2].clone(), user.clone());
            async move { submit_one(&core, &user).await }
        });
        let (stored, refused): (Vec<_>, Vec<_>) = told.await.into_iter().partition(Result::is_ok);
        assert_eq!(stored.len(), most);
        for refused in refused {
            assert!(
                matches!(refused, Err(Error::TooManyScans { most: told }) if usize::try_from(told) == Ok(most))
            );
        }
        for job in stored {
            let job = job.unwrap();
            check(&stage, job).await;
            cancel(&stage.core, &stage.owner, job).await.unwrap();
        }
        for count in ["SELECT COUNT(*) FROM jobs", "SELECT COUNT(*) FROM scans"] {
            let all = if tier == Tier::Free { 2 } else { 12 };
            assert_eq!(stage.database.number(count).await, all, "{count}");
        }
    }
}

async fn a_scan_that_ended_makes_room_for_another(stage: Stage) {
    let free = of_tier(&stage, Tier::Free);
    let first = submit_one(&stage.core, &free).await.unwrap();
    let second = submit_one(&stage.core, &free).await.unwrap();
    stage.claim_one(second).await;
    assert_eq!(stage.job(second).await.status, Status::Running);
    for ended in [first, second] {
        let refused = submit_one(&stage.core, &free).await;
        assert!(matches!(refused, Err(Error::TooManyScans { most: 2 })), "{refused:?}");
        cancel(&stage.core, &free, ended).await.unwrap();
        submit_one(&stage.core, &free).await.unwrap();
    }
}

async fn a_day_ends_at_midnight(stage: Stage) {
    let free = of_tier(&stage, Tier::Free);
    let midnight = "2026-03-02T00:00:00Z".parse().unwrap();
    let submit_all = async || {
        for _ in 0..10 {
            let job = submit_one(&stage.core, &free).await.unwrap();
            cancel(&stage.core, &free, job).await.unwrap();
        }
    };
    submit_all().await;
    stage.wait(midnight - stage.now() - INSTANT);
    let Err(Error::LimitReached(standing)) = submit_one(&stage.core, &free).await else {
        panic!("an eleventh scan")
    };
    assert_eq!((standing.limit, standing.remaining, standing.unit), (10, 0, "scans a day"));
    assert_eq!((standing.resets_at, standing.retry_after), (midnight, 1));
    stage.wait(INSTANT);
    submit_all().await;
    let refused = submit_one(&stage.core, &free).await;
    assert!(matches!(refused, Err(Error::LimitReached(again)) if again.retry_after == 86_400));
    stage.wait(TimeDelta::days(1));
    submit_one(&stage.core, &free).await.unwrap();
    assert_eq!(stage.database.number("SELECT COUNT(*) FROM jobs").await, 21);
}

/// A caller who waits for a scan to end would wait in vain once the day's scans are used up.
async fn the_day_is_named_before_the_moment(stage: Stage) {
    let free = of_tier(&stage, Tier::Free);
    for number in 0..10 {
        let job = submit_one(&stage.core, &free).await.unwrap();
        if number < 8 {
            cancel(&stage.core, &free, job).await.unwrap();
        }
    }
    let refused = submit_one(&stage.core, &free).await;
    assert!(matches!(refused, Err(Error::LimitReached(_))), "{refused:?}");
}

async fn enterprise_has_no_limit(stage: Stage) {
    for _ in 0..12 {
        submit_one(&stage.core, &stage.owner).await.unwrap();
    }
}

async fn users_are_counted_apart(stage: Stage) {
    let registered =
        shared::identity::register(&stage.core, [127, 0, 0, 1].into(), "ada@example.com", "long enough");
    let key = registered.await.unwrap().key;
    let ada = shared::identity::authenticate(&stage.core, key.reveal(), FROM).await.unwrap();
    let free = of_tier(&stage, Tier::Free);
    for user in [&ada, &free] {
        for _ in 0..2 {
            submit_one(&stage.core, user).await.unwrap();
        }
        assert!(submit_one(&stage.core, user).await.is_err());
    }
}
