//! Who is calling: `Authorization: Bearer sk_live_..`, and on streams also `?api_key=`.

use axum::{
    extract::{FromRequestParts, Request},
    http::{HeaderMap, Uri, header, request::Parts},
};
use serde::Deserialize;
use shared::{
    core::Core,
    error::{Error, Result},
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

/// Whom a request's key speaks for, or why for nobody. Found before a request is counted; travels as an extension of
/// the request, so that the key is looked up once.
#[derive(Clone, Debug)]
pub(super) struct Identity(pub(super) std::result::Result<Principal, &'static str>);

/// Recognises the caller. Without a usable key there is none, which is for the handler to mind.
pub(super) async fn identify(core: &Core, key: Option<&str>) -> Result<Identity> {
    let Some(key) = key else { return Ok(Identity(Err(MISSING))) };
    match authenticate(core, key).await {
        Ok(principal) => Ok(Identity(Ok(principal))),
        Err(Error::Unauthenticated(why)) => Ok(Identity(Err(why))),
        Err(error) => Err(error),
    }
}

const MISSING: &str = "API key is missing or invalid";

/// Where the key of a request may stand.
#[derive(Clone, Copy, Debug)]
pub(super) enum KeyPlace {
    /// In the header alone.
    Header,
    /// In the header, else in the query.
    HeaderOrQuery,
}

impl KeyPlace {
    /// The key, whatever it is worth.
    pub(super) fn key(self, request: &Request) -> Option<String> {
        self.find(request.headers(), request.uri())
    }

    fn find(self, headers: &HeaderMap, uri: &Uri) -> Option<String> {
        match self {
            Self::Header => bearer(headers),
            Self::HeaderOrQuery => bearer(headers).or_else(|| in_query(uri)),
        }
    }
}

impl FromRequestParts<Site> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Site) -> std::result::Result<Self, Problem> {
        Ok(Self(principal(parts)?))
    }
}

impl FromRequestParts<Site> for StreamCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Site) -> std::result::Result<Self, Problem> {
        let principal = principal(parts)?;
        let key = KeyPlace::HeaderOrQuery.find(&parts.headers, &parts.uri).unwrap_or_default();
        Ok(Self { principal, key })
    }
}

fn principal(parts: &mut Parts) -> Result<Principal> {
    let identity = parts.extensions.remove::<Identity>().map_or(Err(MISSING), |identity| identity.0);
    identity.map_err(Error::Unauthenticated)
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim().to_owned())
}

#[derive(Deserialize)]
struct KeyInQuery {
    api_key: Option<String>,
}

fn in_query(uri: &Uri) -> Option<String> {
    let query: axum_extra::extract::Query<KeyInQuery> = axum_extra::extract::Query::try_from_uri(uri).ok()?;
    query.0.api_key
}
