//! What runs on open ports: stored and told once, whoever finds it out.

use shared::{
    event::{Fact, FoundPort, FoundService},
    id::JobId,
    job::report::{Report, Reported, report},
    scan::service::Service,
    store::scans::list,
};

use crate::{
    invariants::check,
    scanner::Script,
    stage::{LEASE_SECONDS, Stage},
};

on_both_databases!(
    a_service_may_be_told_with_its_port_and_later,
    a_service_that_is_known_stays_as_it_is,
    a_service_of_a_port_that_is_not_known_is_nobodys,
    whoever_takes_over_finds_the_ports_that_are_left,
);

fn port(unit: i64) -> FoundPort {
    Script::short().open(unit)
}

fn service(unit: i64, version: &str) -> FoundService {
    let (name, version) = (Some("ssh".to_owned()), Some(version.to_owned()));
    FoundService { port: port(unit), service: Box::new(Service { name, version, ..Service::default() }) }
}

fn saying(found: &[i64], services: Vec<FoundService>) -> Report {
    Report {
        position: 10,
        found: found.iter().map(|unit| port(*unit)).collect(),
        services,
        ..Report::default()
    }
}

async fn stored(stage: &Stage, job: JobId) -> Vec<(u16, Option<String>)> {
    let ports = list::found(&stage.core.store, job).await.unwrap();
    ports.into_iter().map(|port| (port.port, port.service.and_then(|service| service.version))).collect()
}

async fn a_service_may_be_told_with_its_port_and_later(stage: Stage) {
    let (job, claims) = stage.working().await;
    report(&stage.core, &claims[1], &saying(&[12, 15], vec![service(12, "1")])).await.unwrap();
    report(&stage.core, &claims[1], &saying(&[], vec![service(15, "2")])).await.unwrap();
    assert_eq!(stored(&stage, job).await, [(3, Some("1".to_owned())), (6, Some("2".to_owned()))]);
    let told: Vec<Fact> = stage.events(job).await.into_iter().skip(2).map(|event| event.fact).collect();
    let found = [12, 15].map(|unit| Fact::PortFound(port(unit)));
    let services = [service(12, "1"), service(15, "2")].map(Fact::ServiceFound);
    assert_eq!(told, [found, services].concat());
    check(&stage, job).await;
}

async fn a_service_that_is_known_stays_as_it_is(stage: Stage) {
    let (job, claims) = stage.working().await;
    report(&stage.core, &claims[1], &saying(&[12], vec![service(12, "1"), service(12, "2")])).await.unwrap();
    let last = stage.job(job).await.last_seq;
    for version in ["1", "3"] {
        let again = saying(&[12], vec![service(12, version)]);
        assert_eq!(report(&stage.core, &claims[1], &again).await.unwrap(), Reported::Kept);
    }
    assert_eq!(stored(&stage, job).await, [(3, Some("1".to_owned()))]);
    assert_eq!((last, stage.job(job).await.last_seq), (4, 4));
    check(&stage, job).await;
}

async fn a_service_of_a_port_that_is_not_known_is_nobodys(stage: Stage) {
    let (job, claims) = stage.working().await;
    report(&stage.core, &claims[1], &saying(&[12], vec![service(15, "1")])).await.unwrap();
    assert_eq!(stored(&stage, job).await, [(3, None)]);
    assert_eq!(stage.job(job).await.last_seq, 3);
}

async fn whoever_takes_over_finds_the_ports_that_are_left(stage: Stage) {
    let (job, claims) = stage.working().await;
    report(&stage.core, &claims[1], &saying(&[12, 15, 18], vec![service(15, "1")])).await.unwrap();
    stage.wait_seconds(LEASE_SECONDS + 1);
    shared::job::sweep::sweep(&stage.core).await.unwrap();
    let again = stage.claim_all(job).await;
    let late = report(&stage.core, &claims[1], &saying(&[], vec![service(12, "late")])).await.unwrap();
    assert_eq!(late, Reported::Lost);
    let mut left = list::unidentified(&stage.core.store, job, 10, 20).await.unwrap();
    left.sort_by_key(|port| port.unit);
    assert_eq!(left, [port(12), port(18)]);
    assert_eq!(list::unidentified(&stage.core.store, job, 13, 18).await.unwrap(), []);
    let rest = saying(&[], vec![service(12, "2"), service(18, "3")]);
    assert_eq!(report(&stage.core, &again[1], &rest).await.unwrap(), Reported::Kept);
    assert_eq!(list::unidentified(&stage.core.store, job, 10, 20).await.unwrap(), []);
    check(&stage, job).await;
}
