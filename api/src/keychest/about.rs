//! What the dialect says about itself.

use axum::Json;
use serde::Serialize;

/// Where the calls are described.
pub(super) const DOCUMENTATION: &str = "https://api.enigmabridge.com/api";

#[derive(Serialize)]
pub(super) struct Docs {
    html_docs: &'static str,
}

/// Says where the calls are described.
pub(super) async fn docs() -> Json<Docs> {
    Json(Docs { html_docs: DOCUMENTATION })
}

#[derive(Serialize)]
pub(super) struct Pong {
    status: &'static str,
}

/// A sign of life.
pub(super) async fn ping() -> Json<Pong> {
    Json(Pong { status: "success" })
}
