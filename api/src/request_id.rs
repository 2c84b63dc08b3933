//! A name for each request, in its answer and in its log line.

use std::fmt;

use axum::{
    extract::Request,
    http::{HeaderValue, header::HeaderName},
    middleware::Next,
    response::Response,
};
use shared::id::to_base62;
use tracing::Instrument;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// `req_` and 16 characters.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(String);

impl RequestId {
    fn new() -> Self {
        let mut random = [0_u8; 16];
        if let Err(error) = getrandom::fill(&mut random) {
            tracing::error!(%error, "no randomness for a request id");
        }
        let text = to_base62(u128::from_be_bytes(random));
        Self(format!("req_{}", text.get(6..).unwrap_or_default()))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names the request, and logs how it was answered. The query is never logged: it may hold a key; nor is a part of the
/// path that may be an e-mail address.
pub(crate) async fn name(mut request: Request, next: Next) -> Response {
    let id = RequestId::new();
    let (method, path) = (request.method().clone(), shown(request.uri().path()));
    request.extensions_mut().insert(id.clone());
    let span = tracing::info_span!("request", request.id = %id);
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status().as_u16();
    span.in_scope(|| tracing::info!(%method, path, status, "answered"));
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}

/// A path without its e-mail addresses.
fn shown(path: &str) -> String {
    let mut is_claim = false;
    let parts = path.split('/').map(|part| {
        let is_address = part.contains('@') || part.contains("%40") || (is_claim && !part.is_empty());
        // Where a claim is made stands an address, however it is spelt.
        is_claim = part == "claim";
        if is_address { "(address)" } else { part }
    });
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_shown_without_addresses() {
        for (path, expected) in [
            ("/api/v1.0/access/claim/ada@example.net", "/api/v1.0/access/claim/(address)"),
            ("/api/v1.0//access/claim/ada%40example.net/", "/api/v1.0//access/claim/(address)/"),
            ("/api/v1.0/access/claim/ada%2540example.net", "/api/v1.0/access/claim/(address)"),
            ("/api/v1.0/access/claim/", "/api/v1.0/access/claim/"),
            ("/api/v1/scans", "/api/v1/scans"),
            ("/", "/"),
        ] {
            assert_eq!(shown(path), expected);
        }
    }
}
