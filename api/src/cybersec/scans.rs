//! One scan: create, status, cancel.

use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::{
    error::{Error, Invalid},
    job::{cancel, submit},
    ports::PortSet,
    scan::{Discovery, Engine, ScanOptions, ScanRequest, ScanType},
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

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    os_detection: Option<bool>,
    service_detection: Option<bool>,
    ssl_check: Option<bool>,
    fast_mode: Option<bool>,
    engine: Option<String>,
    rate: Option<u32>,
    discovery: Option<String>,
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
                engine: options.engine.map_or(Ok(Engine::default()), |word| engine(&word))?,
                rate: options.rate,
                discovery: options.discovery.map_or(Ok(Discovery::default()), |word| discovery(&word))?,
                force: body.force.unwrap_or_default(),
            },
        })
    }
}

fn scan_type(word: &str) -> Result<ScanType, Error> {
    let known = match word {
        "tcp_connect" => Some(ScanType::Tcp),
        "tcp_syn" => Some(ScanType::Syn),
        _ => ScanType::ALL.into_iter().find(|kind| kind.as_str() == word),
    };
    let words = ScanType::ALL.map(ScanType::as_str).join(", ");
    let message = || format!("this scan type is not known; use one of {words}");
    known.ok_or_else(|| Invalid::new("scan_type", word, message()).into())
}

fn engine(word: &str) -> Result<Engine, Error> {
    let known =
        [Engine::Auto, Engine::Connect, Engine::Syn].into_iter().find(|engine| engine.as_str() == word);
    let message = "this engine is not known; use auto, connect or syn";
    known.ok_or_else(|| Invalid::new("options.engine", word, message).into())
}

fn discovery(word: &str) -> Result<Discovery, Error> {
    let known = [Discovery::Auto, Discovery::Off].into_iter().find(|discovery| discovery.as_str() == word);
    let message = "discovery is either auto or off";
    known.ok_or_else(|| Invalid::new("options.discovery", word, message).into())
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
