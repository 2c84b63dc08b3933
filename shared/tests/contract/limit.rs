//! The contract of the counts, in the process and in Redis; the clock stands still until a story moves it.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use shared::{
    id::UserId,
    limit::{Limiter, Purpose, Rule, Standing, Subject},
};
use vedette_tests::{
    redis::Redis,
    wait::{SOON, until},
};

use crate::race::race;

const MINUTE: Rule = Rule {
    name: "test.minute",
    unit: "calls a minute",
    most: 3,
    window: Duration::from_mins(1),
    lock: None,
    purpose: Purpose::Quota,
};

/// A thousand a minute for an address, and then a quarter of an hour of nothing.
const LOCKED: Rule = Rule {
    name: "test.locked",
    most: 1000,
    lock: Some(Duration::from_mins(15)),
    purpose: Purpose::Throttle,
    ..MINUTE
};

const STRANGER: Subject = Subject::Address(IpAddr::V4(Ipv4Addr::LOCALHOST));

/// Tells each of the stories, `async fn([Limiter; 2])`, in one process and across two: the limiters share the counts.
macro_rules! on_both_counts {
    ($($story:ident),+ $(,)?) => { $(
        mod $story {
            use shared::limit::Limiter;
            use vedette_tests::redis::Redis;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn in_the_process() {
                let limiter = Limiter::open(None).await.unwrap();
                super::$story([limiter.clone(), limiter]).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn in_redis() {
                let redis = Redis::start().await;
                let open = async || Limiter::open(Some(&redis.url())).await.unwrap();
                super::$story([open().await, open().await]).await;
            }
        }
    )+ };
}

on_both_counts!(
    of_any_number_at_once_exactly_the_limit_is_allowed,
    a_window_ends_at_its_whole_minute,
    looking_uses_nothing,
    subjects_and_rules_are_counted_apart,
    a_changed_limit_holds_at_once,
    a_lock_lasts_its_quarter_of_an_hour,
    a_clock_that_lags_counts_in_the_later_window,
);

fn noon() -> DateTime<Utc> {
    "2026-03-01T12:00:10.5Z".parse().unwrap()
}

fn user() -> Subject {
    UserId::new().into()
}

async fn of_any_number_at_once_exactly_the_limit_is_allowed(limiters: [Limiter; 2]) {
    let (rule, user) = (Rule { most: 100, ..MINUTE }, user());
    let standings = race(200, |index| {
        let limiter = limiters[index % 2].clone();
        async move { limiter.take(&rule, user, noon()).await }
    });
    let (allowed, refused): (Vec<_>, Vec<_>) =
        standings.await.into_iter().partition(|standing| standing.allowed);
    let mut remaining: Vec<i64> = allowed.iter().map(|standing| standing.remaining).collect();
    remaining.sort_unstable();
    assert!(remaining.into_iter().eq(0..100), "each is told another remainder");
    assert_eq!(refused.len(), 100);
    assert!(refused.iter().all(|standing| standing.remaining == 0));
}

async fn a_window_ends_at_its_whole_minute([one, other]: [Limiter; 2]) {
    let (user, minute) = (user(), "2026-03-01T12:01:00Z".parse::<DateTime<Utc>>().unwrap());
    for remaining in [2, 1, 0] {
        let standing = one.take(&MINUTE, user, noon()).await;
        let (resets_at, unit) = (minute, "calls a minute");
        let expected = Standing { allowed: true, unit, limit: 3, remaining, resets_at, retry_after: 50 };
        assert_eq!(standing, expected);
    }
    let last = minute - TimeDelta::milliseconds(1);
    let refused = other.take(&MINUTE, user, last).await;
    assert_eq!((refused.allowed, refused.retry_after, refused.resets_at), (false, 1, minute));
    let fresh = other.take(&MINUTE, user, minute).await;
    assert_eq!((fresh.allowed, fresh.remaining, fresh.retry_after), (true, 2, 60));
    let gap = one.take(&MINUTE, user, minute + TimeDelta::days(40)).await;
    assert_eq!((gap.allowed, gap.remaining), (true, 2));
}

async fn looking_uses_nothing([one, other]: [Limiter; 2]) {
    let user = user();
    for _ in 0..5 {
        let standing = one.look(&MINUTE, user, noon()).await;
        assert_eq!((standing.allowed, standing.remaining), (true, 3));
    }
    for _ in 0..3 {
        assert!(one.take(&MINUTE, user, noon()).await.allowed);
    }
    let standing = other.look(&MINUTE, user, noon()).await;
    assert_eq!((standing.allowed, standing.remaining), (false, 0));
}

async fn subjects_and_rules_are_counted_apart([one, other]: [Limiter; 2]) {
    let rules = [MINUTE, Rule { name: "test.other", ..MINUTE }];
    let subjects = [user(), user(), STRANGER, IpAddr::from([127, 0, 0, 2]).into()];
    for (rule, subject) in rules.iter().flat_map(|rule| subjects.map(|subject| (rule, subject))) {
        for remaining in [2, 1, 0] {
            assert_eq!(one.take(rule, subject, noon()).await.remaining, remaining, "{subject}");
        }
        assert!(!other.take(rule, subject, noon()).await.allowed, "{subject}");
    }
}

async fn a_changed_limit_holds_at_once([one, other]: [Limiter; 2]) {
    let user = user();
    for _ in 0..4 {
        one.take(&MINUTE, user, noon()).await;
    }
    let (more, less) = (Rule { most: 5, ..MINUTE }, Rule { most: 2, ..MINUTE });
    let standing = other.take(&more, user, noon()).await;
    assert_eq!((standing.allowed, standing.remaining), (true, 1), "a refused call uses nothing");
    let standing = other.take(&less, user, noon()).await;
    assert_eq!((standing.allowed, standing.remaining), (false, 0));
}

async fn a_lock_lasts_its_quarter_of_an_hour([one, other]: [Limiter; 2]) {
    for _ in 0..1000 {
        assert!(one.take(&LOCKED, STRANGER, noon()).await.allowed);
    }
    assert!(!one.look(&LOCKED, STRANGER, noon()).await.allowed, "looking locks nobody out");
    let end = noon() + TimeDelta::minutes(15);
    for (seconds, retry_after) in [(0, 900), (60, 840), (899, 1)] {
        let refused = other.take(&LOCKED, STRANGER, noon() + TimeDelta::seconds(seconds)).await;
        let told = (refused.allowed, refused.remaining, refused.retry_after, refused.resets_at);
        assert_eq!(told, (false, 0, retry_after, end), "after {seconds} seconds");
    }
    let standing = one.take(&LOCKED, STRANGER, end).await;
    assert_eq!((standing.allowed, standing.remaining), (true, 999));
}

async fn a_clock_that_lags_counts_in_the_later_window([one, other]: [Limiter; 2]) {
    let (user, later) = (user(), noon() + TimeDelta::minutes(1));
    for (limiter, now, remaining) in [(&one, later, 2), (&other, noon(), 1), (&one, later, 0)] {
        assert_eq!(limiter.take(&MINUTE, user, now).await.remaining, remaining);
    }
    assert!(!other.take(&MINUTE, user, noon()).await.allowed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_quotas_let_through_and_throttles_count_in_the_process() {
    let mut redis = Redis::start().await;
    let limiter = Limiter::open(Some(&redis.url())).await.unwrap();
    let user = user();
    for allowed in [true, true, true, false] {
        assert_eq!(limiter.take(&MINUTE, user, noon()).await.allowed, allowed);
    }
    redis.kill();
    for remaining in [2, 1, 0, 0, 0] {
        let standing = limiter.take(&MINUTE, user, noon()).await;
        assert_eq!((standing.allowed, standing.remaining), (true, remaining));
    }
    assert_eq!(limiter.let_through(), 5);
    let throttle = Rule { purpose: Purpose::Throttle, name: "test.throttle", ..MINUTE };
    for allowed in [true, true, true, false, false] {
        assert_eq!(limiter.take(&throttle, STRANGER, noon()).await.allowed, allowed);
    }
    assert_eq!(limiter.let_through(), 5, "throttles stay closed");
    redis.start_again().await;
    until("a refusal by the counts in redis", SOON, async || {
        (!limiter.take(&MINUTE, user, noon()).await.allowed).then_some(())
    })
    .await;
}

/// Thousands of draws, as they come, over windows and locks.
#[tokio::test]
async fn counts_in_redis_and_in_the_process_never_differ() {
    let redis = Redis::start().await;
    let [one, other] = [Limiter::open(Some(&redis.url())).await.unwrap(), Limiter::open(None).await.unwrap()];
    let locking = Rule { name: "test.lock", lock: Some(Duration::from_secs(100)), ..MINUTE };
    let (mut now, mut random) = (noon(), 1_u64);
    for step in 0..3000 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let draw = random >> 40;
        let rule = if draw & 1 == 0 { MINUTE } else { locking };
        let subject = Subject::from(IpAddr::from([127, 0, 0, u8::from(draw & 2 == 0)]));
        let standings = if draw & 4 == 0 {
            [one.look(&rule, subject, now).await, other.look(&rule, subject, now).await]
        } else {
            [one.take(&rule, subject, now).await, other.take(&rule, subject, now).await]
        };
        assert_eq!(standings[0], standings[1], "step {step}: {rule:?} at {now}");
        now += TimeDelta::milliseconds(i64::try_from(draw >> 3 & 0x1fff).unwrap());
    }
}

#[tokio::test]
async fn a_frozen_redis_holds_few_requests_up() {
    let redis = Redis::start().await;
    let limiter = Limiter::open(Some(&redis.url())).await.unwrap();
    redis.freeze();
    // Were each to wait out its patience, it would take minutes.
    vedette_tests::wait::within("answers", SOON, async {
        for _ in 0..2000 {
            assert!(limiter.take(&MINUTE, STRANGER, noon()).await.allowed);
        }
    })
    .await;
    redis.thaw();
}

#[tokio::test]
async fn counts_in_redis_are_forgotten_by_themselves() {
    let redis = Redis::start().await;
    let limiter = Limiter::open(Some(&redis.url())).await.unwrap();
    limiter.look(&MINUTE, user(), noon()).await;
    assert_eq!(redis.keys().await, Vec::<String>::new(), "looking leaves nothing");
    limiter.take(&MINUTE, STRANGER, noon()).await;
    let keys = redis.keys().await;
    assert_eq!(keys, ["vedette:limit:test.minute:address:127.0.0.1"]);
    let left = redis.lifetime(&keys[0]).await;
    assert!((1..=110_000).contains(&left), "{left} ms");
}

#[tokio::test]
async fn a_redis_that_does_not_answer_is_not_opened() {
    let mut redis = Redis::start().await;
    redis.kill();
    assert!(Limiter::open(Some(&redis.url())).await.is_err());
}
