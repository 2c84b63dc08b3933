//! `X-RateLimit-*`, as several dialects have them.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use shared::limit::Standing;

/// How many in a window.
pub(crate) const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
/// How many of them are left.
pub(crate) const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
/// When all of them are there again, in Unix seconds.
pub(crate) const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// Tells where a caller stands, and until when.
pub(crate) fn tell(headers: &mut HeaderMap, standing: &Standing) {
    tell_without_reset(headers, standing);
    headers.insert(RESET, HeaderValue::from(standing.resets_at.timestamp()));
}

/// Tells where a caller stands.
pub(crate) fn tell_without_reset(headers: &mut HeaderMap, standing: &Standing) {
    headers.insert(LIMIT, HeaderValue::from(standing.limit));
    headers.insert(REMAINING, HeaderValue::from(standing.remaining));
}
