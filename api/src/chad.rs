//! The CHAD dialect: `/api/api-keys`, and what clients of it may ask for besides.
//!
//! `caller` finds the credential, `limit` counts the request, `body` reads what it carries, `problem` words what is
//! refused; every other file is one resource. Answers have no envelope.

mod body;
mod caller;
mod keys;
mod limit;
mod problem;
mod wire;

use axum::{Router, http::Method, middleware, response::IntoResponse, routing::get};
use tower_http::catch_panic::CatchPanicLayer;

use self::problem::Problem;
use crate::{
    cors::cors,
    patience::{Late, hurry},
    site::Site,
};

/// What the second part of a path of this dialect is. Other dialects have paths under `/api`, too.
const RESOURCES: [&str; 7] = ["api-keys", "external", "alerts", "rules", "auth", "logs", "ws"];

/// Whether a path is this dialect's.
pub(crate) fn owns(path: &str) -> bool {
    let resource = path.strip_prefix("/api/").and_then(|rest| rest.split('/').next());
    resource.is_some_and(|resource| RESOURCES.contains(&resource))
}

/// The routes of the dialect, and its answers to whatever has no route.
pub(crate) fn router(site: Site) -> Router {
    let late: Late = || Problem::slow().into_response();
    Router::new()
        .route("/api/api-keys", get(keys::list).post(keys::create))
        .route("/api/api-keys/", get(keys::list).post(keys::create))
        .route("/api/api-keys/{id}", get(keys::read).patch(keys::amend).delete(keys::revoke))
        .route("/api/api-keys/{id}/", get(keys::read))
        .fallback(async || Problem::no_route())
        .method_not_allowed_fallback(async || Problem::no_method())
        .layer(CatchPanicLayer::custom(|_| {
            tracing::error!("a handler panicked");
            Problem::internal().into_response()
        }))
        .layer(middleware::from_fn_with_state(late, hurry))
        .layer(middleware::from_fn_with_state(site.clone(), limit::count))
        .layer(cors([Method::GET, Method::POST, Method::PATCH, Method::DELETE]))
        .with_state(site)
}
