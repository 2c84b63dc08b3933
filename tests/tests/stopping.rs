//! How processes stop, and what they refuse to start with.
#![cfg(test)]

use std::process::Command;
use std::time::Duration;

use vedette_tests::deployment::{Deployment, OWNER_EMAIL, OWNER_KEY, SECRET_KEY, bare};
use vedette_tests::follow::{ids, through_cuts};
use vedette_tests::listeners::{Listeners, own_address, port_count, ports};
use vedette_tests::place::free_address;
use vedette_tests::postgres::Postgres;
use vedette_tests::process::Process;
use vedette_tests::scan::open_ports;
use vedette_tests::wait::{LONG, SOON};
use vedette_tests::{Pair, TestService, on_every_pair};

on_every_pair! {
    a_scan_goes_on_after_everything_was_stopped_and_started_again,
}

async fn a_scan_goes_on_after_everything_was_stopped_and_started_again(pair: Pair) {
    let deployment = Deployment::of(pair).slowed_to(4000).with("VEDETTE_DRAIN_SECONDS", "2");
    let mut service = deployment.apis(1).workers(1).with("VEDETTE_LEASE_SECONDS", "2").start().await;
    let listeners = Listeners::open(3);
    let scan = service.owner().scan(&listeners.target()).ports(&ports(30_000, 61_000)).await;
    scan.reached(10).await;
    let follower = through_cuts(&scan, LONG);
    let restart = async {
        for process in [true, false] {
            stop(&mut service, process).await;
        }
        service.start_api_again().await;
        if !pair.is_one_process() {
            service.add_worker();
        }
    };
    let (frames, ()) = futures::future::join(follower, restart).await;
    let expected: Vec<u64> = (1..=*ids(&frames).last().unwrap()).collect();
    assert!(expected.ends_with(&ids(&frames)) || ids(&frames) == expected, "{:?}", ids(&frames));
    let results = scan.results().await;
    assert_eq!(open_ports(&results), listeners.expected());
    assert_eq!(results["summary"]["total_ports_scanned"], port_count(30_000, 61_000), "{results}");
}

/// Stops the worker, or the process that listens, as a process manager does.
async fn stop(service: &mut TestService, worker: bool) {
    if worker && service.has_workers() {
        let worker = service.worker(0);
        worker.terminate();
        assert!(worker.ended(SOON).await.success(), "{}", worker.log());
    } else if !worker {
        let api = service.api();
        api.terminate();
        assert!(api.ended(SOON).await.success(), "{}", api.log());
    }
}

#[tokio::test]
async fn a_stopped_worker_hands_its_work_back_within_the_drain_time() {
    let deployment = Deployment::of(Pair::PostgresRedisMany).apis(1).workers(2).slowed_to(8000);
    let deployment = deployment.with("VEDETTE_DRAIN_SECONDS", "3").with("VEDETTE_LEASE_SECONDS", "60");
    let mut service = deployment.with("VEDETTE_SHARD_UNITS", "2000").start().await;
    let listeners = Listeners::open(4);
    let scan = service.owner().scan(&listeners.target()).ports(&ports(30_000, 61_000)).await;
    scan.reached(5).await;
    let worker = service.worker(0);
    worker.terminate();
    assert!(worker.ended(Duration::from_secs(8)).await.success(), "{}", worker.log());
    assert_eq!(scan.finished().await["status"], "completed", "long before the lease of a minute ran out");
    let results = scan.results().await;
    assert_eq!(open_ports(&results), listeners.expected());
    assert_eq!(results["summary"]["total_ports_scanned"], port_count(30_000, 61_000), "{results}");
}

