//! What the dialect says when it refuses: mostly `{error}`; `{message, errors}` to bad input, plain text to one request
//! too many.

use std::collections::BTreeMap;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use shared::{
    error::{Error, Invalid, chain},
    limit::Standing,
};

use super::about::DOCUMENTATION;

/// A refusal.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    body: Value,
    /// Where the caller stands with the limit that refused.
    standing: Option<Box<Standing>>,
}

impl Problem {
    fn new(status: StatusCode, body: Value) -> Self {
        Self { status, body, standing: None }
    }

    fn error(status: StatusCode, message: &str) -> Self {
        Self::new(status, json!({ "error": message }))
    }

    /// Fields that cannot be used, and why.
    pub(super) fn invalid(faults: &[Invalid]) -> Self {
        let errors: BTreeMap<_, _> =
            faults.iter().map(|fault| (fault.field, [fault.message.as_str()])).collect();
        let body = json!({ "message": "The given data cannot be used.", "errors": errors });
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, body)
    }

    /// A part of the body, named by its path, that cannot be read.
    pub(super) fn unreadable(path: &str, message: &str) -> Self {
        let body = json!({ "message": "The body cannot be read.", "errors": { path: [message] } });
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, body)
    }

    /// A claim that is not granted, with the word for why.
    pub(super) fn refused_claim(status: &'static str) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, json!({ "status": status }))
    }

    pub(super) fn no_route() -> Self {
        let body = json!({ "error": "There is nothing at this path.", "html_docs": DOCUMENTATION });
        Self::new(StatusCode::NOT_FOUND, body)
    }

    pub(super) fn no_method() -> Self {
        Self::error(StatusCode::METHOD_NOT_ALLOWED, "This path does not take this method; see Allow.")
    }

    pub(super) fn other_type() -> Self {
        let message = "Send the body as application/json, or as a form.";
        Self::error(StatusCode::UNSUPPORTED_MEDIA_TYPE, message)
    }

    pub(super) fn too_long(most: usize) -> Self {
        let message = format!("The body is longer than {most} bytes, or broke off.");
        Self::error(StatusCode::PAYLOAD_TOO_LARGE, &message)
    }

    pub(super) fn slow() -> Self {
        Self::unavailable("The server did not answer in time; try again.")
    }

    pub(super) fn internal() -> Self {
        let body = json!({ "status": "error", "error": "Internal server error." });
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, body)
    }

    fn unavailable(message: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, json!({ "status": "error", "error": message }))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { status, body, standing } = self;
        let Some(standing) = standing else {
            let mut response = (status, Json(body)).into_response();
            if status == StatusCode::UNAUTHORIZED {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            return response;
        };
        let Standing { limit, unit, retry_after, .. } = *standing;
        let text = format!("The limit is {limit} {unit}. Try again in {retry_after} seconds.\n");
        let mut response = (status, text).into_response();
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after));
        response.extensions_mut().insert(*standing);
        response
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::Invalid(invalid) => Self::invalid(&[invalid]),
            Error::Unauthenticated(_) => Self::error(StatusCode::UNAUTHORIZED, "Unauthenticated."),
            Error::Forbidden(_) | Error::Refused(_) => Self::error(StatusCode::FORBIDDEN, &message),
            Error::NotFound(_) => Self::error(StatusCode::NOT_FOUND, &message),
            Error::LimitReached(standing) => Self {
                standing: Some(Box::new(standing)),
                ..Self::new(StatusCode::TOO_MANY_REQUESTS, Value::Null)
            },
            Error::TooManyScans { .. } => Self::error(StatusCode::TOO_MANY_REQUESTS, &message),
            Error::EmailTaken | Error::Conflict { .. } => Self::error(StatusCode::CONFLICT, &message),
            Error::Unavailable { .. } | Error::Contended(_) => {
                tracing::warn!(error = chain(&error), "cannot answer now");
                Self::unavailable("The server cannot answer now; try again.")
            }
            Error::Internal(_) => {
                tracing::error!(error = chain(&error), "internal error");
                Self::internal()
            }
        }
    }
}
