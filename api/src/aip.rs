//! The AIP dialect: `/v2` and `/help/hawk`, signed by Hawk.
//!
//! `limit` counts the request, `caller` believes or refuses it, `signed` signs its
//! answer, `problem` words what is refused.

mod caller;
mod limit;
mod problem;
mod signed;

use axum::{
    Json, Router,
    extract::Request,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Serialize;
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;

use self::problem::Problem;
use crate::site::Site;

/// A request is answered within this time.
const PATIENCE: Duration = Duration::from_secs(30);

/// The routes of the dialect, and its answers to whatever has no route below its prefixes.
pub(crate) fn router(site: Site) -> Router {
    let unknown = || Router::new().fallback(async || Problem::no_route());
    Router::new()
        .route("/help/hawk/self-test", get(self_test))
        .nest("/help/hawk/", unknown())
        .nest("/v2/", unknown())
        .method_not_allowed_fallback(async || Problem::no_method())
        .layer(CatchPanicLayer::custom(|_| Problem::panicked().into_response()))
        .layer(middleware::from_fn_with_state(site.clone(), caller::authenticate))
        .layer(middleware::from_fn(hurry))
        .layer(middleware::from_fn_with_state(site.clone(), limit::count))
        .with_state(site)
}

async fn hurry(request: Request, next: Next) -> Response {
    let answered = tokio::time::timeout(PATIENCE, next.run(request)).await;
    answered.unwrap_or_else(|_| Problem::slow().into_response())
}

#[derive(Serialize)]
struct Authenticated {
    authenticated: bool,
}

/// Says that the signature holds. The bytes and the media type are those that clients know.
async fn self_test() -> Json<Authenticated> {
    Json(Authenticated { authenticated: true })
}