#[tokio::test]
async fn a_stopping_api_says_goodbye_on_every_stream() {
    let deployment = Deployment::of(Pair::PostgresRedisMany).workers(1).slowed_to(1000);
    let mut service = deployment.start().await;
    let scan = service.owner().scan(&own_address().to_string()).ports(&ports(1, 20_000)).await;
    let mut socket = scan.websocket().await;
    let mut stream = scan.follow().await;
    scan.reached(1).await;
    let api = service.api();
    api.terminate();
    let (_, closed) = socket.rest().await;
    assert_eq!(closed, 1001, "going away");
    let told = stream.rest().await;
    assert!(told.iter().all(|frame| frame.event != "complete" && frame.event != "error"), "{told:?}");
    assert!(api.ended(SOON).await.success(), "{}", api.log());
    scan.seen_by(&service.owner_at(1)).stop().await;
    service.start_api_again().await;
}

#[tokio::test]
async fn sqlite_with_several_processes_is_refused_with_an_explanation() {
    let redis = vedette_tests::redis::Redis::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = format!("sqlite://{}", folder.path().join("vedette.db").display());
    for program in ["vedette-api", "vedette-worker"] {
        let mut command = separate(program, &file, &redis.url());
        let said = refused_to_start(&mut command, program).await.to_lowercase();
        assert!(said.contains("sqlite") && said.contains("vedette up"), "{program} explains: {said}");
    }
}

#[tokio::test]
async fn a_redis_that_does_not_answer_is_a_clear_error() {
    let database = Postgres::shared().await.database();
    let nobody = format!("redis://:redisPasswordOfTheTests@{}", free_address());
    let folder = tempfile::tempdir().unwrap();
    let mut migrate = separate("vedette", &database, &nobody);
    assert!(Process::spawn(migrate.arg("migrate"), "migrate", folder.path()).ended(SOON).await.success());
    for program in ["vedette-api", "vedette-worker"] {
        let mut command = separate(program, &database, &nobody);
        assert_redis_is_named(&refused_to_start(&mut command, program).await);
    }
    let mut up = separate("vedette", &database, &nobody);
    up.args(["up", "--listen", "127.0.0.1:0", "--data"]).arg(folder.path());
    assert_redis_is_named(&refused_to_start(&mut up, "vedette").await);
}

#[tokio::test]
async fn a_postgres_that_does_not_answer_is_a_clear_error() {
    let address = free_address();
    let nobody = format!("postgres://vedette:postgresPasswordOfTheTests@{address}/vedette");
    for (program, argument) in [("vedette-api", None), ("vedette-worker", None), ("vedette", Some("migrate"))]
    {
        let mut command = separate(program, &nobody, "redis://127.0.0.1:1");
        let said = refused_to_start(command.args(argument), program).await;
        assert!(said.contains(&format!("{address}: ")) && said.contains("Connection refused"), "{said}");
        assert!(!said.contains("postgresPasswordOfTheTests"), "the password is not shown: {said}");
    }
}

#[tokio::test]
async fn another_secret_than_the_databases_is_refused() {
    let database = Postgres::shared().await.database();
    let redis = vedette_tests::redis::Redis::start().await;
    let folder = tempfile::tempdir().unwrap();
    let mut migrate = separate("vedette", &database, &redis.url());
    assert!(Process::spawn(migrate.arg("migrate"), "migrate", folder.path()).ended(SOON).await.success());
    let data = folder.path().to_str().unwrap();
    for (program, arguments) in [
        ("vedette-api", &[][..]),
        ("vedette-worker", &[]),
        ("vedette", &["migrate"]),
        ("vedette", &["up", "--listen", "127.0.0.1:0", "--data", data]),
    ] {
        let other = "anotherSecretKeyOfTheTests-0123456789";
        let mut command = separate(program, &database, &redis.url());
        let said = refused_to_start(command.env("VEDETTE_SECRET_KEY", other).args(arguments), program).await;
        assert!(said.contains("VEDETTE_SECRET_KEY") && said.contains("first used with"), "{said}");
        assert!(!said.contains(other) && !said.contains(SECRET_KEY), "{said}");
    }
}

