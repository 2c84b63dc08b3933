//! What the dialect says when it refuses: `{detail, status_code}`, where `detail` lists what is wrong with bad input.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use shared::error::{Error, Invalid, Noun, chain};

use crate::json::{Fault, Unreadable};

/// A refusal.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    detail: Value,
    /// Seconds after which the same request may go well, where that is known.
    retry_after: Option<i64>,
}

impl Problem {
    fn new(status: StatusCode, detail: impl Into<Value>) -> Self {
        Self { status, detail: detail.into(), retry_after: None }
    }

    /// A part of the body that cannot be used, named by its path.
    fn invalid(path: &str, message: &str) -> Self {
        let fault = json!([{ "loc": location(path), "msg": message, "type": "value_error" }]);
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, fault)
    }

    pub(super) fn no_route() -> Self {
        Self::new(StatusCode::NOT_FOUND, "there is nothing at this path")
    }

    pub(super) fn no_method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "this path does not take this method; see Allow")
    }

    pub(super) fn slow() -> Self {
        Self::unavailable("the server did not answer in time; try again")
    }

    pub(super) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal server error")
    }

    fn unavailable(message: &str) -> Self {
        Self { retry_after: Some(5), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, message) }
    }
}

/// A path such as `ip_allowlist[1]` as `["body", "ip_allowlist", 1]`.
fn location(path: &str) -> Vec<Value> {
    let parts = path.split(['.', '[', ']']).filter(|part| !part.is_empty() && *part != "body");
    let value = |part: &str| part.parse::<u64>().map_or_else(|_| part.into(), Value::from);
    std::iter::once("body".into()).chain(parts.map(value)).collect()
}

/// A field as this dialect calls it.
fn named(field: &'static str) -> &'static str {
    if field == "allowed_addresses" { "ip_allowlist" } else { field }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({ "detail": self.detail, "status_code": self.status.as_u16() });
        let mut response = (self.status, Json(body)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<Invalid> for Problem {
    fn from(invalid: Invalid) -> Self {
        Self::invalid(named(invalid.field), &invalid.message)
    }
}

impl From<Unreadable> for Problem {
    fn from(why: Unreadable) -> Self {
        match why {
            Unreadable::NotJson => {
                let message = "send the body as JSON, with Content-Type: application/json";
                Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message)
            }
            Unreadable::TooLong(most) => {
                let message = format!("the body is longer than {most} bytes, or broke off");
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, message)
            }
            Unreadable::Fault(Fault { path, message }) => Self::invalid(&path, &message),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::Invalid(invalid) => invalid.into(),
            Error::Unauthenticated(_) => Self::new(StatusCode::UNAUTHORIZED, message),
            Error::Forbidden(_) | Error::Refused(_) => Self::new(StatusCode::FORBIDDEN, message),
            Error::NotFound(Noun::Key) => Self::new(StatusCode::NOT_FOUND, "API key not found"),
            Error::NotFound(Noun::Job | Noun::Results | Noun::User) => {
                Self::new(StatusCode::NOT_FOUND, message)
            }
            Error::LimitReached(standing) => Self {
                retry_after: Some(standing.retry_after),
                ..Self::new(StatusCode::TOO_MANY_REQUESTS, message)
            },
            Error::TooManyScans { .. } => Self::new(StatusCode::TOO_MANY_REQUESTS, message),
            Error::EmailTaken | Error::Conflict { .. } => Self::new(StatusCode::CONFLICT, message),
            Error::Unavailable { .. } | Error::Contended(_) => {
                tracing::warn!(error = chain(&error), "cannot answer now");
                Self::unavailable(&message)
            }
            Error::Internal(_) => {
                tracing::error!(error = chain(&error), "internal error");
                Self::internal()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_list_that_begins_with_the_body() {
        for (path, expected) in [
            ("body", json!(["body"])),
            ("name", json!(["body", "name"])),
            ("ip_allowlist[1]", json!(["body", "ip_allowlist", 1])),
            ("a.b[0].c", json!(["body", "a", "b", 0, "c"])),
        ] {
            assert_eq!(json!(location(path)), expected, "{path}");
        }
    }
}
