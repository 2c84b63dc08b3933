//! Names, addresses and the policy: what becomes of a scan once its names are resolved. Name servers are scripted.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    collections::HashMap,
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, TcpListener},
    sync::Arc,
};

use services::Identifier;
use shared::{
    core::Core,
    error::Error,
    event::{Fact, Tally, UnresolvedHost},
    id::ShardId,
    identity::{Principal, authenticate, open_owner},
    job::{
        FailureCode,
        claim::{Claim, claim, due},
        submit,
    },
    ports::PortSet,
    scan::{Ability, ScanOptions, ScanRequest, ScanType},
    settings::{Mode, Settings},
    store::{
        events,
        scans::{self, HostTally, list},
    },
    target::TargetList,
    target_policy::parse_nets,
};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use worker::{Outcome, Rates, Resolver, Work, perform};

struct Trial {
    core: Core,
    owner: Principal,
    _folder: TempDir,
}

impl Trial {
    async fn start(targets_allow: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let look_up = |name: &str| {
            (name == "VEDETTE_TARGETS_ALLOW").then(|| targets_allow.map(str::to_owned)).flatten()
        };
        let mut settings = Settings::read(Mode::Embedded(folder.path()), &look_up).unwrap();
        if targets_allow.is_some() {
            settings.limits.targets.base = shared::target_policy::Base::PublicOnly;
        }
        let core = Core::open(&settings).await.unwrap();
        core.store.migrate().await.unwrap();
        let registered = open_owner(&core, "owner@localhost", None).await.unwrap().unwrap();
        let owner = authenticate(&core, registered.key.reveal(), Ipv4Addr::LOCALHOST.into()).await.unwrap();
        Self { core, owner, _folder: folder }
    }

    async fn submit(&self, target: &str, ports: &str) -> Result<(), Error> {
        let request = ScanRequest {
            target: TargetList::parse(target).unwrap(),
            scan_type: ScanType::Tcp,
            ports: PortSet::parse(ports).unwrap(),
            options: ScanOptions::default(),
        };
        submit::scan(&self.core, &self.owner, &request).await.map(drop)
    }

    async fn claim(&self) -> Option<Claim> {
        let shards: Vec<ShardId> = due(&self.core, Ability::RawPackets, 1).await.unwrap();
        claim(&self.core, Ability::RawPackets, &shards).await.unwrap().pop()
    }

    async fn work(&self, names: &[(&str, &[&str])]) -> (Claim, Outcome) {
        let claim = self.claim().await.expect("a shard is due");
        let outcome = perform(self.of(claim.clone(), names, CancellationToken::new())).await;
        (claim, outcome)
    }

    fn of(&self, claim: Claim, names: &[(&str, &[&str])], stop: CancellationToken) -> Work {
        let (core, identifier) = (self.core.clone(), Identifier::new().unwrap());
        Work { core, resolver: resolver(names), rates: Rates::default(), identifier, claim, stop }
    }

    async fn hosts(&self, claim: &Claim) -> Vec<HostTally> {
        list::hosts(&self.core.store, claim.job.id).await.unwrap()
    }
}

fn resolver(names: &[(&str, &[&str])]) -> Resolver {
    let addresses = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<IpAddr>>();
    let names = names.iter().map(|(name, texts)| ((*name).to_owned(), addresses(texts)));
    Resolver::Fixed(Arc::new(names.collect::<HashMap<_, _>>()))
}

fn failure(outcome: Outcome) -> (FailureCode, String) {
    let Outcome::Fail(failure) = outcome else { panic!("expected a failure, not {outcome:?}") };
    (failure.code, failure.message)
}

