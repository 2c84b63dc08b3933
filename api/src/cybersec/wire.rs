//! Words and shapes that several resources share.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use shared::{
    error::Error,
    event::{Tally, UnresolvedHost},
    id::JobId,
    job::Status,
    scan::{
        plan::Plan,
        warning::{self, WarningCode},
    },
    store::scans::{self, Scan, list},
};

use crate::site::Site;
pub(super) use crate::time::seconds;

/// The id of a scan as clients see it.
pub(super) fn scan_id(id: JobId) -> String {
    format!("scan_{}", id.to_base62())
}

/// The id of a job of any kind as clients see it.
pub(super) fn job_id(id: JobId) -> String {
    format!("job_{}", id.to_base62())
}

/// The dialect knows no word for a time limit: such a scan has failed, with the code `SCAN_TIMEOUT`.
pub(super) fn status_word(status: Status) -> &'static str {
    match status {
        Status::Queued => "queued",
        Status::Running => "running",
        Status::Completed => "completed",
        Status::Failed | Status::TimedOut => "failed",
        Status::Cancelled => "cancelled",
    }
}

/// Ports by state, as a scan's status counts them.
#[derive(Debug, Serialize)]
pub(super) struct Counts {
    open_ports: i64,
    closed_ports: i64,
    filtered_ports: i64,
}

impl From<Tally> for Counts {
    fn from(tally: Tally) -> Self {
        Self { open_ports: tally.open, closed_ports: tally.closed, filtered_ports: tally.filtered }
    }
}

/// What a scan settled.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    total_ports_scanned: i64,
    #[serde(flatten)]
    counts: Counts,
}

impl From<Tally> for Summary {
    fn from(tally: Tally) -> Self {
        Self { total_ports_scanned: tally.open + tally.closed + tally.filtered, counts: tally.into() }
    }
}

/// Something that a scan had to leave out, or that makes its results say less than they seem to.
#[derive(Debug, Serialize)]
pub(super) struct Warning {
    code: &'static str,
    message: String,
    /// The target or address that it is about, if it is about one.
    host: Option<String>,
}

impl From<UnresolvedHost> for Warning {
    fn from(UnresolvedHost { host, reason }: UnresolvedHost) -> Self {
        Self { code: "UNRESOLVED_HOST", message: reason, host: Some(host) }
    }
}

impl From<warning::Warning> for Warning {
    fn from(warning: warning::Warning) -> Self {
        let code = match warning.code {
            WarningCode::AnswersDropped => "ANSWERS_DROPPED",
            WarningCode::BudgetExhausted => "BUDGET_EXHAUSTED",
            WarningCode::OpenOrFiltered => "OPEN_OR_FILTERED",
            WarningCode::IcmpLimited => "ICMP_LIMITED",
            WarningCode::AllPortsOpen => "ALL_PORTS_OPEN",
            WarningCode::HostsSkipped => "HOSTS_SKIPPED",
        };
        let host = warning.address.map(|address| address.to_string());
        Self { code, message: warning.message(), host }
    }
}

/// What the readers of a scan's results must know; nothing before it has been planned.
pub(super) async fn warnings(site: &Site, scan: &Scan) -> Result<Vec<Warning>, Error> {
    let (store, id) = (&site.core.store, scan.job.id);
    let plan = scans::plan(store, id).await?;
    let left_out = plan.iter().flat_map(Plan::unresolved).cloned().map(Warning::from);
    let told = scans::warnings::of(store, id).await?;
    let has_skipped = told.iter().any(|warning| warning.code == WarningCode::HostsSkipped);
    let skipped = if has_skipped { list::skipped_hosts(store, id).await? } else { 0 };
    let counted = told.into_iter().map(|told| {
        let of_hosts = told.code == WarningCode::HostsSkipped && skipped > 0;
        let warning = Warning::from(told);
        if !of_hosts {
            return warning;
        }
        Warning {
            message: format!(
                "{skipped} addresses where nobody answers were skipped, and their ports count as filtered"
            ),
            ..warning
        }
    });
    Ok(left_out.chain(counted).collect())
}

/// Whole per cent of a scan; 100 once it is completed, even if nothing was there to scan.
pub(super) fn percent(scan: &Scan) -> i64 {
    match scan.job.status {
        Status::Completed => 100,
        Status::Queued | Status::Running | Status::Failed | Status::Cancelled | Status::TimedOut => {
            if scan.job.total_units == 0 {
                0
            } else {
                (scan.job.done_units * 100 / scan.job.total_units).clamp(0, 100)
            }
        }
    }
}

/// When a running scan will be done if it goes on as it went; when it ended, once it has.
pub(super) fn estimated_completion(scan: &Scan, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let job = &scan.job;
    let started = job.started_at?;
    if job.completed_at.is_some() || job.done_units == 0 {
        return job.completed_at;
    }
    let elapsed_ms = (now - started).num_milliseconds();
    let left = job.total_units.saturating_sub(job.done_units);
    Some(now + TimeDelta::milliseconds(elapsed_ms.saturating_mul(left) / job.done_units))
}
