//! The KeyChest dialect: `/api/v1.0`, `/api/ping` and `/api`.
//!
//! `caller` finds the credential, `body` reads what else a request says, `limit` counts it, `problem` words what is
//! refused; every other file is one resource. Answers have no envelope.

mod about;
mod body;
mod caller;
mod claim;
mod limit;
mod problem;
mod user;

use axum::{
    Router,
    http::{HeaderValue, Method, header},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tower_http::catch_panic::CatchPanicLayer;

use self::{caller::KeyPlace, problem::Problem};
use crate::{
    cors::cors,
    patience::{Late, hurry},
    site::Site,
};

/// Whether a path is this dialect's.
pub(crate) fn owns(path: &str) -> bool {
    matches!(path, "/api" | "/api/" | "/api/ping" | "/api/ping/" | "/api/v1.0")
        || path.starts_with("/api/v1.0/")
}

/// The routes of the dialect, and its answers to whatever has no route.
pub(crate) fn router(site: Site) -> Router {
    let requests = Router::new()
        .route("/api", get(about::docs))
        .route("/api/", get(about::docs))
        .route("/api/v1.0", get(about::docs))
        .route("/api/v1.0/", get(about::docs))
        .route("/api/ping", get(about::ping))
        .route("/api/ping/", get(about::ping))
        .route("/api/v1.0/user", get(user::read))
        .route("/api/v1.0/user/", get(user::read))
        .fallback(async || Problem::no_route());
    // A GET that changes something must not be taken for a HEAD, nor be kept by anybody on the way.
    let claims = Router::new()
        .route("/api/v1.0/access/claim", post(claim::chosen))
        .route("/api/v1.0/access/claim/{email}", get(claim::generated).head(async || Problem::no_method()));
    let counted = |router, place| {
        guarded(router).layer(middleware::from_fn_with_state((site.clone(), place), limit::count))
    };
    counted(requests, KeyPlace::Anywhere)
        .layer(cors([Method::GET, Method::POST]))
        .merge(counted(claims, KeyPlace::Nowhere).layer(middleware::map_response(unkept)))
        .with_state(site)
}

/// Answers what a path's methods do not cover, and what goes wrong on the way.
fn guarded(router: Router<Site>) -> Router<Site> {
    let late: Late = || Problem::slow().into_response();
    router
        .method_not_allowed_fallback(async || Problem::no_method())
        .layer(CatchPanicLayer::custom(|_| {
            tracing::error!("a handler panicked");
            Problem::internal().into_response()
        }))
        .layer(middleware::from_fn_with_state(late, hurry))
}

async fn unkept(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::site::tests::answer_to_a_fault;

    #[tokio::test]
    async fn a_panic_is_told_in_the_words_of_the_dialect() {
        let (status, body) = answer_to_a_fault(guarded).await;
        assert_eq!((status, body), (500, json!({ "status": "error", "error": "Internal server error." })));
    }
}
