//! What a request and its answer are signed over, as the client saw it.

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, HeaderName, HeaderValue, header::CONTENT_TYPE, request::Parts},
    response::{IntoResponse, Response},
};

use super::problem::Problem;
use crate::{
    hawk::{self, Header, Payload, Request},
    peer::BaseUrl,
};

const SERVER_AUTHORIZATION: HeaderName = HeaderName::from_static("server-authorization");

/// The parts of a request that its signature covers.
pub(super) struct Signed {
    method: String,
    target: String,
    host: String,
    port: u16,
}

impl Signed {
    pub(super) fn of(base_url: &BaseUrl, parts: &Parts) -> Self {
        let called = base_url.called();
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
        Self {
            method: parts.method.to_string(),
            target: format!("{}{target}", called.prefix),
            host: called.host.to_owned(),
            port: called.port,
        }
    }

    pub(super) fn request(&self) -> Request<'_> {
        Request { method: &self.method, target: &self.target, host: &self.host, port: self.port }
    }

    /// Signs the finished answer to it: its exact bytes, and the media type that it is sent under.
    pub(super) async fn answer(&self, response: Response, header: &Header, key: &[u8]) -> Response {
        let (mut parts, body) = response.into_parts();
        let Ok(bytes) = to_bytes(body, usize::MAX).await else { return Problem::panicked().into_response() };
        let answer = hawk::answer(header, key, &self.request(), &payload(&parts.headers, &bytes));
        if let Ok(value) = HeaderValue::try_from(answer) {
            parts.headers.insert(SERVER_AUTHORIZATION, value);
        }
        Response::from_parts(parts, Body::from(bytes))
    }
}

/// A body and what its headers say of it.
pub(super) fn payload<'a>(headers: &'a HeaderMap, bytes: &'a [u8]) -> Payload<'a> {
    Payload { media_type: text(headers, &CONTENT_TYPE), bytes }
}

/// A header's text; what is no text is empty.
pub(super) fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
