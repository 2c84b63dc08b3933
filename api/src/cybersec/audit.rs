//! The audit log of the caller's organization.

use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use shared::{
    audit::page,
    id::{KeyId, UserId, to_base62},
    store::audit::Row,
};

use super::{
    body::Query,
    caller::Caller,
    envelope::Reply,
    paging::{Pagination, Paging},
    problem::Problem,
    wire::seconds,
};
use crate::{
    public_id::{key_id, user_id},
    site::Site,
};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    page: Option<String>,
    per_page: Option<String>,
}

/// One line.
#[derive(Debug, Serialize)]
struct Line {
    timestamp: String,
    action: String,
    subject: String,
    /// Who did it: a `user`, a `stranger`, or the `operator` at the command line.
    actor: &'static str,
    user_id: Option<String>,
    key_id: Option<String>,
    address: Option<String>,
}

impl From<Row> for Line {
    fn from(row: Row) -> Self {
        Self {
            timestamp: seconds(row.created_at),
            subject: subject(&row),
            actor: actor(&row),
            action: row.action,
            user_id: row.user_id.map(|id| user_id(UserId::from(id))),
            key_id: row.key_id.map(|id| key_id(KeyId::from(id))),
            address: row.address,
        }
    }
}

fn actor(row: &Row) -> &'static str {
    match row {
        Row { user_id: Some(_), .. } => "user",
        Row { organization_id: None, .. } => "stranger",
        _ => "operator",
    }
}

/// The id as this dialect shows it; what is no id is a reason.
fn subject(row: &Row) -> String {
    let prefix = match row.action.split('.').next() {
        Some("scan" | "results") => "scan_",
        Some("key") => "key_",
        _ => "usr_",
    };
    row.subject_id().map_or_else(|| row.subject.clone(), |id| format!("{prefix}{}", to_base62(id.as_u128())))
}

#[derive(Debug, Serialize)]
pub(super) struct Log {
    entries: Vec<Line>,
    pagination: Pagination,
}

/// Lists what was done in the caller's organization, the newest first.
pub(super) async fn list(
    State(site): State<Site>,
    Caller(principal): Caller,
    Query(asked): Query<Asked>,
) -> Result<Reply<Log>, Problem> {
    let paging = Paging::parse(asked.page.as_deref(), asked.per_page.as_deref())?;
    let (rows, total) = page(&site.core, &principal, paging.offset(), paging.limit()).await?;
    let entries = rows.into_iter().map(Line::from).collect();
    Ok(Reply(StatusCode::OK, Log { entries, pagination: paging.of(total) }))
}
