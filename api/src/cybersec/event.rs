//! Events on the wire: the same fields on SSE and WebSocket.
//!
//! Shape: `{"type":"port_found","seq":3,"job_id":"job_..","kind":"scan", ..}`, where `seq` is the number of the event in
//! its job; what tells of a scan has its `scan_id`. In a stream of an organization `last_event_id` is the position.

use serde_json::{Value, json};
use shared::{
    event::{Event, Fact, FoundPort, Position, Progress},
    job::{
        Kind, Status,
        view::{About, View},
    },
};

use super::{
    problem::failure,
    service::Identified,
    start::Reset,
    wire::{Summary, Warning, job_id, scan_id, seconds, status_word},
};
use crate::hub::{Encoded, Frame, Step};

/// The names of all that a listener may be told of jobs.
pub(super) const NAMES: [&str; 6] =
    ["progress", "status", "port_found", "service_found", "warning", "complete"];

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
    let timestamp = seconds(event.at);
    match &event.fact {
        Fact::Status { status } => json!({ "status": status_word(*status), "timestamp": timestamp }),
        Fact::PortFound(FoundPort { address, host, port, protocol, .. }) => json!({
            "port": port, "address": address, "host": host, "protocol": protocol.as_str(), "state": "open",
            "service": null, "version": null, "banner": null, "timestamp": timestamp,
        }),
        Fact::ServiceFound(found) => {
            let mut data = json!(Identified::from(*found.service.clone()));
            let FoundPort { address, host, port, .. } = &found.port;
            let place = json!({
                "port": port, "address": address, "host": host, "protocol": "tcp", "state": "open",
                "timestamp": timestamp,
            });
            extend(&mut data, place);
            data
        }
        Fact::UnresolvedHost(host) => warning(&host.clone().into(), &timestamp),
        Fact::Warning(told) => warning(&(*told).into(), &timestamp),
        Fact::Complete { status, duration_ms, tally, error } => {
            let mut data = json!({
                "status": status_word(*status), "progress": 100, "duration": duration_ms / 1000,
                "duration_ms": duration_ms, "summary": Summary::from(*tally), "timestamp": timestamp,
            });
            if let Some(error) = error {
                extend(&mut data, json!({ "error": failure(error) }));
            }
            data
        }
    }
}

fn warning(warning: &Warning, timestamp: &str) -> Value {
    let mut data = json!(warning);
    extend(&mut data, json!({ "timestamp": timestamp }));
    data
}

fn extend(data: &mut Value, more: Value) {
    if let (Some(data), Value::Object(more)) = (data.as_object_mut(), more) {
        data.extend(more);
    }
}

fn progress_data(progress: &Progress, status: Status) -> Value {
    json!({
        "progress": progress.percent(), "status": status_word(status), "ports_scanned": progress.done,
        "total_ports": progress.total, "open_ports": progress.tally.open,
        "closed_ports": progress.tally.closed, "filtered_ports": progress.tally.filtered,
        "timestamp": seconds(progress.at),
    })
}

/// Says which job it is of, beside its name and its number.
fn of_job(mut data: Value, job: shared::id::JobId, about: &About) -> Value {
    extend(&mut data, json!({ "job_id": job_id(job), "kind": about.kind.as_str() }));
    match about.kind {
        Kind::Scan => extend(&mut data, json!({ "scan_id": scan_id(job) })),
    }
    data
}

fn named(name: &str, seq: Option<i64>, mut data: Value) -> Value {
    extend(&mut data, json!({ "type": name }));
    if let Some(seq) = seq {
        extend(&mut data, json!({ "seq": seq }));
    }
    data
}

/// A stored event. In a stream of one job its number is its id, in one of an organization its position is.
pub(super) fn encode(frame: &Frame) -> Encoded {
    let Some(position) = frame.position else { return encode_stored(&frame.event, &frame.about) };
    let Event { job, seq, fact, .. } = &frame.event;
    let mut data = named(name(fact), Some(*seq), of_job(data(&frame.event), *job, &frame.about));
    extend(&mut data, json!({ "last_event_id": position.to_string(), "subject": frame.about.subject }));
    Encoded::new(Some(&position), name(fact), &data)
}

/// An event of one job; one that stands in for others has no number.
pub(super) fn encode_stored(event: &Event, about: &About) -> Encoded {
    let seq = (event.seq > 0).then_some(event.seq);
    let data = named(name(&event.fact), seq, of_job(data(event), event.job, about));
    match seq {
        Some(seq) => Encoded::new(Some(&seq), name(&event.fact), &data),
        None => Encoded::new(None, name(&event.fact), &data),
    }
}

/// Progress, with the number of the newest stored event. Without an id: a client's last id then always names a stored
/// event.
pub(super) fn encode_step(step: &Step) -> Encoded {
    let Progress { job, seq, .. } = step.progress;
    let data = of_job(progress_data(&step.progress, Status::Running), job, &step.about);
    Encoded::new(None, "progress", &named("progress", Some(seq), data))
}

/// How far a job is, as a new listener is shown it first.
pub(super) fn encode_view(view: &View) -> Encoded {
    let data = of_job(progress_data(&view.progress(), view.job.status), view.job.id, &view.about());
    Encoded::new(None, "progress", &named("progress", Some(view.job.last_seq), data))
}

/// A job under way, as those are shown it first who follow all.
pub(super) fn encode_job(view: &View) -> Encoded {
    let mut data = of_job(progress_data(&view.progress(), view.job.status), view.job.id, &view.about());
    extend(&mut data, json!({ "subject": view.job.subject, "created_at": seconds(view.job.created_at) }));
    Encoded::new(None, "job", &named("job", Some(view.job.last_seq), data))
}

/// Where a listener stands who has not been told any event that says so.
pub(super) fn encode_position(position: Position) -> Encoded {
    let data = json!({ "last_event_id": position.to_string() });
    Encoded::new(Some(&position), "position", &named("position", None, data))
}

/// What was told before does not hold together with what follows: the listener begins anew.
pub(super) fn encode_reset(reset: Reset) -> Encoded {
    Encoded::new(None, "reset", &named("reset", None, json!({ "reason": reset.as_str() })))
}