#[tokio::test]
async fn a_name_is_resolved_once_and_every_address_of_it_is_scanned() {
    let trial = Trial::start(None).await;
    let listener = TcpListener::bind("127.0.0.7:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    trial.submit("app.test", &port.to_string()).await.unwrap();
    let (_, planned) = trial.work(&[("app.test", &["127.0.0.7", "::1", "127.0.0.7"])]).await;
    assert_eq!(planned, Outcome::Settled);
    // By now the name stands for something else; the scan goes on with what it stood for.
    let (claim, scanned) = trial.work(&[("app.test", &["127.0.0.99"])]).await;
    assert_eq!(scanned, Outcome::Done);
    let hosts = trial.hosts(&claim).await;
    let told: Vec<(String, &str, Tally)> =
        hosts.iter().map(|host| (host.address.to_string(), host.host.as_str(), host.tally)).collect();
    let (open, closed) = (Tally { open: 1, ..Tally::default() }, Tally { closed: 1, ..Tally::default() });
    assert_eq!(told, [("127.0.0.7".to_owned(), "app.test", open), ("::1".to_owned(), "app.test", closed)]);
}

#[tokio::test]
async fn a_name_without_an_address_fails_the_scan_and_says_so() {
    let trial = Trial::start(None).await;
    trial.submit("nowhere.test", "80").await.unwrap();
    let (code, message) = failure(trial.work(&[]).await.1);
    assert_eq!((code, message.as_str()), (FailureCode::UnknownHost, "nowhere.test has no address"));
}

#[tokio::test]
async fn a_scan_of_names_without_an_address_alone_fails_and_names_each() {
    let trial = Trial::start(None).await;
    trial.submit("nowhere.test,gone.test", "80").await.unwrap();
    let (code, message) = failure(trial.work(&[]).await.1);
    assert_eq!(code, FailureCode::UnknownHost);
    assert_eq!(message, "nowhere.test has no address; gone.test has no address");
}

#[tokio::test]
async fn a_name_without_an_address_is_told_and_the_rest_is_scanned() {
    let trial = Trial::start(None).await;
    trial.submit("nowhere.test,127.0.0.7,gone.test,app.test", "1").await.unwrap();
    let (claim, planned) = trial.work(&[("app.test", &["127.0.0.9"])]).await;
    assert_eq!(planned, Outcome::Settled);
    let told = events::after(&trial.core.store, claim.job.id, 2, 10).await.unwrap();
    let left_out = |host: &str| {
        let reason = format!("{host} has no address");
        Fact::UnresolvedHost(UnresolvedHost { host: host.to_owned(), reason })
    };
    let facts: Vec<Fact> = told.into_iter().map(|event| event.fact).collect();
    assert_eq!(facts, [left_out("nowhere.test"), left_out("gone.test")]);
    assert_eq!(trial.work(&[]).await.1, Outcome::Done);
    let scanned: Vec<String> =
        trial.hosts(&claim).await.iter().map(|host| format!("{} {}", host.address, host.host)).collect();
    assert_eq!(scanned, ["127.0.0.7 127.0.0.7", "127.0.0.9 app.test"]);
}

#[tokio::test]
async fn a_refused_address_refuses_the_whole_scan_whatever_else_is_named() {
    let trial = Trial::start(Some("127.0.0.0/8")).await;
    trial.submit("127.0.0.1,nowhere.test,inside.test", "1").await.unwrap();
    let (claim, outcome) = trial.work(&[("inside.test", &["10.1.2.3"])]).await;
    let (code, message) = failure(outcome);
    assert_eq!(code, FailureCode::Refused);
    assert!(message.contains("10.1.2.3"), "{message}");
    assert!(trial.hosts(&claim).await.is_empty() && trial.claim().await.is_none());
}

#[tokio::test]
async fn a_name_that_stands_for_a_refused_address_is_never_dialled() {
    for (address, allow) in [
        ("169.254.169.254", None),
        ("::ffff:169.254.169.254", None),
        ("fe80::1", None),
        ("224.0.0.1", None),
        ("0.0.0.0", None),
        ("127.0.0.1", Some("192.0.2.0/24")),
        ("10.1.2.3", Some("192.0.2.0/24")),
        ("::1", Some("192.0.2.0/24")),
    ] {
        let trial = Trial::start(allow).await;
        // One good address beside it does not help.
        trial.submit("rebound.test", "80").await.unwrap();
        let (claim, outcome) = trial.work(&[("rebound.test", &["192.0.2.1", address])]).await;
        assert_eq!(failure(outcome).0, FailureCode::Refused, "{address}");
        assert!(trial.hosts(&claim).await.is_empty(), "{address}");
        assert!(trial.claim().await.is_none(), "nothing is left to scan at {address}");
    }
}

#[tokio::test]
async fn a_shard_whose_address_is_denied_by_now_sends_nothing() {
    let trial = Trial::start(None).await;
    let listener = TcpListener::bind("127.0.0.8:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    trial.submit("app.test", &port.to_string()).await.unwrap();
    assert_eq!(trial.work(&[("app.test", &["127.0.0.8"])]).await.1, Outcome::Settled);
    let claim = trial.claim().await.expect("it was planned under the old policy");
    let mut work = trial.of(claim.clone(), &[], CancellationToken::new());
    work.core.limits.targets.deny = parse_nets("127.0.0.8/32").unwrap();
    assert_eq!(failure(perform(work).await).0, FailureCode::Refused);
    listener.set_nonblocking(true).unwrap();
    let visited = listener.accept();
    assert!(visited.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock), "{visited:?}");
    assert!(trial.hosts(&claim).await.iter().all(|host| host.tally == Tally::default()));
}

#[tokio::test]
async fn a_literal_address_that_is_refused_is_never_stored() {
    let trial = Trial::start(Some("127.0.0.0/8")).await;
    for target in ["10.0.0.1", "127.0.0.1,192.168.0.0/24", "::1", "169.254.1.1"] {
        assert!(matches!(trial.submit(target, "80").await, Err(Error::Refused(_))), "{target}");
    }
    assert!(trial.claim().await.is_none());
    trial.submit("127.0.0.1", "1").await.unwrap();
}

#[tokio::test]
async fn a_stopped_engine_hands_its_shard_back() {
    let trial = Trial::start(None).await;
    trial.submit("127.0.0.1", "1-2000").await.unwrap();
    trial.work(&[]).await;
    let claim = trial.claim().await.unwrap();
    let stop = CancellationToken::new();
    stop.cancel();
    let work = trial.of(claim, &[], stop);
    assert_eq!(perform(work).await, Outcome::HandBack);
}

#[tokio::test]
async fn the_plan_of_a_whole_network_is_a_number_of_shards() {
    let trial = Trial::start(None).await;
    trial.submit("198.18.0.0/16", "1-100").await.unwrap();
    trial.core.bell.hear(Ability::Connections, 9).await.unwrap();
    let (claim, planned) = trial.work(&[]).await;
    assert_eq!(planned, Outcome::Settled);
    let shards = due(&trial.core, Ability::Connections, 1_000_000).await.unwrap();
    let units = 65_536 * 100;
    assert_eq!(i64::try_from(shards.len()).unwrap(), units / trial.core.limits.shard_units);
    assert_eq!(trial.core.bell.waiting().await, Some(1), "for the first alone");
    let plan = scans::plan(&trial.core.store, claim.job.id).await.unwrap().unwrap();
    assert_eq!(plan.units(&PortSet::parse("1-100").unwrap()), units);
    assert!(serde_json::to_string(&plan).unwrap().len() < 100, "{plan:?}");
    assert!(trial.hosts(&claim).await.is_empty(), "no address has a row");
}
