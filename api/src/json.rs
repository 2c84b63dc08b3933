//! Reading JSON bodies, in whichever dialect: what is wrong with one, each words itself.

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderMap, header},
};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

/// Why a body was not read.
#[derive(Debug)]
pub(crate) enum Unreadable {
    /// It is said to be something else.
    NotJson,
    /// It is longer than that many bytes, or broke off.
    TooLong(usize),
    /// A part of it is not what it should be.
    Fault(Fault),
}

/// What is wrong, and where: a path such as `options.fast_mode`, or `body` for the whole.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) path: String,
    pub(crate) message: String,
}

/// Reads the JSON object that a request carries.
pub(crate) async fn read<T: DeserializeOwned>(request: Request, most: usize) -> Result<T, Unreadable> {
    if !is(request.headers(), "application/json") {
        return Err(Unreadable::NotJson);
    }
    let bytes = bytes(request.into_body(), most).await?;
    parse(&bytes).map_err(Unreadable::Fault)
}

/// Reads a body of at most so many bytes.
pub(crate) async fn bytes(body: Body, most: usize) -> Result<bytes::Bytes, Unreadable> {
    to_bytes(body, most).await.map_err(|_| Unreadable::TooLong(most))
}

/// Whether the body is said to be of this media type.
pub(crate) fn is(headers: &HeaderMap, media_type: &str) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    essence.eq_ignore_ascii_case(media_type)
}

/// Reads a JSON object, and nothing behind it.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Fault> {
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(Fault::of_all("the body is not a JSON object"));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| Fault { path: path(error.path()), message: error.inner().to_string() })?;
    reader.end().map_err(|error| Fault::of_all(error.to_string()))?;
    Ok(value)
}

/// Takes null for the empty value, and so tells it from a field that is missing; to be used with a default.
pub(crate) fn nullable<'de, D, T>(reader: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::deserialize(reader).map(|value| Some(value.unwrap_or_default()))
}

impl Fault {
    fn of_all(message: impl Into<String>) -> Self {
        Self { path: "body".to_owned(), message: message.into() }
    }
}

fn path(path: &serde_path_to_error::Path) -> String {
    let path = path.to_string();
    // A body that ends too early ends at a place without a name.
    if [".", "?"].contains(&path.as_str()) { "body".to_owned() } else { path }
}
