//! What earlier versions stored still loads: the files of `stored/v1` are as the first version wrote them.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use shared::{
    event::{Fact, FoundPort, FoundService, Tally, UnresolvedHost},
    job::{Failure, FailureCode, Status},
    ports::PortSet,
    scan::{
        Engine, Protocol, ScanOptions, ScanRequest, ScanType,
        plan::Plan,
        service::{Certificate, OsHint, Service, Tls},
        warning::{Warning, WarningCode},
    },
    store::{events, jobs, scans},
    target::TargetList,
};

use crate::stage::Stage;

on_both_databases!(what_the_first_version_stored_is_read_from_the_database);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stored/v1")
}

fn text(name: &str) -> String {
    std::fs::read_to_string(folder().join(format!("{name}.json"))).unwrap()
}

fn load<T: DeserializeOwned>(name: &str) -> T {
    serde_json::from_str(&text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn whole_request() -> ScanRequest {
    ScanRequest {
        target: TargetList::parse("192.0.2.1,2001:db8::/126,example.com").unwrap(),
        scan_type: ScanType::Tcp,
        ports: PortSet::parse("top-100,8443").unwrap(),
        options: ScanOptions {
            os_detection: true,
            service_detection: true,
            fast_mode: true,
            ..ScanOptions::default()
        },
    }
}

fn plan() -> Plan {
    let nets = [("192.0.2.0/30", "192.0.2.0/30"), ("2001:db8::1/128", "example.com")];
    Plan::new(nets.map(|(net, host)| (net.parse().unwrap(), host.to_owned())))
}

/// A plan that had to leave out a host, which the first plans never did.
fn plan_with_unresolved() -> Plan {
    plan().leaving_out(vec![unresolved_host()])
}

fn unresolved_host() -> UnresolvedHost {
    let (host, reason) = ("gone.example.com", "gone.example.com has no address");
    UnresolvedHost { host: host.to_owned(), reason: reason.to_owned() }
}

/// Every fact there is, under the name of its file.
fn facts() -> Vec<(&'static str, Fact)> {
    let status = |status| Fact::Status { status };
    let host = "example.com".to_owned();
    let address = "2001:db8::1".parse().unwrap();
    let (protocol, unit) = (Protocol::Tcp, 16_777_215);
    let port = FoundPort { address, host, port: 443, protocol, unit };
    let by_datagrams = FoundPort { protocol: Protocol::Udp, ..port.clone() };
    let warning = |code, address| Fact::Warning(Warning { code, address });
    let found = |service| Fact::ServiceFound(FoundService { port: port.clone(), service: Box::new(service) });
    let mut facts = vec![
        ("fact_queued", status(Status::Queued)),
        ("fact_running", status(Status::Running)),
        ("fact_port_found", Fact::PortFound(port.clone())),
        ("fact_port_found_udp", Fact::PortFound(by_datagrams)),
        ("fact_service_found", found(service())),
        ("fact_service_found_unknown", found(Service::default())),
        ("fact_unresolved_host", Fact::UnresolvedHost(unresolved_host())),
        ("fact_warning_answers_dropped", warning(WarningCode::AnswersDropped, None)),
        ("fact_warning_budget_exhausted", warning(WarningCode::BudgetExhausted, None)),
        ("fact_warning_open_or_filtered", warning(WarningCode::OpenOrFiltered, None)),
        ("fact_warning_icmp_limited", warning(WarningCode::IcmpLimited, Some(address))),
        ("fact_warning_all_ports_open", warning(WarningCode::AllPortsOpen, Some(address))),
        ("fact_warning_hosts_skipped", warning(WarningCode::HostsSkipped, Some(address))),
        ("fact_completed", complete(Status::Completed, 1500, (2, 30, 8), None)),
        ("fact_cancelled", complete(Status::Cancelled, 0, (0, 0, 0), None)),
        ("fact_timed_out", complete(Status::TimedOut, 3_600_000, (1, 2, 3), Some(FailureCode::TimeLimit))),
    ];
    for (name, code) in [
        ("fact_failed_unknown_host", FailureCode::UnknownHost),
        ("fact_failed_refused", FailureCode::Refused),
        ("fact_failed_too_many_attempts", FailureCode::TooManyAttempts),
        ("fact_failed_internal", FailureCode::Internal),
    ] {
        facts.push((name, complete(Status::Failed, 20, (0, 0, 0), Some(code))));
    }
    facts
}

fn service() -> Service {
    let certificate = Certificate {
        subject: "CN=example.com".to_owned(),
        issuer: "CN=A root".to_owned(),
        not_before: 1_767_225_600,
        not_after: 1_798_761_600,
        sha256: "00ff".to_owned(),
        is_trusted: true,
        names_host: false,
    };
    let name = Some("Debian".to_owned());
    Service {
        name: Some("https".to_owned()),
        product: Some("nginx".to_owned()),
        version: Some("1.22.1".to_owned()),
        cpe: Some("cpe:2.3:a:f5:nginx:1.22.1:*:*:*:*:*:*:*".to_owned()),
        banner: Some("HTTP/1.1 200 OK\\r\\n".to_owned()),
        confidence: 95,
        http_status: Some(200),
        os: Some(OsHint { family: "Linux".to_owned(), name, confidence: 90 }),
        tls: Some(Tls { version: Some("TLSv1.3".to_owned()), certificate: Some(certificate) }),
    }
}

fn complete(status: Status, duration_ms: i64, counts: (i64, i64, i64), code: Option<FailureCode>) -> Fact {
    let (open, closed, filtered) = counts;
    let error = code.map(|code| Failure { code, message: "why".to_owned() });
    Fact::Complete { status, duration_ms, tally: Tally { open, closed, filtered }, error }
}

#[test]
fn requests_of_the_first_version_load() {
    assert_eq!(load::<ScanRequest>("job_request"), whole_request());
    let least = ScanRequest {
        target: TargetList::parse("192.0.2.1").unwrap(),
        scan_type: ScanType::Tcp,
        ports: PortSet::parse("80").unwrap(),
        options: ScanOptions::default(),
    };
    assert_eq!(load::<ScanRequest>("job_request_least"), least);
    let options = ScanOptions { engine: Engine::Connect, rate: Some(500), ..ScanOptions::default() };
    assert_eq!(load::<ScanRequest>("job_request_engine"), ScanRequest { options, ..least });
}

#[test]
fn facts_of_the_first_version_load() {
    for (name, fact) in facts() {
        assert_eq!(load::<Fact>(name), fact, "{name}");
    }
}

#[test]
fn plans_of_the_first_version_load() {
    assert_eq!(load::<Plan>("plan"), plan());
    assert_eq!(load::<Plan>("plan_unresolved_host"), plan_with_unresolved());
}

#[test]
fn every_stored_file_is_loaded() {
    let entries = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<String> =
        entries.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    let mut known: Vec<String> = facts().into_iter().map(|(name, _)| name.to_owned()).collect();
    let others = ["job_request", "job_request_least", "job_request_engine", "plan", "plan_unresolved_host"];
    known.extend(others.map(str::to_owned));
    files.sort();
    known.sort();
    assert_eq!(files, known);
}

async fn what_the_first_version_stored_is_read_from_the_database(stage: Stage) {
    let job = stage.submit().await;
    stage.database.store_request(job, &text("job_request")).await;
    let stored = jobs::find(&stage.core.store, job).await.unwrap().unwrap().request;
    assert_eq!(serde_json::from_value::<ScanRequest>(stored).unwrap(), whole_request());
    stage.database.store_plan(job, &text("plan")).await;
    assert_eq!(scans::plan(&stage.core.store, job).await.unwrap(), Some(plan()));
    for (name, fact) in facts() {
        stage.database.store_fact(job, &text(name)).await;
        let stored = events::after(&stage.core.store, job, 0, 10).await.unwrap().remove(0);
        assert_eq!((stored.seq, stored.fact), (1, fact), "{name}");
    }
}
