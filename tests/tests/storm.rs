//! Two hundred listeners that are cut, stall and come back, while the server and its Redis are killed under them: each is
//! told what is stored, everything and once.
#![cfg(test)]

use std::time::Duration;

use vedette_tests::deployment::Deployment;
use vedette_tests::follow::ids;
use vedette_tests::listeners::{Listeners, ports};
use vedette_tests::wait::within;
use vedette_tests::wanderer::{Wanderer, Way};
use vedette_tests::{Client, Pair, TestService};

/// Listeners of each way.
const EACH: u64 = 50;
/// How long it lasts unless `VEDETTE_STORM_SECONDS` says so.
const SECONDS: u64 = 12;
/// Ports that are scanned a second, one of a hundred of them open.
const RATE: u64 = 1000;

fn seconds() -> u64 {
    let asked = std::env::var_os("VEDETTE_STORM_SECONDS").and_then(|value| value.into_string().ok());
    asked.map_or(SECONDS, |text| text.parse().expect("a number of seconds"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_listeners_are_told_everything_once_whatever_happens() {
    let seconds = seconds().clamp(5, 60);
    let deployment = Deployment::of(Pair::PostgresRedisMany).workers(1).with("VEDETTE_LEASE_SECONDS", "2");
    let mut service = deployment.slowed_to(u32::try_from(RATE).unwrap()).start().await;
    let last = u16::try_from(2000 + seconds * RATE).unwrap();
    let open: Vec<u16> = (2000..last).step_by(100).collect();
    let listeners = Listeners::at(&open);
    let scan = service.owner().scan(&listeners.target()).ports(&ports(2000, last - 1)).await;
    let apis: Vec<Client> = (0..service.api_count()).map(|api| service.owner_at(api)).collect();
    let wanderers: Vec<_> = (0..EACH * 4)
        .map(|number| {
            let way = [Way::Stream, Way::Socket, Way::AllStream, Way::AllSocket]
                [usize::try_from(number % 4).unwrap()];
            let wanderer = Wanderer::new(number, way, &scan.id, &listeners.target(), apis.clone());
            tokio::spawn(wanderer.follow_to_the_end())
        })
        .collect();
    let limit = Duration::from_secs(seconds * 4 + 90);
    let all = async {
        let mut all = Vec::new();
        for wanderer in wanderers {
            all.push(wanderer.await.unwrap());
        }
        all
    };
    let trouble = trouble(&mut service, Duration::from_secs(seconds));
    let (told, ()) = within("the end for all listeners", limit, futures::future::join(all, trouble)).await;
    let stored = ids(&scan.told_to_the_end().await);
    assert!(stored.len() > open.len(), "every open port is a fact");
    let cuts: usize = told.iter().map(|told| told.connections - 1).sum();
    assert!(cuts > told.len(), "only {cuts} cuts");
    for told in told {
        assert_eq!(told.facts, stored, "listener {} by {:?}", told.number, told.way);
    }
}

/// Kills what stands between the database and the listeners, again and again.
async fn trouble(service: &mut TestService, length: Duration) {
    let begun = tokio::time::Instant::now();
    let mut round = 0;
    while begun.elapsed() < length {
        tokio::time::sleep(Duration::from_secs(1)).await;
        match round % 3 {
            0 => service.api().kill(),
            1 => {
                service.redis().kill();
                tokio::time::sleep(Duration::from_millis(300)).await;
                service.redis().start_again().await;
            }
            _ => {
                service.api().terminate();
                service.api().ended(Duration::from_secs(30)).await;
            }
        }
        if round % 3 != 1 {
            service.start_api_again().await;
        }
        round += 1;
    }
}
