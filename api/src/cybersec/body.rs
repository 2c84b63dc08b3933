//! Reading what a request carries: JSON bodies, queries, ids in paths.

use axum::{
    body::to_bytes,
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::{StatusCode, header, request::Parts},
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

/// The largest body that is read, in bytes.
const LIMIT: usize = 64 * 1024;

/// A JSON body.
#[derive(Debug)]
pub(super) struct Body<T>(pub(super) T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !is_json(&request) {
            let message = "send the body as JSON, with Content-Type: application/json";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", message));
        }
        let bytes = to_bytes(request.into_body(), LIMIT).await.map_err(|_| {
            let message = format!("the body is longer than {LIMIT} bytes, or broke off");
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", message)
        })?;
        if bytes.trim_ascii_start().first() != Some(&b'{') {
            return Err(Problem::unreadable("body", "the body is not a JSON object"));
        }
        let mut reader = serde_json::Deserializer::from_slice(&bytes);
        let value = serde_path_to_error::deserialize(&mut reader)
            .map_err(|error| Problem::unreadable(&field(error.path()), error.inner().to_string()))?;
        reader.end().map_err(|error| Problem::unreadable("body", error.to_string()))?;
        Ok(Self(value))
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

fn is_json(request: &Request) -> bool {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

fn field(path: &serde_path_to_error::Path) -> String {
    let path = path.to_string();
    if path == "." { "body".to_owned() } else { path }
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

/// The key that a path names, likewise.
#[derive(Clone, Copy, Debug)]
pub(super) struct PathKey(pub(super) KeyId);

impl<S: Send + Sync> FromRequestParts<S> for PathKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let id = named(parts, state).await;
        let id = id.strip_prefix("key_").and_then(KeyId::from_base62);
        id.map(Self).ok_or_else(|| Error::NotFound(Noun::Key).into())
    }
}

async fn named<S: Send + Sync>(parts: &mut Parts, state: &S) -> String {
    Path::<String>::from_request_parts(parts, state).await.map(|Path(text)| text).unwrap_or_default()
}
