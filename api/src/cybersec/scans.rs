//! One scan: create, status, cancel.

use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::{
    error::{Error, Invalid},
    job::{cancel, submit},
    ports::PortSet,
    scan::{ScanOptions, ScanRequest, ScanType},
    store::scans::Scan,
    target::TargetList,
};

use super::{
    body::{Body, ScanId, object},
    caller::Caller,
    envelope::Reply,
    problem::{Problem, failure},
    wire::{Counts, Warning, estimated_completion, percent, scan_id, seconds, status_word, warnings},
};
use crate::{peer::BaseUrl, site::Site};

/// The body that creates a scan.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateScan {
    target: String,
    scan_type: Option<String>,
    ports: Option<String>,
    #[serde(default, deserialize_with = "object")]
    options: Option<Options>,
    force: Option<bool>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    os_detection: Option<bool>,
    service_detection: Option<bool>,
    ssl_check: Option<bool>,
    fast_mode: Option<bool>,
}

impl TryFrom<CreateScan> for ScanRequest {
    type Error = Error;

    fn try_from(body: CreateScan) -> Result<Self, Error> {
        let options = body.options.unwrap_or_default();
        Ok(Self {
            target: TargetList::parse(&body.target)?,
            scan_type: body.scan_type.map_or(Ok(ScanType::default()), |word| scan_type(&word))?,
            ports: body.ports.map_or_else(|| Ok(PortSet::default()), |text| PortSet::parse(&text))?,
            options: ScanOptions {
                os_detection: options.os_detection.unwrap_or_default(),
                service_detection: options.service_detection.unwrap_or_default(),
                ssl_check: options.ssl_check.unwrap_or_default(),
                fast_mode: options.fast_mode.unwrap_or_default(),
                force: body.force.unwrap_or_default(),
            },
        })
    }
}

fn scan_type(word: &str) -> Result<ScanType, Error> {
    let why = match word {
        "tcp" | "tcp_connect" => return Ok(ScanType::Tcp),
        "syn" | "tcp_syn" => return Ok(ScanType::Syn),
        "udp" | "fin" | "null" | "xmas" => "cannot be done by this server; use tcp or syn",
        _ => "is not known; use tcp or syn",
    };
    Err(Invalid::new("scan_type", word, format!("this scan type {why}")).into())
}

/// A scan that was just queued.
#[derive(Debug, Serialize)]
pub(super) struct Created {
    scan_id: String,
    status: &'static str,
    target: String,
    created_at: String,
    estimated_duration: i64,
    websocket_url: String,
    sse_url: String,
}

/// Queues a scan.
pub(super) async fn create(
    State(site): State<Site>,
    Caller(principal): Caller,
    BaseUrl(base): BaseUrl,
    Body(body): Body<CreateScan>,
) -> Result<Reply<Created>, Problem> {
    let request = ScanRequest::try_from(body)?;
    let scan = submit::scan(&site.core, &principal, &request).await?;
    let id = scan_id(scan.job.id);
    let created = Created {
        status: "queued",
        target: scan.job.subject,
        created_at: seconds(scan.job.created_at),
        estimated_duration: request.estimated_seconds(),
        websocket_url: format!("{}/ws/scans/{id}", base.replacen("http", "ws", 1)),
        sse_url: format!("{base}/api/v1/scans/{id}/stream"),
        scan_id: id,
    };
    Ok(Reply(StatusCode::CREATED, created))
}

/// Where a scan stands.
#[derive(Debug, Serialize)]
pub(super) struct ScanStatus {
    scan_id: String,
    status: &'static str,
    target: String,
    scan_type: Value,
    ports: Value,
    options: Value,
    progress: i64,
    created_at: String,
    started_at: Option<String>,
    completed_at: Option<String>,
    estimated_completion: Option<String>,
    results: Counts,
    error: Option<Value>,
}

impl ScanStatus {
    pub(super) fn new(site: &Site, scan: &Scan) -> Self {
        let field = |name: &str| scan.job.request.get(name).cloned().unwrap_or_default();
        Self {
            scan_id: scan_id(scan.job.id),
            status: status_word(scan.job.status),
            target: scan.job.subject.clone(),
            scan_type: field("scan_type"),
            ports: field("ports"),
            options: field("options"),
            progress: percent(scan),
            created_at: seconds(scan.job.created_at),
            started_at: scan.job.started_at.map(seconds),
            completed_at: scan.job.completed_at.map(seconds),
            estimated_completion: estimated_completion(scan, site.core.clock.now()).map(seconds),
            results: scan.tally().into(),
            error: scan.job.failure().as_ref().map(failure),
        }
    }
}

/// Where a scan stands, and what it had to leave out.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    #[serde(flatten)]
    status: ScanStatus,
    warnings: Vec<Warning>,
}

/// Shows where a scan stands.
pub(super) async fn status(
    State(site): State<Site>,
    Caller(principal): Caller,
    ScanId(id): ScanId,
) -> Result<Reply<Shown>, Problem> {
    let scan = cancel::find(&site.core, &principal, id).await?;
    let warnings = warnings(&site, &scan).await?;
    Ok(Reply(StatusCode::OK, Shown { status: ScanStatus::new(&site, &scan), warnings }))
}

/// What became of a scan that was cancelled.
#[derive(Debug, Serialize)]
pub(super) struct Cancelled {
    scan_id: String,
    status: &'static str,
}

/// Cancels a scan that has not ended.
pub(super) async fn cancel(
    State(site): State<Site>,
    Caller(principal): Caller,
    ScanId(id): ScanId,
) -> Result<Reply<Cancelled>, Problem> {
    cancel::cancel(&site.core, &principal, id).await?;
    Ok(Reply(StatusCode::OK, Cancelled { scan_id: scan_id(id), status: "cancelled" }))
}
