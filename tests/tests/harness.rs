//! The harness itself: its private servers start, stop, come back and go away.
#![cfg(test)]

use std::net::{SocketAddr, TcpStream};

use vedette_tests::listeners::Listeners;
use vedette_tests::postgres::Postgres;
use vedette_tests::redis::Redis;

fn address_of(url: &str) -> SocketAddr {
    let (_, after) = url.rsplit_once('@').unwrap();
    after.split('/').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_private_redis_is_killed_and_comes_back_on_its_port() {
    let mut redis = Redis::start().await;
    let address = address_of(&redis.url());
    redis.flush_all().await;
    redis.kill();
    assert!(TcpStream::connect(address).is_err(), "it was killed");
    redis.start_again().await;
    redis.flush_all().await;
}

#[tokio::test]
async fn a_private_postgres_keeps_its_databases_over_a_restart_and_then_goes_away() {
    let postgres = Postgres::start().await;
    let (first, second) = (postgres.database(), postgres.database());
    assert_ne!(first, second, "each service has a database of its own");
    postgres.stop();
    assert!(TcpStream::connect(address_of(&first)).is_err(), "it was stopped");
    postgres.start_again();
    let address = address_of(&postgres.database());
    drop(postgres);
    assert!(TcpStream::connect(address).is_err(), "it went away");
}

#[test]
fn listeners_of_two_tests_never_share_an_address() {
    let (one, other) = (Listeners::open(2), Listeners::open(2));
    assert_ne!(one.target(), other.target());
    assert_eq!(one.ports().len(), 2);
}
