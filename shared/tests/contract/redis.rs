//! The bell when its Redis is shared with strangers, slow, killed or gone.

use std::time::{Duration, Instant};

use shared::{
    bell::{Bell, Heard},
    error::Error,
    id::JobId,
    job::{
        Status,
        cancel::cancel,
        claim::claim,
        finish::{finish, split},
        report::report,
    },
    scan::Ability,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use vedette_tests::{
    redis::{PASSWORD, Redis},
    wait::{SOON, until, within},
};

use crate::{
    bell::{event, hear, ids, next, ring, subscribe},
    database::Kind,
    invariants::check,
    scanner::{Script, names},
    stage::Stage,
};

/// What a caller may be held up by a Redis that gives no answer: a fifth of a second is meant, the rest is for a busy
/// machine.
const PATIENCE: Duration = Duration::from_millis(1500);

#[tokio::test]
async fn foreign_entries_of_the_list_are_passed_over() {
    let redis = Redis::start().await;
    let bell = Bell::open(Some(&redis.url())).await.unwrap();
    let shards = ids(3);
    for shard in &shards {
        speak(&redis, "RPUSH vedette:rings foreign \"\" 00000000-0000-0000").await;
        ring(&bell, &[*shard]).await;
    }
    assert_eq!(hear(&bell, 3).await, shards);
}

#[tokio::test]
async fn an_entry_that_is_no_text_costs_no_other_its_ring() {
    let redis = Redis::start().await;
    let bell = Bell::open(Some(&redis.url())).await.unwrap();
    let shards = ids(3);
    ring(&bell, &shards[..2]).await;
    speak(&redis, "RPUSH vedette:rings \"\\xff\\xfe\"").await;
    ring(&bell, &shards[2..]).await;
    assert_eq!(hear(&bell, 3).await, shards);
}

#[tokio::test]
async fn foreign_messages_of_the_channels_are_passed_over() {
    let redis = Redis::start().await;
    let bell = Bell::open(Some(&redis.url())).await.unwrap();
    let mut news = subscribe(&bell).await;
    let mut stops = bell.stops();
    assert_eq!(next(&mut stops).await, Heard::Gap);
    for foreign in ["hello", "{}", "\"\\xff\"", "'{\"event\":1}'"] {
        speak(&redis, &format!("PUBLISH vedette:news {foreign}")).await;
        speak(&redis, &format!("PUBLISH vedette:stops {foreign}")).await;
    }
    let (told, job) = (event(JobId::new(), 1), JobId::new());
    bell.tell(vec![told.clone()]).await;
    bell.stop(job).await;
    assert_eq!(next(&mut news).await, Heard::Message(told));
    assert_eq!(next(&mut stops).await, Heard::Message(job));
}

#[tokio::test]
async fn a_redis_that_was_killed_and_came_back_is_told_as_a_gap() {
    let mut redis = Redis::start().await;
    let bell = Bell::open(Some(&redis.url())).await.unwrap();
    let (mut news, mut stops) = (subscribe(&bell).await, bell.stops());
    assert_eq!(next(&mut stops).await, Heard::Gap);
    for _ in 0..2 {
        redis.kill();
        bell.tell(vec![event(JobId::new(), 1)]).await;
        redis.start_again().await;
        assert_eq!(next(&mut news).await, Heard::Gap);
        assert_eq!(next(&mut stops).await, Heard::Gap);
        let told = event(JobId::new(), 2);
        tell(&bell, &mut news, &told).await;
        let shards = ids(1);
        until("a ring that is heard", SOON, async || {
            ring(&bell, &shards).await;
            bell.hear(Ability::RawPackets, 1).await.is_ok_and(|heard| heard == shards).then_some(())
        })
        .await;
        while bell.waiting().await != Some(0) {
            drop(bell.hear(Ability::RawPackets, 100).await);
        }
    }
}

#[tokio::test]
async fn a_frozen_redis_holds_nobody_up() {
    let redis = Redis::start().await;
    let bell = Bell::open(Some(&redis.url())).await.unwrap();
    redis.freeze();
    in_time("ring", ring(&bell, &ids(2))).await;
    in_time("tell", bell.tell(vec![event(JobId::new(), 1)])).await;
    in_time("stop", bell.stop(JobId::new())).await;
    in_time("report_worker", bell.report_worker(Ability::RawPackets)).await;
    assert_eq!(in_time("workers", bell.workers()).await, None);
    assert_eq!(in_time("waiting", bell.waiting()).await, None);
    assert!(in_time("ping", bell.ping()).await.is_err());
    redis.thaw();
    let shards = ids(1);
    until("the ring after the thaw", SOON, async || {
        ring(&bell, &shards).await;
        bell.hear(Ability::RawPackets, 100).await.is_ok_and(|heard| heard.contains(&shards[0])).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_redis_that_is_gone_holds_nobody_up() {
    let mut redis = Redis::start().await;
    let bell = Bell::open(Some(&redis.url())).await.unwrap();
    redis.kill();
    for _ in 0..3 {
        in_time("ring", ring(&bell, &ids(2))).await;
        in_time("stop", bell.stop(JobId::new())).await;
        assert_eq!(in_time("waiting", bell.waiting()).await, None);
        let heard = within("an answer", SOON, bell.hear(Ability::RawPackets, 4)).await;
        assert!(matches!(heard, Err(Error::Unavailable { .. })), "{heard:?}");
    }
    assert!(in_time("ping", bell.ping()).await.is_err());
}

#[tokio::test]
async fn a_redis_that_does_not_answer_is_not_opened() {
    let mut redis = Redis::start().await;
    redis.kill();
    assert!(within("the refusal", SOON, Bell::open(Some(&redis.url()))).await.is_err());
    assert!(Bell::open(Some("not an address")).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_worked_to_its_end_without_redis() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let mut redis = Redis::start().await;
        let mut stage = Stage::on(kind).await;
        stage.core.bell = Bell::open(Some(&redis.url())).await.unwrap();
        redis.kill();
        let (job, dropped) = (stage.submit().await, stage.submit().await);
        in_time("cancel", Box::pin(cancel(&stage.core, &stage.owner, dropped))).await.unwrap();
        let script = Script::short();
        let first =
            claim(&stage.core, Ability::RawPackets, &stage.queued(job).await).await.unwrap().remove(0);
        assert!(
            split(&stage.core, &first, &script.plan, script.units(), Ability::Connections).await.unwrap()
        );
        for claim in stage.claim_all(job).await {
            let all = script.report(claim.units.clone(), &[].into());
            report(&stage.core, &claim, &all).await.unwrap();
            finish(&stage.core, &names(&[claim])).await.unwrap();
        }
        assert_eq!(stage.job(job).await.status, Status::Completed);
        check(&stage, job).await;
        check(&stage, dropped).await;
    }
}

/// Tells a listener that has just come back, until it hears.
async fn tell(
    bell: &Bell,
    news: &mut shared::bell::Subscription<shared::bell::News>,
    told: &shared::bell::News,
) {
    until("news after the return", SOON, async || {
        bell.tell(vec![told.clone()]).await;
        let heard = tokio::time::timeout(Duration::from_millis(500), news.next()).await;
        (heard == Ok(Some(Heard::Message(told.clone())))).then_some(())
    })
    .await;
}

/// Awaits one call of a caller that must not be held up.
async fn in_time<T>(what: &str, call: impl Future<Output = T>) -> T {
    let started = Instant::now();
    let answer = within(what, SOON, call).await;
    assert!(started.elapsed() < PATIENCE, "{what} took {:?}", started.elapsed());
    answer
}

/// Says one line to Redis, as a stranger would.
async fn speak(redis: &Redis, line: &str) {
    let url = redis.url();
    let address = url.rsplit('@').next().unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("AUTH {PASSWORD}\r\n{line}\r\nQUIT\r\n").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(!answer.contains(&b'-'), "{line}: {}", String::from_utf8_lossy(&answer));
}
