//! What goes wrong in the middle of a scan of all ports: nothing is lost, nothing is told twice.
#![cfg(test)]

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::task::JoinHandle;
use vedette_tests::attempts::Attempts;
use vedette_tests::deployment::Deployment;
use vedette_tests::follow::{Frame, found, ids, through_cuts};
use vedette_tests::listeners::{Listeners, own_address, port_count, ports};
use vedette_tests::scan::open_ports;
use vedette_tests::skip::skipped;
use vedette_tests::wait::LONG;
use vedette_tests::{Pair, Scan, TestService, on_every_pair};

on_every_pair! {
    a_service_that_is_killed_goes_on_where_it_was,
}

/// A scan of all ports, under way, with somebody who follows it through every cut.
struct Ordeal {
    service: TestService,
    listeners: Listeners,
    scan: Scan,
    follower: JoinHandle<Vec<Frame>>,
}

impl Ordeal {
    /// Orders the scan and waits until it has got somewhere.
    async fn begin(deployment: Deployment) -> Ordeal {
        let deployment = deployment.with("VEDETTE_LEASE_SECONDS", "2").with("VEDETTE_SHARD_UNITS", "8192");
        let service = deployment.slowed_to(20_000).start().await;
        let listeners = Listeners::open(8);
        let scan = service.owner().scan(&listeners.target()).ports(&ports(1, 65_535)).await;
        let same = scan.clone();
        let follower = tokio::spawn(async move { through_cuts(&same, LONG).await });
        scan.reached(10).await;
        Ordeal { service, listeners, scan, follower }
    }

    /// Insists that it came to the same end as if nothing had happened.
    async fn end(self) {
        let frames = self.follower.await.unwrap();
        let numbers = ids(&frames);
        assert!(numbers.is_sorted_by(|one, next| one + 1 == *next), "a gap or a duplicate: {numbers:?}");
        assert_eq!(found(&frames).len(), 8, "each open port is told once: {:?}", found(&frames));
        assert_eq!(found(&frames).into_iter().collect::<BTreeSet<_>>(), self.listeners.expected());
        assert_eq!(frames.last().unwrap().data["status"], "completed", "{:?}", frames.last());

        let mut replay = self.scan.follow_after(0).await;
        let numbers = ids(&replay.rest().await);
        let newest = *numbers.last().unwrap();
        assert_eq!(numbers, (1..=newest).collect::<Vec<_>>(), "numbers have no gap");

        let results = self.scan.results().await;
        assert_eq!(open_ports(&results), self.listeners.expected());
        let count = |name: &str| results["summary"][name].as_u64().unwrap();
        let settled = count("open_ports") + count("closed_ports") + count("filtered_ports");
        assert_eq!(settled, count("total_ports_scanned"), "{results}");
        assert_eq!(results["summary"]["total_ports_scanned"], port_count(1, 65_535), "{results}");
        drop(self.service);
    }
}

fn many() -> Deployment {
    Deployment::of(Pair::PostgresRedisMany).apis(1).workers(2)
}

async fn a_service_that_is_killed_goes_on_where_it_was(pair: Pair) {
    let mut ordeal = Ordeal::begin(Deployment::of(pair).apis(1).workers(1)).await;
    ordeal.service.api().kill();
    if ordeal.service.has_workers() {
        ordeal.service.worker(0).kill();
        ordeal.service.add_worker();
    }
    ordeal.service.start_api_again().await;
    ordeal.end().await;
}

#[tokio::test]
async fn another_worker_finishes_what_killed_ones_began() {
    let mut ordeal = Ordeal::begin(many()).await;
    ordeal.service.worker(0).kill();
    ordeal.scan.reached(40).await;
    ordeal.service.add_worker();
    ordeal.service.worker(1).kill();
    ordeal.end().await;
}

