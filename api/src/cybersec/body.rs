//! Reading what a request carries: JSON bodies, queries, ids in paths.

use axum::{
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::{StatusCode, request::Parts},
};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _},
};
use serde_json::{Map, Value};
use shared::{
    error::{Error, Noun},
    id::{JobId, KeyId},
};

use super::problem::Problem;
use crate::{
    json::{self, Fault, Unreadable},
    public_id::parse_key_id,
};

/// The largest body that is read, in bytes.
const LIMIT: usize = 64 * 1024;

/// A JSON body.
#[derive(Debug)]
pub(super) struct Body<T>(pub(super) T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        json::read(request, LIMIT).await.map(Self).map_err(Problem::from)
    }
}

impl From<Unreadable> for Problem {
    fn from(why: Unreadable) -> Self {
        match why {
            Unreadable::NotJson => {
                let message = "send the body as JSON, with Content-Type: application/json";
                Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", message)
            }
            Unreadable::TooLong(most) => {
                let message = format!("the body is longer than {most} bytes, or broke off");
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", message)
            }
            Unreadable::Fault(Fault { path, message }) => Self::unreadable(&path, message),
        }
    }
}

/// Reads an object inside a body, or null. A derived reader alone would take a list for an object.
pub(super) fn object<'de, D, T>(reader: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let object: Option<Map<String, Value>> = Option::deserialize(reader)?;
    object.map(|object| serde_json::from_value(Value::Object(object)).map_err(D::Error::custom)).transpose()
}

/// A query string.
#[derive(Debug)]
pub(super) struct Query<T>(pub(super) T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        axum_extra::extract::Query::try_from_uri(&parts.uri)
            .map(|axum_extra::extract::Query(query)| Self(query))
            .map_err(|error| Problem::unreadable("query", error.body_text()))
    }
}

/// The scan that a path names. What cannot be an id is a scan that does not exist.
#[derive(Clone, Copy, Debug)]
pub(super) struct ScanId(pub(super) JobId);

impl<S: Send + Sync> FromRequestParts<S> for ScanId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let id = named(parts, state).await;
        let id = id.strip_prefix("scan_").and_then(JobId::from_base62);
        id.map(Self).ok_or_else(|| Error::NotFound(Noun::Job).into())
    }
}

/// The job that a path names, by `job_..` or as its kind calls it, likewise.
#[derive(Clone, Copy, Debug)]
pub(super) struct PathJob(pub(super) JobId);

impl<S: Send + Sync> FromRequestParts<S> for PathJob {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let id = named(parts, state).await;
        let id = ["job_", "scan_"].iter().find_map(|prefix| id.strip_prefix(prefix));
        id.and_then(JobId::from_base62).map(Self).ok_or_else(Problem::no_job)
    }
}

/// The key that a path names, likewise.
#[derive(Clone, Copy, Debug)]
pub(super) struct PathKey(pub(super) KeyId);

impl<S: Send + Sync> FromRequestParts<S> for PathKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let id = parse_key_id(&named(parts, state).await);
        id.map(Self).ok_or_else(|| Error::NotFound(Noun::Key).into())
    }
}

async fn named<S: Send + Sync>(parts: &mut Parts, state: &S) -> String {
    Path::<String>::from_request_parts(parts, state).await.map(|Path(text)| text).unwrap_or_default()
}
