//! Who is calling: `api_key` in the query or in the body, else `Authorization: Bearer ..`, else the password of
//! `Authorization: Basic ..`.

use axum::{
    extract::{FromRequestParts, Request},
    http::{HeaderMap, header, request::Parts},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use shared::identity::{ApiKey, Principal};

use super::{body::Said, problem::Problem};
use crate::{
    caller::{Presented, bearer, found, in_query},
    site::Site,
};

/// The caller of a request.
#[derive(Debug)]
pub(super) struct Caller(pub(super) Principal);

impl FromRequestParts<Site> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Site) -> Result<Self, Problem> {
        Ok(Self(found(parts)?.principal))
    }
}

/// Where the key of a request may stand.
#[derive(Clone, Copy, Debug)]
pub(super) enum KeyPlace {
    Anywhere,
    /// In a claim: there the key is what is asked for.
    Nowhere,
}

impl KeyPlace {
    /// What a request came with, whatever it is worth.
    pub(super) fn find(self, request: &Request, said: &Said) -> Option<Presented> {
        let text = match self {
            Self::Nowhere => return None,
            Self::Anywhere => in_query(request.uri())
                .or_else(|| said.key().map(str::to_owned))
                .or_else(|| bearer(request.headers()).map(str::to_owned))
                .or_else(|| basic_password(request.headers()))?,
        };
        Some(Presented::key(ApiKey::parse(&text).or_else(|| ApiKey::parse_keychest(&text)), request))
    }
}

fn basic_password(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, pair) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(pair.trim()).ok()?).ok()?;
    pair.split_once(':').map(|(_, password)| password.to_owned())
}
