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
    let requests = Router::new()
        .route("/api/api-keys", get(keys::list).post(keys::create))
        .route("/api/api-keys/", get(keys::list).post(keys::create))
        .route("/api/api-keys/{id}", get(keys::read).patch(keys::amend).delete(keys::revoke))
        .route("/api/api-keys/{id}/", get(keys::read))
        .fallback(async || Problem::no_route());
    guarded(requests)
        .layer(middleware::from_fn_with_state(site.clone(), limit::count))
        .layer(cors([Method::GET, Method::POST, Method::PATCH, Method::DELETE]))
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::site::tests::answer_to_a_fault;

    #[tokio::test]
    async fn a_panic_is_told_in_the_words_of_the_dialect() {
        let (status, body) = answer_to_a_fault(guarded).await;
        assert_eq!((status, body), (500, json!({ "detail": "internal server error", "status_code": 500 })));
    }
}
