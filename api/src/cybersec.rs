//! The CyberSec dialect: `/api/v1` and `/ws`.
//!
//! `caller` finds the credential, `limit` counts the request, `envelope` wraps what is answered, `problem` words what is refused; every other
//! file is one resource, with its wire structs and its handlers.

mod account;
mod audit;
mod body;
mod caller;
mod envelope;
mod event;
mod following;
mod health;
mod keys;
mod limit;
mod list;
mod metrics;
mod paging;
mod problem;
mod profile;
mod results;
mod said;
mod scans;
mod service;
mod socket;
mod sse;
mod start;
mod story;
mod wire;

use std::any::Any;

use axum::{
    Router,
    http::Method,
    middleware,
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use tower_http::catch_panic::CatchPanicLayer;

use self::{caller::KeyPlace, problem::Problem};
use crate::{
    cors::cors,
    patience::{Late, hurry},
    site::Site,
};

/// The routes of the dialect, and its answers to whatever has no route.
pub(crate) fn router(site: Site) -> Router {
    let late: Late = || Problem::slow().into_response();
    let hurry = middleware::from_fn_with_state(late, hurry);
    let requests = Router::new()
        .route("/api/v1/scans", post(scans::create).get(list::list))
        .route("/api/v1/scans/{id}", get(scans::status).delete(scans::cancel))
        .route("/api/v1/scans/{id}/results", get(results::read).delete(results::forget))
        .route("/api/v1/user/profile", get(profile::read))
        .route("/api/v1/auth/keys", get(keys::list))
        .route("/api/v1/auth/keys/{id}", delete(keys::revoke))
        .route("/api/v1/auth/rotate", post(keys::rotate))
        .route("/api/v1/audit", get(audit::list))
        .route("/metrics", get(metrics::read))
        .layer(hurry.clone());
    let event_sources = Router::new()
        .route("/api/v1/scans/{id}/stream", get(sse::scan))
        .route("/api/v1/jobs/{id}/stream", get(sse::job))
        .route("/api/v1/events", get(sse::all));
    // Over HTTP/2 a WebSocket is opened by CONNECT.
    let sockets = Router::new()
        .route("/ws/scans/{id}", get(socket::scan).connect(socket::scan))
        .route("/ws/jobs/{id}", get(socket::job).connect(socket::job))
        .route("/ws/events", get(socket::all).connect(socket::all));
    let slashed = Router::new()
        .route("/api/v1/scans/", get(list::list).post(scans::create))
        .route("/api/v1/scans/{id}/", get(scans::status))
        .route("/api/v1/scans/{id}/results/", get(results::read).delete(results::forget))
        .route("/api/v1/user/profile/", get(profile::read))
        .route("/api/v1/auth/keys/", get(keys::list))
        .route("/api/v1/audit/", get(audit::list))
        .layer(hurry.clone());
    let health = Router::new()
        .route("/api/v1/health", get(health::health))
        .route("/api/v1/health/", get(health::health))
        .layer(hurry.clone());
    // Other sites' pages may use a key that they were given; they may not open accounts or sessions.
    let accounts = Router::new()
        .route("/api/v1/auth/register", post(account::register))
        .route("/api/v1/auth/login", post(account::log_in))
        .route("/api/v1/auth/logout", post(account::log_out))
        .layer(hurry.clone());
    let counted = |router, place| {
        guarded(router).layer(middleware::from_fn_with_state((site.clone(), place), limit::count))
    };
    let shown = middleware::from_fn_with_state(site.clone(), limit::show);
    counted(requests.merge(slashed), KeyPlace::Header)
        .merge(counted(event_sources, KeyPlace::HeaderOrQuery).layer(middleware::from_fn(sse::come_back)))
        .merge(counted(sockets, KeyPlace::HeaderOrQuery))
        .merge(guarded(health).layer(shown))
        .layer(cors([Method::GET, Method::POST, Method::DELETE]))
        .merge(counted(accounts.fallback(async || Problem::no_route()), KeyPlace::Header))
        .layer(middleware::from_fn_with_state(site.clone(), envelope::seal))
        .with_state(site)
}

/// Answers what a path's methods do not cover, and panics.
fn guarded(router: Router<Site>) -> Router<Site> {
    let router = router.method_not_allowed_fallback(async || Problem::no_method());
    router.layer(CatchPanicLayer::custom(panicked))
}

fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a handler panicked");
    Problem::internal().into_response()
}