#[tokio::test]
async fn processes_explain_themselves_and_take_no_other_arguments() {
    for program in ["vedette-api", "vedette-worker"] {
        for (argument, code, expected) in [
            ("--help", 0, "DATABASE_URL"),
            ("-h", 0, "Usage: "),
            ("--version", 0, env!("CARGO_PKG_VERSION")),
            ("--verbose", 2, "unexpected argument `--verbose`"),
            ("8000", 2, "see vedette-"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let mut process = Process::spawn(bare(program).arg(argument), program, folder.path());
            assert_eq!(process.ended(SOON).await.code(), Some(code), "{program} {argument}");
            let said = process.log();
            assert!(said.contains(expected) && said.contains(program), "{program} {argument}: {said}");
        }
    }
}

#[tokio::test]
async fn settings_that_are_missing_or_wrong_are_named() {
    let database = Postgres::shared().await.database();
    for program in ["vedette-api", "vedette-worker"] {
        for (name, value) in [
            ("DATABASE_URL", None),
            ("DATABASE_URL", Some("mysql://127.0.0.1/x")),
            ("DATABASE_URL", Some("postgres://vedette:#PasswordOfTheTests@127.0.0.1/x")),
            ("REDIS_URL", None),
            ("REDIS_URL", Some("127.0.0.1:6379")),
            ("REDIS_URL", Some("redis://:#PasswordOfTheTests@127.0.0.1")),
            ("VEDETTE_SECRET_KEY", None),
            ("VEDETTE_SECRET_KEY", Some("tooShort")),
            ("VEDETTE_LEASE_SECONDS", Some("soon")),
            ("VEDETTE_TARGETS_ALLOW", Some("127.0.0.0/99")),
        ] {
            let mut command = separate(program, &database, "redis://127.0.0.1:1");
            command.env_remove(name).envs(value.map(|value| (name, value)));
            let said = refused_to_start(&mut command, program).await;
            assert!(said.contains(name), "{program} names {name}: {said}");
            assert!(!said.contains("tooShort") && !said.contains("PasswordOfTheTests"), "{said}");
        }
    }
}

#[tokio::test]
async fn a_second_start_keeps_the_data_and_needs_no_owner() {
    let mut service = TestService::start(Pair::SqliteEmbedded).await;
    let scan = service.owner().scan(&own_address().to_string()).ports("1-3").await;
    scan.finished().await;
    service.api().kill();
    service.start_api_again().await;
    assert_eq!(scan.status().await["status"], "completed");
    assert_eq!(scan.results().await["summary"]["total_ports_scanned"], 3);
}

#[tokio::test]
async fn port_zero_is_told_once_the_kernel_has_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let mut up = bare("vedette");
    up.env("VEDETTE_OWNER_KEY", OWNER_KEY)
        .args(["up", "--listen", "127.0.0.1:0", "--data"])
        .arg(folder.path());
    let mut process = Process::spawn(&mut up, "up", folder.path());
    let line = process.logged("http://127.0.0.1:").await;
    let (_, port) = line.rsplit_once(':').unwrap();
    assert!(port.trim().parse::<u16>().is_ok_and(|port| port > 0), "{line}");
}

fn separate(program: &str, database: &str, redis: &str) -> Command {
    let mut command = bare(program);
    command.env("DATABASE_URL", database).env("REDIS_URL", redis).env("VEDETTE_SECRET_KEY", SECRET_KEY);
    command.env("VEDETTE_OWNER_KEY", OWNER_KEY).env("VEDETTE_OWNER_EMAIL", OWNER_EMAIL);
    command.env("VEDETTE_LISTEN", "127.0.0.1:0");
    command
}

/// Insists that a program ends by itself with a failure; what it said.
async fn refused_to_start(command: &mut Command, program: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut process = Process::spawn(command, program, folder.path());
    let status = process.ended(SOON).await;
    let said = process.log();
    assert!(!status.success(), "{program} started although it must not: {said}");
    assert!(!said.contains("panicked"), "an explanation, not a panic: {said}");
    said
}

fn assert_redis_is_named(said: &str) {
    assert!(said.to_lowercase().contains("redis"), "{said}");
    assert!(!said.contains("redisPasswordOfTheTests"), "the password is not shown: {said}");
}
