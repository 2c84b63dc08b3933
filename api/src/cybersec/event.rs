//! Events on the wire: the same fields on SSE and WebSocket.

use axum::extract::ws::Utf8Bytes;
use bytes::Bytes;
use serde_json::{Value, json};
use shared::{
    event::{Event, Fact, FoundPort, Progress},
    job::Status,
    store::scans::Scan,
};

use super::{
    problem::failure,
    service::Identified,
    wire::{Summary, Warning, scan_id, seconds, status_word},
};

/// The name of an event.
pub(super) fn name(fact: &Fact) -> &'static str {
    match fact {
        Fact::Status { .. } => "status",
        Fact::PortFound(_) => "port_found",
        Fact::ServiceFound(_) => "service_found",
        Fact::UnresolvedHost(_) | Fact::Warning(_) => "warning",
        Fact::Complete { .. } => "complete",
    }
}

fn data(event: &Event) -> Value {
    let (id, timestamp) = (scan_id(event.job), seconds(event.at));
    match &event.fact {
        Fact::Status { status } => {
            json!({ "scan_id": id, "status": status_word(*status), "timestamp": timestamp })
        }
        Fact::PortFound(FoundPort { address, host, port, protocol, .. }) => json!({
            "port": port, "scan_id": id, "address": address, "host": host, "protocol": protocol.as_str(), "state": "open",
            "service": null, "version": null, "banner": null, "timestamp": timestamp,
        }),
        Fact::ServiceFound(found) => {
            let mut data = json!(Identified::from(*found.service.clone()));
            let FoundPort { address, host, port, .. } = &found.port;
            let place = json!({
                "port": port, "scan_id": id, "address": address, "host": host, "protocol": "tcp", "state": "open",
                "timestamp": timestamp,
            });
            if let (Some(data), Value::Object(place)) = (data.as_object_mut(), place) {
                data.extend(place);
            }
            data
        }
        Fact::UnresolvedHost(host) => warning(&host.clone().into(), &id, &timestamp),
        Fact::Warning(told) => warning(&(*told).into(), &id, &timestamp),
        Fact::Complete { status, duration_ms, tally, error } => {
            let mut data = json!({
                "scan_id": id, "status": status_word(*status), "progress": 100, "duration": duration_ms / 1000,
                "duration_ms": duration_ms, "summary": Summary::from(*tally), "timestamp": timestamp,
            });
            if let (Some(data), Some(error)) = (data.as_object_mut(), error) {
                data.insert("error".to_owned(), failure(error));
            }
            data
        }
    }
}

fn warning(warning: &Warning, scan_id: &str, timestamp: &str) -> Value {
    let mut data = json!(warning);
    if let Some(data) = data.as_object_mut() {
        data.insert("scan_id".to_owned(), json!(scan_id));
        data.insert("timestamp".to_owned(), json!(timestamp));
    }
    data
}

fn progress_data(progress: &Progress, status: Status) -> Value {
    json!({
        "progress": progress.percent(), "scan_id": scan_id(progress.job), "status": status_word(status),
        "ports_scanned": progress.done, "total_ports": progress.total, "open_ports": progress.tally.open,
        "closed_ports": progress.tally.closed, "filtered_ports": progress.tally.filtered,
        "timestamp": seconds(progress.at),
    })
}

/// The progress that a new listener is shown first.
pub(super) fn snapshot(scan: &Scan) -> Progress {
    let job = &scan.job;
    let at = job.completed_at.or(job.started_at).unwrap_or(job.created_at);
    Progress {
        job: job.id,
        seq: job.last_seq,
        at,
        done: job.done_units,
        total: job.total_units,
        tally: scan.tally(),
    }
}

/// A stored event as one SSE event; its id is what a client comes back with.
pub(super) fn sse(event: &Event) -> Bytes {
    Bytes::from(format!("id: {}\nevent: {}\ndata: {}\n\n", event.seq, name(&event.fact), data(event)))
}

/// Progress as one SSE event. Without an id: a client's last id then always names a stored event.
pub(super) fn sse_progress(progress: &Progress, status: Status) -> Bytes {
    Bytes::from(format!("event: progress\ndata: {}\n\n", progress_data(progress, status)))
}

/// A stored event as one WebSocket frame.
pub(super) fn text(event: &Event) -> Utf8Bytes {
    framed(name(&event.fact), event.seq, data(event))
}

/// Progress as one WebSocket frame, with the number of the newest stored event.
pub(super) fn text_progress(progress: &Progress, status: Status) -> Utf8Bytes {
    framed("progress", progress.seq, progress_data(progress, status))
}

fn framed(kind: &str, seq: i64, mut data: Value) -> Utf8Bytes {
    if let Some(data) = data.as_object_mut() {
        data.insert("type".to_owned(), json!(kind));
        data.insert("seq".to_owned(), json!(seq));
    }
    data.to_string().into()
}
