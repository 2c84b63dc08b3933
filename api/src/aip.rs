//! The AIP dialect: `/v2` and `/help/hawk`, signed by Hawk.
//!
//! `limit` counts the request, `caller` believes or refuses it, `signed` signs its
//! answer, `problem` words what is refused.

mod caller;
mod limit;
mod problem;
mod signed;

use axum::{Json, Router, http::Method, middleware, response::IntoResponse, routing::get};
use serde::Serialize;
use tower_http::catch_panic::CatchPanicLayer;

use self::problem::Problem;
use crate::{
    cors::cors,
    patience::{Late, hurry},
    site::Site,
};

/// Whether a path is this dialect's.
pub(crate) fn owns(path: &str) -> bool {
    ["/v2", "/help/hawk"]
        .into_iter()
        .filter_map(|base| path.strip_prefix(base))
        .any(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The routes of the dialect, and its answers to whatever has no route.
pub(crate) fn router(site: Site) -> Router {
    let late: Late = || Problem::slow().into_response();
    Router::new()
        .route("/help/hawk/self-test", get(self_test))
        .fallback(async || Problem::no_route())
        .method_not_allowed_fallback(async || Problem::no_method())
        .layer(CatchPanicLayer::custom(|_| Problem::panicked().into_response()))
        .layer(middleware::from_fn_with_state(site.clone(), caller::authenticate))
        .layer(middleware::from_fn_with_state(late, hurry))
        .layer(middleware::from_fn_with_state(site.clone(), limit::count))
        .layer(cors([Method::GET, Method::POST, Method::PATCH, Method::PUT, Method::DELETE]))
        .with_state(site)
}

#[derive(Serialize)]
struct Authenticated {
    authenticated: bool,
}

/// Says that the signature holds. The bytes and the media type are those that clients know.
async fn self_test() -> Json<Authenticated> {
    Json(Authenticated { authenticated: true })
}
