//! How long a request may take.

use std::time::Duration;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};

/// A request that is no stream is answered within this time.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What a dialect answers when the time is over.
pub(crate) type Late = fn() -> Response;

/// Answers in time, or that it is late.
pub(crate) async fn hurry(State(late): State<Late>, request: Request, next: Next) -> Response {
    let answered = tokio::time::timeout(PATIENCE, next.run(request)).await;
    answered.unwrap_or_else(|_| late())
}
