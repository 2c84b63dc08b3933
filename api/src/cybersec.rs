//! The CyberSec dialect: `/api/v1` and `/ws/scans`.
//!
//! `caller` finds the credential, `limit` counts the request, `envelope` wraps what is answered, `problem` words what is refused; every other
//! file is one resource, with its wire structs and its handlers.

mod account;
mod audit;
mod body;
mod caller;
mod envelope;
mod event;
mod health;
mod keys;
mod limit;
mod list;
mod metrics;
mod paging;
mod problem;
mod profile;
mod results;
mod scans;
mod service;
mod socket;
mod sse;
mod wire;

use std::{any::Any, time::Duration};

use axum::{
    Router,
    extract::Request,
    http::{HeaderName, Method, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use tower_http::{
    catch_panic::CatchPanicLayer,
    cors::{Any as AnyOrigin, CorsLayer},
};

use self::{caller::KeyPlace, problem::Problem};
use crate::site::Site;

/// A request that is no stream is answered within this time.
const PATIENCE: Duration = Duration::from_secs(30);

/// The routes of the dialect, and its answers to whatever has no route.
pub(crate) fn router(site: Site) -> Router {
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
        .layer(middleware::from_fn(hurry));
    let streams = Router::new()
        .route("/api/v1/scans/{id}/stream", get(sse::stream))
        .route("/ws/scans/{id}", get(socket::upgrade));
    let slashed = Router::new()
        .route("/api/v1/scans/", get(list::list).post(scans::create))
        .route("/api/v1/scans/{id}/", get(scans::status))
        .route("/api/v1/scans/{id}/results/", get(results::read).delete(results::forget))
        .route("/api/v1/user/profile/", get(profile::read))
        .route("/api/v1/auth/keys/", get(keys::list))
        .route("/api/v1/audit/", get(audit::list))
        .layer(middleware::from_fn(hurry));
    let health = Router::new()
        .route("/api/v1/health", get(health::health))
        .route("/api/v1/health/", get(health::health))
        .layer(middleware::from_fn(hurry));
    // Other sites' pages may use a key that they were given; they may not open accounts or sessions.
    let accounts = Router::new()
        .route("/api/v1/auth/register", post(account::register))
        .route("/api/v1/auth/login", post(account::log_in))
        .route("/api/v1/auth/logout", post(account::log_out))
        .layer(middleware::from_fn(hurry));
    let counted = |router, place| {
        guarded(router).layer(middleware::from_fn_with_state((site.clone(), place), limit::count))
    };
    let shown = middleware::from_fn_with_state(site.clone(), limit::show);
    counted(requests.merge(slashed), KeyPlace::Header)
        .merge(counted(streams, KeyPlace::HeaderOrQuery))
        .merge(guarded(health).layer(shown))
        .layer(cors())
        .merge(counted(accounts.fallback(async || Problem::no_route()), KeyPlace::Header))
        .layer(middleware::from_fn_with_state(site.clone(), envelope::seal))
        .with_state(site)
}

/// Answers what a path's methods do not cover, and panics.
fn guarded(router: Router<Site>) -> Router<Site> {
    let router = router.method_not_allowed_fallback(async || Problem::no_method());
    router.layer(CatchPanicLayer::custom(panicked))
}

async fn hurry(request: Request, next: Next) -> Response {
    let answered = tokio::time::timeout(PATIENCE, next.run(request)).await;
    answered.unwrap_or_else(|_| Problem::slow().into_response())
}

fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a handler panicked");
    Problem::internal().into_response()
}

fn cors() -> CorsLayer {
    let named = |name: &'static str| HeaderName::from_static(name);
    CorsLayer::new()
        .allow_origin(AnyOrigin)
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            named("last-event-id"),
            named("x-api-key"),
        ])
        .expose_headers([
            header::RETRY_AFTER,
            header::WWW_AUTHENTICATE,
            named("x-request-id"),
            limit::LIMIT,
            limit::REMAINING,
            limit::RESET,
        ])
        .max_age(Duration::from_hours(1))
}
