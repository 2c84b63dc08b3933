//! The numbers of the whole server, for whoever operates it. No part of the documented API, but asked for with its keys.

use axum::{
    extract::State,
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};
use shared::identity::require_operator;

use super::{caller::Caller, problem::Problem};
use crate::{metrics::MEDIA_TYPE, site::Site};

/// Shows them to owners in the server's first organization.
pub(super) async fn read(State(site): State<Site>, Caller(principal): Caller) -> Result<Response, Problem> {
    require_operator(&site.core, &principal).await?;
    let text = site.metrics.text().await.map_err(|_| Problem::internal())?;
    Ok(([(CONTENT_TYPE, MEDIA_TYPE)], text).into_response())
}
