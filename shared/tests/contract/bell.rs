//! The bell, in one process and in Redis: the same stories for both.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use shared::{
    bell::{Bell, Heard, News, Subscription, Workers},
    event::{Event, Fact},
    id::{JobId, ShardId},
    job::{Due, Status},
    scan::Ability::{self, Connections, RawPackets},
};
use vedette_tests::{
    redis::Redis,
    wait::{SOON, until, within},
};

use crate::race::race;

/// Tells each of the stories, `async fn(Bell)`, on both bells.
macro_rules! on_both_bells {
    ($($story:ident),+ $(,)?) => { $(
        mod $story {
            use shared::bell::Bell;
            use vedette_tests::redis::Redis;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn in_one_process() {
                super::$story(Bell::open(None).await.unwrap()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn in_redis() {
                let redis = Redis::start().await;
                super::$story(Bell::open(Some(&redis.url())).await.unwrap()).await;
            }
        }
    )+ };
}

on_both_bells!(
    what_is_rung_is_heard_once_and_in_order,
    no_more_is_heard_than_was_asked_for,
    silence_is_heard_after_a_second,
    each_ring_is_heard_by_one_of_many,
    nobody_hears_what_they_cannot_take_up,
    no_list_waits_until_another_is_empty,
    the_rings_that_wait_are_told_while_they_are_few,
    news_reach_every_subscriber_in_order,
    stops_reach_every_subscriber,
    a_worker_is_there_once_it_said_so,
);

async fn what_is_rung_is_heard_once_and_in_order(bell: Bell) {
    let shards = ids(50);
    assert_eq!(bell.waiting().await, Some(0));
    ring(&bell, &shards[..20]).await;
    ring(&bell, &shards[20..]).await;
    assert_eq!(bell.waiting().await, Some(50));
    assert_eq!(hear(&bell, 50).await, shards);
    assert_eq!(bell.waiting().await, Some(0));
    bell.ping().await.unwrap();
}

async fn no_more_is_heard_than_was_asked_for(bell: Bell) {
    let shards = ids(30);
    ring(&bell, &shards).await;
    let mut heard = Vec::new();
    for most in [1, 2, 4, 8, 1, 100] {
        let some = bell.hear(RawPackets, most).await.unwrap();
        assert!((1..=most).contains(&some.len()), "{} of {most}", some.len());
        heard.extend(some);
    }
    assert_eq!(heard, shards);
}

async fn silence_is_heard_after_a_second(bell: Bell) {
    let started = Instant::now();
    assert_eq!(within("silence", SOON, bell.hear(RawPackets, 8)).await.unwrap(), []);
    assert!(started.elapsed() >= Duration::from_millis(900), "{:?}", started.elapsed());
    let shards = ids(1);
    let (heard, ()) = tokio::join!(bell.hear(RawPackets, 8), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        ring(&bell, &shards).await;
    });
    assert_eq!(heard.unwrap(), shards);
}

async fn each_ring_is_heard_by_one_of_many(bell: Bell) {
    let shards = ids(400);
    ring(&bell, &shards).await;
    let heard = race(16, |_| {
        let bell = bell.clone();
        async move {
            let mut heard = Vec::new();
            while bell.waiting().await != Some(0) {
                heard.extend(bell.hear(RawPackets, 3).await.unwrap());
            }
            heard
        }
    });
    let heard = heard.await.concat();
    assert_eq!(heard.len(), 400);
    assert_eq!(heard.into_iter().collect::<HashSet<_>>(), shards.into_iter().collect());
}

async fn nobody_hears_what_they_cannot_take_up(bell: Bell) {
    let (usual, raw) = (ids(3), ids(2));
    ring_for(&bell, &raw, RawPackets).await;
    assert_eq!(within("silence", SOON, bell.hear(Connections, 8)).await.unwrap(), []);
    ring(&bell, &usual).await;
    assert_eq!(bell.hear(Connections, 8).await.unwrap(), usual);
    let (heard, ()) = tokio::join!(bell.hear(Connections, 8), ring(&bell, &usual));
    assert_eq!(heard.unwrap(), usual);
    assert_eq!(bell.waiting().await, Some(2));
    assert_eq!(hear(&bell, 2).await, raw);
}

async fn no_list_waits_until_another_is_empty(bell: Bell) {
    let (usual, raw) = (ids(10), ids(10));
    ring(&bell, &usual).await;
    ring_for(&bell, &raw, RawPackets).await;
    for number in 0..10 {
        let two = [bell.hear(RawPackets, 1).await.unwrap(), bell.hear(RawPackets, 1).await.unwrap()].concat();
        assert_eq!(HashSet::from_iter(two), HashSet::from([usual[number], raw[number]]));
    }
}

async fn the_rings_that_wait_are_told_while_they_are_few(bell: Bell) {
    assert_eq!(bell.rung(3).await, Some(Vec::new()));
    let (usual, raw) = (ids(3), ids(3));
    ring(&bell, &usual).await;
    ring_for(&bell, &raw, RawPackets).await;
    let rung: HashSet<ShardId> = bell.rung(3).await.unwrap().into_iter().collect();
    assert_eq!(rung, usual.iter().chain(&raw).copied().collect());
    assert_eq!(bell.rung(2).await, None);
    assert_eq!(bell.waiting().await, Some(6), "none is taken");
}

async fn news_reach_every_subscriber_in_order(bell: Bell) {
    let mut subscribers = [subscribe(&bell).await, subscribe(&bell).await];
    let job = JobId::new();
    let told: Vec<News> = (1..=500).map(|seq| event(job, seq)).collect();
    for news in told.chunks(7) {
        bell.tell(news.to_vec()).await;
    }
    bell.tell(Vec::new()).await;
    for subscriber in &mut subscribers {
        for news in &told {
            assert_eq!(next(subscriber).await, Heard::Message(news.clone()));
        }
    }
}

async fn stops_reach_every_subscriber(bell: Bell) {
    let mut subscribers = [bell.stops(), bell.stops()];
    if matches!(bell, Bell::Redis(_)) {
        for subscriber in &mut subscribers {
            assert_eq!(next(subscriber).await, Heard::Gap);
        }
    }
    let jobs = [JobId::new(), JobId::new()];
    for job in jobs {
        bell.stop(job).await;
    }
    for subscriber in &mut subscribers {
        for job in jobs {
            assert_eq!(next(subscriber).await, Heard::Message(job));
        }
    }
}

async fn a_worker_is_there_once_it_said_so(bell: Bell) {
    assert_eq!(bell.workers().await, None);
    bell.report_worker(RawPackets).await;
    assert_eq!(bell.workers().await, Some(Workers { all: RawPackets, best: RawPackets }));
}

#[tokio::test]
async fn a_listener_of_one_process_that_falls_behind_hears_of_the_gap() {
    let bell = Bell::open(None).await.unwrap();
    let mut news = bell.news();
    let job = JobId::new();
    bell.tell((1..=5000).map(|seq| event(job, seq)).collect()).await;
    assert_eq!(next(&mut news).await, Heard::Gap);
    assert!(matches!(next(&mut news).await, Heard::Message(News::Event(event)) if event.seq > 1));
}

#[tokio::test]
async fn two_processes_meet_at_the_bell_in_redis() {
    let redis = Redis::start().await;
    let here = Bell::open(Some(&redis.url())).await.unwrap();
    let there = Bell::open(Some(&redis.url())).await.unwrap();
    let mut news = subscribe(&there).await;
    let shards = ids(3);
    ring(&here, &shards).await;
    assert_eq!(hear(&there, 3).await, shards);
    let told = event(JobId::new(), 1);
    here.tell(vec![told.clone()]).await;
    assert_eq!(next(&mut news).await, Heard::Message(told));
    here.report_worker(Connections).await;
    assert_eq!(there.workers().await, Some(Workers { all: Connections, best: Connections }));
    there.report_worker(RawPackets).await;
    assert_eq!(here.workers().await, Some(Workers { all: Connections, best: RawPackets }));
}

/// Rings for shards that any worker can work.
pub(crate) async fn ring(bell: &Bell, shards: &[ShardId]) {
    ring_for(bell, shards, Connections).await;
}

async fn ring_for(bell: &Bell, shards: &[ShardId], needs: Ability) {
    let due: Vec<Due> = shards.iter().map(|shard| Due { shard: *shard, needs }).collect();
    bell.ring(&due).await;
}

pub(crate) fn ids(count: usize) -> Vec<ShardId> {
    (0..).map(|number| ShardId { job: JobId::new(), number }).take(count).collect()
}

pub(crate) fn event(job: JobId, seq: i64) -> News {
    let at: DateTime<Utc> = "2026-03-01T12:00:00.123456Z".parse().unwrap();
    News::Event(Event { job, seq, at, fact: Fact::Status { status: Status::Running } })
}

/// A subscription that is known to listen: Redis begins with a gap, for what was told before.
pub(crate) async fn subscribe(bell: &Bell) -> Subscription<News> {
    let mut news = bell.news();
    if matches!(bell, Bell::Redis(_)) {
        assert_eq!(next(&mut news).await, Heard::Gap);
    }
    news
}

pub(crate) async fn next<T: Clone>(subscription: &mut Subscription<T>) -> Heard<T> {
    within("a message", SOON, subscription.next()).await.unwrap()
}

/// Hears until there are so many.
pub(crate) async fn hear(bell: &Bell, count: usize) -> Vec<ShardId> {
    let mut heard = Vec::new();
    until("every ring", SOON, async || {
        heard.extend(bell.hear(RawPackets, count).await.unwrap());
        (heard.len() >= count).then_some(())
    })
    .await;
    heard
}
