//! Who is calling: `Authorization: Bearer sk_live_..`, and on streams also `?api_key=`.

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};
use serde::Deserialize;
use shared::{
    error::Error,
    identity::{Principal, authenticate},
};

use super::problem::Problem;
use crate::site::Site;

/// The caller of an ordinary request.
#[derive(Debug)]
pub(super) struct Caller(pub(super) Principal);

/// The caller of a stream: a browser cannot send headers there, so the key may stand in the query.
#[derive(Debug)]
pub(super) struct StreamCaller {
    pub(super) principal: Principal,
    /// To ask again, while the stream lasts, whether the key still holds.
    pub(super) key: String,
}

impl FromRequestParts<Site> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Problem> {
        let key = bearer(parts).ok_or(MISSING)?;
        Ok(Self(authenticate(&site.core, key).await?))
    }
}

impl FromRequestParts<Site> for StreamCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Problem> {
        let key = bearer(parts).map(str::to_owned).or_else(|| in_query(parts)).ok_or(MISSING)?;
        let principal = authenticate(&site.core, &key).await?;
        Ok(Self { principal, key })
    }
}

const MISSING: Error = Error::Unauthenticated("API key is missing or invalid");

fn bearer(parts: &Parts) -> Option<&str> {
    let value = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

#[derive(Deserialize)]
struct KeyInQuery {
    api_key: Option<String>,
}

fn in_query(parts: &Parts) -> Option<String> {
    let query: axum_extra::extract::Query<KeyInQuery> =
        axum_extra::extract::Query::try_from_uri(&parts.uri).ok()?;
    query.0.api_key
}
