//! What the dialect says when it refuses.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use shared::{
    error::{Error, Invalid, Noun, Step, chain},
    job::{Failure, FailureCode},
    limit::Standing,
};

use super::envelope::unsealed;
use crate::seats::{Crowd, Full};

/// How long to wait before asking again whether a scan has ended.
const PAUSE_SECONDS: i64 = 10;

/// A refusal: a status, a code and a message for a person.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: String,
    details: Value,
    /// Seconds after which the same request may go well, where that is known.
    retry_after: Option<i64>,
    /// Where the caller stands with the limit that refused.
    standing: Option<Box<Standing>>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), details: json!({}), retry_after: None, standing: None }
    }

    /// A field of the request that cannot be used.
    pub(super) fn invalid(invalid: &Invalid) -> Self {
        let code = if invalid.field == "target" { "INVALID_TARGET" } else { "VALIDATION_ERROR" };
        let problem = Self::new(StatusCode::BAD_REQUEST, code, invalid.message.clone());
        problem.with_details(json!({ "field": invalid.field, "value": invalid.value }))
    }

    /// A part of the request, named by its path, that cannot be read.
    pub(super) fn unreadable(field: &str, message: impl Into<String>) -> Self {
        let problem = Self::new(StatusCode::BAD_REQUEST, "VALIDATION_ERROR", message);
        problem.with_details(json!({ "field": field, "value": null }))
    }

    pub(super) fn with_details(mut self, details: Value) -> Self {
        self.details = details;
        self
    }

    pub(super) fn no_route() -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", "there is nothing at this path")
    }

    pub(super) fn no_job() -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", "job not found")
    }

    /// What is wrong with a request for a job of whatever kind.
    pub(super) fn of_job(error: Error) -> Self {
        if matches!(error, Error::NotFound(Noun::Job)) { Self::no_job() } else { error.into() }
    }

    /// There is no room for one more stream.
    pub(super) fn full(full: Full) -> Self {
        let Full { most, of } = full;
        if of == Crowd::Server {
            let message = "as many streams are open as this server carries; try again";
            return Self::new(StatusCode::SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE", message);
        }
        let unit = match of {
            Crowd::Key => "streams of a key at once",
            Crowd::Address => "streams of an address at once",
            Crowd::Organization | Crowd::Server => "streams of an organization at once",
        };
        let message = format!("Too many streams. Close one, or retry after {PAUSE_SECONDS} seconds.");
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "CONCURRENT_LIMIT_EXCEEDED", message);
        let details = json!({ "limit": most, "unit": unit });
        Self { retry_after: Some(PAUSE_SECONDS), ..problem.with_details(details) }
    }

    pub(super) fn no_method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "METHOD_NOT_ALLOWED",
            "this path does not take this method; see Allow",
        )
    }

    /// The caller has done all that a limit allows until it is reset.
    fn limited(standing: Standing) -> Self {
        let seconds = standing.retry_after;
        let message = format!("Rate limit exceeded. Retry after {seconds} seconds.");
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMIT_EXCEEDED", message);
        let details = json!({ "limit": standing.limit, "unit": standing.unit });
        Self {
            retry_after: Some(seconds),
            standing: Some(Box::new(standing)),
            ..problem.with_details(details)
        }
    }

    /// The caller has as many scans as may be theirs at once. Nobody knows when one ends: the seconds are a pause.
    fn crowded(most: i64) -> Self {
        let message = format!("Too many concurrent scans. Retry after {PAUSE_SECONDS} seconds.");
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "CONCURRENT_LIMIT_EXCEEDED", message);
        let details = json!({ "limit": most, "unit": "scans at once" });
        Self { retry_after: Some(PAUSE_SECONDS), ..problem.with_details(details) }
    }

    pub(super) fn slow() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "SERVICE_UNAVAILABLE",
            "the server did not answer in time; try again",
        )
    }

    pub(super) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", "internal server error")
    }

    /// The error object, as answers and WebSocket frames carry it.
    pub(super) fn to_json(&self) -> Value {
        let mut error = json!({ "code": self.code, "message": self.message, "details": self.details });
        if let (Some(error), Some(seconds)) = (error.as_object_mut(), self.retry_after) {
            error.insert("retry_after".to_owned(), seconds.into());
        }
        error
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = unsealed(self.status, json!({ "success": false, "error": self.to_json() }));
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(standing) = self.standing {
            response.extensions_mut().insert(*standing);
        }
        response
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::Invalid(invalid) => Self::invalid(&invalid),
            Error::Refused(refusal) => Self::new(StatusCode::FORBIDDEN, "INSUFFICIENT_PERMISSIONS", message)
                .with_details(json!({ "field": "target", "value": refusal.address_or_block })),
            Error::Unauthenticated(_) => Self::new(StatusCode::UNAUTHORIZED, "INVALID_API_KEY", message),
            Error::Forbidden(_) => Self::new(StatusCode::FORBIDDEN, "INSUFFICIENT_PERMISSIONS", message),
            Error::NotFound(Noun::Job) => {
                Self::new(StatusCode::NOT_FOUND, "SCAN_NOT_FOUND", "scan not found")
            }
            Error::NotFound(Noun::Results) => {
                Self::new(StatusCode::NOT_FOUND, "RESULTS_NOT_FOUND", "the results of this scan were deleted")
            }
            Error::NotFound(Noun::Key | Noun::User) => Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", message),
            Error::LimitReached(standing) => Self::limited(standing),
            Error::TooManyScans { most } => Self::crowded(most),
            Error::EmailTaken => Self::new(StatusCode::CONFLICT, "EMAIL_EXISTS", message),
            Error::Conflict { step, .. } => Self::new(StatusCode::CONFLICT, conflict_code(step), message),
            Error::Unavailable { .. } | Error::Contended(_) => {
                tracing::warn!(error = chain(&error), "cannot answer now");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE", message)
            }
            Error::Internal(_) => {
                tracing::error!(error = chain(&error), "internal error");
                Self::internal()
            }
        }
    }
}

fn conflict_code(step: Step) -> &'static str {
    match step {
        Step::Read | Step::Delete => "SCAN_NOT_READY",
        Step::Cancel => "SCAN_NOT_CANCELLABLE",
    }
}

/// Why a scan did not complete, as results and events carry it.
pub(super) fn failure(failure: &Failure) -> Value {
    let code = match failure.code {
        FailureCode::UnknownHost => "INVALID_TARGET",
        FailureCode::Refused => "INSUFFICIENT_PERMISSIONS",
        FailureCode::TimeLimit => "SCAN_TIMEOUT",
        FailureCode::TooManyAttempts | FailureCode::Internal => "INTERNAL_ERROR",
    };
    json!({ "code": code, "message": failure.message })
}
