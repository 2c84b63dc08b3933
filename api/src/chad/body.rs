//! Reading what a request carries: JSON bodies, and ids in paths.

use axum::{
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::request::Parts,
};
use serde::de::DeserializeOwned;
use shared::{
    error::{Error, Noun},
    id::KeyId,
};

use super::problem::Problem;
use crate::{json, public_id::parse_key_id};

/// The largest body that is read, in bytes.
const LIMIT: usize = 10 * 1024 * 1024;

/// A JSON body.
#[derive(Debug)]
pub(super) struct Body<T>(pub(super) T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        json::read(request, LIMIT).await.map(Self).map_err(Problem::from)
    }
}

/// The key that a path names. What cannot be an id is a key that does not exist.
#[derive(Clone, Copy, Debug)]
pub(super) struct PathKey(pub(super) KeyId);

impl<S: Send + Sync> FromRequestParts<S> for PathKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let id = path.ok().and_then(|Path(text)| parse_key_id(&text));
        id.map(Self).ok_or_else(|| Error::NotFound(Noun::Key).into())
    }
}
