//! What a scan found.

use std::net::IpAddr;

use axum::{extract::State, http::StatusCode};
use serde::Serialize;
use serde_json::{Value, json};
use shared::{
    error::{Error, Noun, Step},
    job::{FailureCode, Status, cancel},
    scan::service::os_of,
    store::scans::{
        HostTally, Scan,
        list::{self, StoredPort},
    },
};

use super::{
    body::ScanId,
    caller::Caller,
    envelope::Reply,
    problem::{Problem, failure},
    service::{Identified, Os},
    wire::{Summary, Warning, scan_id, seconds, status_word, warnings},
};
use crate::site::Site;

/// The results of a scan that has ended.
#[derive(Debug, Serialize)]
pub(super) struct Results {
    scan_id: String,
    status: &'static str,
    target: String,
    scan_type: Value,
    started_at: Option<String>,
    completed_at: Option<String>,
    duration: i64,
    summary: Summary,
    ports: Vec<Port>,
    hosts: Vec<Host>,
    warnings: Vec<Warning>,
    error: Option<Value>,
}

/// One open port. Fields that nothing was learnt of are null or empty.
#[derive(Debug, Serialize)]
struct Port {
    address: String,
    host: String,
    port: u16,
    protocol: &'static str,
    state: &'static str,
    #[serde(flatten)]
    identified: Identified,
    risk: Option<String>,
    cvss_score: Option<f64>,
    vulnerabilities: Vec<Value>,
    recommendations: Vec<String>,
}

impl From<StoredPort> for Port {
    fn from(port: StoredPort) -> Self {
        Self {
            address: port.address.to_string(),
            host: port.host,
            port: port.port,
            protocol: port.protocol.as_str(),
            state: "open",
            identified: port.service.map(Identified::from).unwrap_or_default(),
            risk: None,
            cvss_score: None,
            vulnerabilities: Vec::new(),
            recommendations: Vec::new(),
        }
    }
}

#[derive(Debug, Serialize)]
struct Host {
    address: String,
    host: String,
    #[serde(flatten)]
    summary: Summary,
    /// Of the filtered ports, those that were not tried, because nobody answered at the address.
    skipped_ports: i64,
    /// Whether whatever port is tried there is open; few of its ports stand in `ports` then.
    all_ports_open: bool,
    /// Null for a scan that was not asked for it.
    os: Option<Os>,
}

impl Host {
    fn new(host: HostTally, os: Option<Os>) -> Self {
        Self {
            address: host.address.to_string(),
            host: host.host,
            summary: host.tally.into(),
            skipped_ports: host.skipped,
            all_ports_open: host.all_ports_open,
            os,
        }
    }
}

/// What the ports of an address tell of its system.
fn os_at(address: IpAddr, ports: &[StoredPort]) -> Os {
    let here = ports.iter().filter(|port| port.address == address);
    os_of(here.filter_map(|port| port.service.as_ref())).map_or_else(Os::unknown, Os::from)
}

/// Shows what a scan found, once it has ended.
pub(super) async fn read(
    State(site): State<Site>,
    Caller(principal): Caller,
    ScanId(id): ScanId,
) -> Result<Reply<Results>, Problem> {
    let scan = cancel::find(&site.core, &principal, id).await?;
    if !scan.job.status.is_final() {
        let message = format!("the scan is {}; its results come when it has ended", scan.job.status.as_str());
        return Err(Error::Conflict { step: Step::Read, message }.into());
    }
    if scan.deleted_at.is_some() {
        return Err(Error::NotFound(Noun::Results).into());
    }
    let results = results(&site, &scan).await?;
    if scan.job.status == Status::TimedOut {
        return Err(timed_out(&scan, &results));
    }
    Ok(Reply(StatusCode::OK, results))
}

async fn results(site: &Site, scan: &Scan) -> Result<Results, Problem> {
    let (store, job) = (&site.core.store, &scan.job);
    let ports = list::found(store, job.id).await?;
    let asks_os = job.request.pointer("/options/os_detection").and_then(Value::as_bool).unwrap_or_default();
    let hosts = list::hosts(store, job.id).await?.into_iter();
    let hosts = hosts.map(|host| {
        let os = asks_os.then(|| os_at(host.address, &ports));
        Host::new(host, os)
    });
    let duration = job.started_at.zip(job.completed_at).map_or(0, |(start, end)| (end - start).num_seconds());
    Ok(Results {
        scan_id: scan_id(job.id),
        status: status_word(job.status),
        target: job.subject.clone(),
        scan_type: job.request.get("scan_type").cloned().unwrap_or_default(),
        started_at: job.started_at.map(seconds),
        completed_at: job.completed_at.map(seconds),
        duration,
        summary: scan.tally().into(),
        hosts: hosts.collect(),
        ports: ports.into_iter().map(Port::from).collect(),
        warnings: warnings(site, scan).await?,
        error: job.failure().as_ref().map(failure),
    })
}

fn timed_out(scan: &Scan, results: &Results) -> Problem {
    let failure = scan.job.failure().filter(|failure| failure.code == FailureCode::TimeLimit);
    let message = failure.map_or_else(String::new, |failure| failure.message);
    Problem::new(StatusCode::GATEWAY_TIMEOUT, "SCAN_TIMEOUT", message)
        .with_details(json!({ "results": results }))
}

/// What was deleted.
#[derive(Debug, Serialize)]
pub(super) struct Deleted {
    scan_id: String,
    deleted: bool,
}

/// Deletes what a scan found; the scan itself stays.
pub(super) async fn forget(
    State(site): State<Site>,
    Caller(principal): Caller,
    ScanId(id): ScanId,
) -> Result<Reply<Deleted>, Problem> {
    cancel::delete_results(&site.core, &principal, id).await?;
    Ok(Reply(StatusCode::OK, Deleted { scan_id: scan_id(id), deleted: true }))
}
