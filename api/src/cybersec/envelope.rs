//! The envelope around every answer: `{success, data | error, metadata{timestamp, request_id}}`.

use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Value, json};

use super::{problem::Problem, wire::seconds};
use crate::{request_id::RequestId, site::Site};

/// A successful answer with its data.
#[derive(Debug)]
pub(super) struct Reply<T>(pub(super) StatusCode, pub(super) T);

/// A body that still lacks its metadata; travels as an extension of the response.
#[derive(Clone, Debug)]
pub(super) struct Unsealed(pub(super) Value);

impl<T: Serialize> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        match serde_json::to_value(self.1) {
            Ok(data) => unsealed(self.0, json!({ "success": true, "data": data })),
            Err(error) => {
                tracing::error!(%error, "an answer cannot be written as JSON");
                Problem::internal().into_response()
            }
        }
    }
}

/// A response whose body is to be completed by [`seal`].
pub(super) fn unsealed(status: StatusCode, body: Value) -> Response {
    let mut response = status.into_response();
    response.extensions_mut().insert(Unsealed(body));
    response
}

/// Completes the envelope with what only the whole request knows.
pub(super) async fn seal(State(site): State<Site>, request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().map(ToString::to_string);
    let mut response = next.run(request).await;
    let Some(Unsealed(mut body)) = response.extensions_mut().remove::<Unsealed>() else { return response };
    if let Some(body) = body.as_object_mut() {
        body.insert(
            "metadata".to_owned(),
            json!({ "timestamp": seconds(site.core.clock.now()), "request_id": id }),
        );
    }
    let (status, mut headers) = (response.status(), std::mem::take(response.headers_mut()));
    for gone in [axum::http::header::CONTENT_LENGTH, axum::http::header::CONTENT_TYPE] {
        headers.remove(gone);
    }
    let mut sealed = (status, Json(body)).into_response();
    sealed.headers_mut().extend(headers);
    sealed
}