/// Each worker has one shard at a time; what it did of that since the last checkpoint is all that is done again.
#[tokio::test]
async fn a_killed_worker_has_no_port_scanned_twice_but_in_its_last_shard() {
    const SHARD: usize = 4096;
    let address = own_address();
    let Some(attempts) = Attempts::count(address) else {
        skipped("a_killed_worker_has_no_port_scanned_twice", "raw sockets are not allowed");
        return;
    };
    let deployment = many().with("VEDETTE_LEASE_SECONDS", "2").with("VEDETTE_WORKER_SLOTS", "1");
    let deployment = deployment.with("VEDETTE_SHARD_UNITS", &SHARD.to_string());
    let mut service = deployment.slowed_to(10_000).start().await;
    let scan = service.owner().scan(&address.to_string()).ports(&ports(1, 65_535)).await;
    scan.reached(30).await;
    service.worker(0).kill();
    assert_eq!(scan.finished().await["status"], "completed");
    let tried = attempts.end();
    assert_eq!(tried.len(), port_count(1, 65_535), "every port was tried");
    let again = tried.values().enumerate().filter(|(_, times)| **times > 1);
    let shards: BTreeSet<usize> = again.map(|(unit, _)| unit / SHARD).collect();
    assert!(shards.len() <= 1, "shards with ports that were tried again: {shards:?}");
}

#[tokio::test]
async fn a_worker_that_wakes_up_after_its_claim_was_taken_changes_nothing() {
    let mut ordeal = Ordeal::begin(many()).await;
    ordeal.service.worker(0).freeze();
    ordeal.scan.reached(60).await;
    ordeal.service.worker(0).thaw();
    ordeal.end().await;
}

#[tokio::test]
async fn a_redis_that_is_killed_and_started_again_empty_loses_nothing() {
    let mut ordeal = Ordeal::begin(many()).await;
    ordeal.service.redis().kill();
    tokio::time::sleep(Duration::from_secs(1)).await;
    ordeal.service.redis().start_again().await;
    ordeal.end().await;
}

#[tokio::test]
async fn a_redis_that_stands_still_loses_nothing() {
    let mut ordeal = Ordeal::begin(many()).await;
    ordeal.service.redis().freeze();
    tokio::time::sleep(Duration::from_secs(4)).await;
    ordeal.service.redis().thaw();
    ordeal.end().await;
}

#[tokio::test]
async fn an_emptied_redis_loses_nothing() {
    let mut ordeal = Ordeal::begin(many()).await;
    for percent in [20, 40, 60] {
        ordeal.service.redis().flush_all().await;
        ordeal.scan.reached(percent).await;
    }
    ordeal.service.redis().flush_all().await;
    ordeal.end().await;
}

#[tokio::test]
async fn a_postgres_that_is_restarted_loses_nothing() {
    let ordeal = Ordeal::begin(many().own_postgres()).await;
    ordeal.service.postgres().stop();
    tokio::time::sleep(Duration::from_secs(1)).await;
    ordeal.service.postgres().start_again();
    ordeal.end().await;
}

#[tokio::test]
async fn a_client_of_a_killed_api_misses_nothing() {
    let mut ordeal = Ordeal::begin(many()).await;
    for _ in 0..2 {
        ordeal.service.api().kill();
        ordeal.service.start_api_again().await;
    }
    ordeal.end().await;
}

#[tokio::test]
async fn a_scan_whose_bell_was_lost_is_found_by_the_sweeper() {
    let mut service = many().workers(0).with("VEDETTE_LEASE_SECONDS", "2").start().await;
    let scan = service.owner().scan(&own_address().to_string()).ports("1-100").await;
    service.redis().flush_all().await;
    service.add_worker();
    assert_eq!(scan.finished().await["status"], "completed");
}

#[tokio::test]
async fn entries_of_nobody_in_the_queue_hold_nothing_up() {
    let mut service = many().workers(0).start().await;
    let scan = service.owner().scan(&own_address().to_string()).ports("1-100").await;
    service.redis().poison().await;
    service.add_worker();
    assert_eq!(scan.finished().await["status"], "completed");
    assert!(service.worker(0).runs(), "{}", service.worker(0).log());
}

#[tokio::test]
async fn orders_are_taken_while_redis_is_away() {
    let mut service = many().with("VEDETTE_LEASE_SECONDS", "2").start().await;
    service.redis().kill();
    let scan = service.owner().scan(&own_address().to_string()).ports("1-100").await;
    service.redis().start_again().await;
    assert_eq!(scan.finished().await["status"], "completed");
}
