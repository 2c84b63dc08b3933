//! Who is calling: `Authorization: Bearer ..` or `X-API-Key`, for alerts and whatever is external also `?api_key=`, or
//! the cookie of a session.

use axum::{
    extract::{FromRequestParts, Request},
    http::request::Parts,
};
use shared::identity::{ApiKey, Principal};

use super::problem::Problem;
use crate::{
    caller::{Presented, bearer, found, in_query},
    site::Site,
};

const API_KEY: &str = "x-api-key";
/// Where a query may hold a key.
const QUERIED: [&str; 2] = ["/api/alerts", "/api/external/"];

/// The caller of a request.
#[derive(Debug)]
pub(super) struct Caller(pub(super) Principal);

impl FromRequestParts<Site> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Site) -> Result<Self, Problem> {
        Ok(Self(found(parts)?.principal))
    }
}

/// What a request came with, whatever it is worth.
pub(super) fn find(site: &Site, request: &Request) -> Option<Presented> {
    let headers = request.headers();
    let in_header = || headers.get(API_KEY)?.to_str().ok();
    let is_queried = QUERIED.iter().any(|prefix| request.uri().path().starts_with(prefix));
    let queried = || if is_queried { in_query(request.uri()) } else { None };
    let text = bearer(headers).or_else(in_header).map(str::to_owned).or_else(queried);
    match text {
        Some(text) => Some(Presented::key(ApiKey::parse(text.trim()), request)),
        None => Presented::session(site, request),
    }
}
