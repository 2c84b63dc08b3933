//! The chen.ist dialect: `/v1`.
//!
//! `limit` finds out who calls and counts the request, `problem` words what is refused.

mod limit;
mod problem;

use axum::{Router, extract::Request, http::Method, middleware, response::IntoResponse};
use tower_http::catch_panic::CatchPanicLayer;

use self::problem::Problem;
use crate::{
    caller::found,
    cors::cors,
    patience::{Late, hurry},
    site::Site,
};

/// Whether a path is this dialect's.
pub(crate) fn owns(path: &str) -> bool {
    path == "/v1" || path.starts_with("/v1/")
}

/// The dialect's answers to whatever has no route.
pub(crate) fn router(site: Site) -> Router {
    let late: Late = || Problem::slow().into_response();
    Router::new()
        .fallback(nothing)
        .layer(CatchPanicLayer::custom(|_| {
            tracing::error!("a handler panicked");
            Problem::internal().into_response()
        }))
        .layer(middleware::from_fn_with_state(late, hurry))
        .layer(middleware::from_fn_with_state(site.clone(), limit::count))
        .layer(cors([Method::GET, Method::POST, Method::PATCH, Method::PUT, Method::DELETE]))
        .with_state(site)
}

/// Whoever has no key is not told what there is.
async fn nothing(request: Request) -> Problem {
    let (mut parts, _) = request.into_parts();
    found(&mut parts).map_or_else(Problem::from, |_| Problem::no_route())
}
