//! The list of a user's scans.

use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use shared::{
    identity::Permission,
    job::Status,
    store::scans::list::{Filter, Sort, count, page},
    target::TargetList,
};

use super::{
    body::Query,
    caller::Caller,
    envelope::Reply,
    paging::{Pagination, Paging, unknown},
    problem::Problem,
    scans::ScanStatus,
};
use crate::site::Site;

/// What may be asked of a list. Numbers come as text, so that a bad one is named.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    target: Option<String>,
    status: Option<String>,
    sort: Option<String>,
    order: Option<String>,
    page: Option<String>,
    per_page: Option<String>,
}

/// One page.
#[derive(Debug, Serialize)]
pub(super) struct Page {
    scans: Vec<ScanStatus>,
    pagination: Pagination,
}

/// Lists the caller's scans, a page at a time.
pub(super) async fn list(
    State(site): State<Site>,
    Caller(principal): Caller,
    Query(asked): Query<Asked>,
) -> Result<Reply<Page>, Problem> {
    principal.permissions.require(Permission::ReadScans)?;
    let paging = Paging::parse(asked.page.as_deref(), asked.per_page.as_deref())?;
    let filter = Filter {
        user: principal.user,
        subject: asked.target.map(|target| canonical(&target)),
        statuses: asked.status.as_deref().map_or(Ok(Vec::new()), statuses)?,
        sort: asked.sort.as_deref().map_or(Ok(Sort::CreatedAt), sort)?,
        descending: asked.order.as_deref().map_or(Ok(true), descending)?,
        offset: paging.offset(),
        limit: paging.limit(),
    };
    let total = count(&site.core.store, &filter).await?;
    let scans = page(&site.core.store, &filter).await?;
    let scans = scans.iter().map(|scan| ScanStatus::new(&site, scan)).collect();
    Ok(Reply(StatusCode::OK, Page { scans, pagination: paging.of(total) }))
}

/// A target as scans keep it; what is no target matches none.
fn canonical(target: &str) -> String {
    TargetList::parse(target).map_or_else(|_| target.to_lowercase(), |list| list.to_string())
}

fn statuses(word: &str) -> Result<Vec<Status>, Problem> {
    match word {
        "queued" => Ok(vec![Status::Queued]),
        "running" => Ok(vec![Status::Running]),
        "completed" => Ok(vec![Status::Completed]),
        "failed" => Ok(vec![Status::Failed, Status::TimedOut]),
        "cancelled" => Ok(vec![Status::Cancelled]),
        _ => Err(unknown("status", word, "is none of queued, running, completed, failed, cancelled")),
    }
}

fn sort(word: &str) -> Result<Sort, Problem> {
    match word {
        "created_at" => Ok(Sort::CreatedAt),
        "started_at" => Ok(Sort::StartedAt),
        "completed_at" => Ok(Sort::CompletedAt),
        "target" => Ok(Sort::Target),
        "status" => Ok(Sort::Status),
        _ => Err(unknown("sort", word, "is none of created_at, started_at, completed_at, target, status")),
    }
}

fn descending(word: &str) -> Result<bool, Problem> {
    match word {
        "desc" => Ok(true),
        "asc" => Ok(false),
        _ => Err(unknown("order", word, "is neither asc nor desc")),
    }
}
