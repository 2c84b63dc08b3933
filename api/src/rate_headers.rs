//! `X-RateLimit-*` and `X-Rate-Limit-*`, as several dialects have them.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use shared::limit::Standing;

/// How many in a window.
pub(crate) const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
/// How many of them are left.
pub(crate) const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
/// When all of them are there again, in Unix seconds.
pub(crate) const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// How many in a window, where the name has one dash more.
pub(crate) const DASHED_LIMIT: HeaderName = HeaderName::from_static("x-rate-limit-limit");
/// How many of them are left.
pub(crate) const DASHED_REMAINING: HeaderName = HeaderName::from_static("x-rate-limit-remaining");
/// When all of them are there again, as the dialect counts time.
pub(crate) const DASHED_RESET: HeaderName = HeaderName::from_static("x-rate-limit-reset");

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

/// Tells where a caller stands, in the headers with one dash more, and until when, as the dialect counts time.
pub(crate) fn tell_dashed(headers: &mut HeaderMap, standing: &Standing, reset: i64) {
    for (name, number) in
        [(DASHED_LIMIT, standing.limit), (DASHED_REMAINING, standing.remaining), (DASHED_RESET, reset)]
    {
        headers.insert(name, HeaderValue::from(number));
    }
}
