//! What is refused, in the words of the dialect: `{"errors": [..]}`.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header::WWW_AUTHENTICATE},
    response::{IntoResponse, Response},
};
use serde_json::json;
use shared::error::{Error, chain};

use crate::hawk::{Malformed, Refusal, challenge, challenge_with_time};

/// A refusal.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    message: String,
    challenge: Option<String>,
}

impl Problem {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), challenge: None }
    }

    fn unauthorized(message: impl Into<String>, challenge: String) -> Self {
        Self { challenge: Some(challenge), ..Self::new(StatusCode::UNAUTHORIZED, message) }
    }

    /// Nothing was signed at all.
    pub(super) fn unsigned() -> Self {
        Self::unauthorized("the request is not signed with Hawk", "Hawk".to_owned())
    }

    /// The client's clock is off, and is told ours under its own key.
    pub(super) fn stale(key: &[u8], now: i64) -> Self {
        Self::unauthorized(Refusal::Stale.to_string(), challenge_with_time(key, now))
    }

    pub(super) fn no_method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "this method is not allowed here")
    }

    pub(super) fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large, or was cut off")
    }

    pub(super) fn slow() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "the server took too long")
    }

    pub(super) fn panicked() -> Self {
        tracing::error!("a handler panicked");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal error")
    }
}

impl From<Malformed> for Problem {
    fn from(why: Malformed) -> Self {
        match why {
            Malformed::OtherScheme => Self::unsigned(),
            Malformed::TooLong
            | Malformed::Form
            | Malformed::Unknown
            | Malformed::Twice
            | Malformed::Missing
            | Malformed::Timestamp => Self::new(StatusCode::BAD_REQUEST, why.to_string()),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(why: Refusal) -> Self {
        Self::unauthorized(why.to_string(), challenge(why))
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        tracing::error!(error = chain(&error), "a request failed");
        if error.is_passing() {
            Self::new(StatusCode::SERVICE_UNAVAILABLE, "the server cannot work at the moment; try again")
        } else {
            Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal error")
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut body = json!({ "errors": [self.message] });
        if self.status.is_server_error() {
            body = json!({ "errors": [self.message], "status": "error", "message": self.message });
        }
        let mut response = (self.status, Json(body)).into_response();
        if let Some(Ok(challenge)) = self.challenge.map(HeaderValue::try_from) {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
