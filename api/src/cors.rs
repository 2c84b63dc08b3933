//! What pages of other sites may do: call with a key that they were given, and read how that went. Never with a cookie.

use std::time::Duration;

use axum::http::{HeaderName, Method, header};
use tower_http::cors::{Any, CorsLayer};

use crate::rate_headers::{DASHED_LIMIT, DASHED_REMAINING, DASHED_RESET, LIMIT, REMAINING, RESET};

/// Leave for these methods.
pub(crate) fn cors<const N: usize>(methods: [Method; N]) -> CorsLayer {
    let named = |name: &'static str| HeaderName::from_static(name);
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods(methods)
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            named("last-event-id"),
            named("x-api-key"),
        ])
        .expose_headers([
            header::RETRY_AFTER,
            header::WWW_AUTHENTICATE,
            header::CONTENT_DISPOSITION,
            named("server-authorization"),
            named("x-request-id"),
            LIMIT,
            REMAINING,
            RESET,
            DASHED_LIMIT,
            DASHED_REMAINING,
            DASHED_RESET,
        ])
        .max_age(Duration::from_hours(1))
}
