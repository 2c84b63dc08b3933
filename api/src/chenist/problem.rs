//! What the dialect says when it refuses: `{status: "error", error: {code, message, details}}`.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;
use shared::error::{Error, chain};

/// A refusal. Each code has its status, but where one of HTTP's own says more.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    code: &'static str,
    message: String,
    details: String,
    /// Seconds after which the same request may go well, where that is known.
    retry_after: Option<i64>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), details: String::new(), retry_after: None }
    }

    fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "resource_not_found", message)
    }

    fn unavailable(message: impl Into<String>) -> Self {
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "service_unavailable", message);
        Self { retry_after: Some(5), ..problem }
    }

    pub(super) fn no_route() -> Self {
        Self::not_found("there is nothing at this path")
    }

    pub(super) fn slow() -> Self {
        Self::unavailable("the server did not answer in time; try again")
    }

    pub(super) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "internal server error")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { status, code, message, details, retry_after } = self;
        let error = json!({ "code": code, "message": message, "details": details });
        let mut response = (status, Json(json!({ "status": "error", "error": error }))).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::Invalid(invalid) => Self {
                details: format!("{}: {}", invalid.field, invalid.value),
                ..Self::new(StatusCode::BAD_REQUEST, "invalid_request", message)
            },
            Error::Unauthenticated(_) => Self::new(StatusCode::UNAUTHORIZED, "authentication_error", message),
            Error::Forbidden(_) | Error::Refused(_) => {
                Self::new(StatusCode::FORBIDDEN, "authorization_error", message)
            }
            Error::NotFound(_) => Self::not_found(message),
            Error::LimitReached(standing) => Self {
                retry_after: Some(standing.retry_after),
                details: format!("try again in {} seconds", standing.retry_after),
                ..Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limit_exceeded", message)
            },
            Error::TooManyScans { .. } => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limit_exceeded", message)
            }
            Error::EmailTaken | Error::Conflict { .. } => {
                Self::new(StatusCode::CONFLICT, "invalid_request", message)
            }
            Error::Unavailable { .. } | Error::Contended(_) => {
                tracing::warn!(error = chain(&error), "cannot answer now");
                Self::unavailable(message)
            }
            Error::Internal(_) => {
                tracing::error!(error = chain(&error), "internal error");
                Self::internal()
            }
        }
    }
}
