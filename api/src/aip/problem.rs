//! What is refused, in the words of the dialect: `{"errors": [..]}`.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;
use shared::{
    error::{Error, chain},
    limit::Standing,
};

use crate::hawk::{Malformed, Refusal};

/// A refusal.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    message: String,
    challenge: Option<String>,
    /// Seconds after which the same request may go well, where that is known.
    retry_after: Option<i64>,
    /// Where the caller stands with the limit that refused.
    standing: Option<Box<Standing>>,
}

impl Problem {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), challenge: None, retry_after: None, standing: None }
    }

    fn unauthorized(message: impl Into<String>, challenge: String) -> Self {
        Self { challenge: Some(challenge), ..Self::new(StatusCode::UNAUTHORIZED, message) }
    }

    /// The signature is not believed; the challenge says what is wrong with it.
    pub(super) fn unbelieved(why: Refusal, challenge: String) -> Self {
        Self::unauthorized(why.to_string(), challenge)
    }

    /// The caller has done all that a limit allows until it is reset.
    pub(super) fn limited(standing: &Standing) -> Self {
        let Standing { limit, unit, retry_after, .. } = standing;
        let message = format!("The limit is {limit} {unit}. Try again in {retry_after} seconds.");
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, message);
        Self { retry_after: Some(*retry_after), standing: Some(Box::new(*standing)), ..problem }
    }

    pub(super) fn no_route() -> Self {
        Self::new(StatusCode::NOT_FOUND, "there is nothing at this path")
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

    fn text(&self) -> Response {
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            // Clients that find JSON here do not look at the headers, and do not wait.
            return (self.status, self.message.clone()).into_response();
        }
        let mut body = json!({ "errors": [self.message] });
        if self.status.is_server_error() {
            body = json!({ "errors": [self.message], "status": "error", "message": self.message });
        }
        (self.status, Json(body)).into_response()
    }
}

impl From<Malformed> for Problem {
    fn from(why: Malformed) -> Self {
        match why {
            Malformed::OtherScheme => {
                Self::unauthorized("the request is not signed with Hawk", "Hawk".to_owned())
            }
            Malformed::TooLong
            | Malformed::Form
            | Malformed::Unknown
            | Malformed::Twice
            | Malformed::Missing
            | Malformed::Timestamp => Self::new(StatusCode::BAD_REQUEST, why.to_string()),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::Invalid(_) => Self::new(StatusCode::BAD_REQUEST, message),
            Error::Unauthenticated(_) => Self::unauthorized(message, "Hawk".to_owned()),
            Error::Refused(_) | Error::Forbidden(_) => Self::new(StatusCode::FORBIDDEN, message),
            Error::NotFound(_) => Self::new(StatusCode::NOT_FOUND, message),
            Error::LimitReached(standing) => Self::limited(&standing),
            Error::TooManyScans { .. } | Error::EmailTaken | Error::Conflict { .. } => {
                Self::new(StatusCode::CONFLICT, message)
            }
            Error::Unavailable { .. } | Error::Contended(_) => {
                tracing::warn!(error = chain(&error), "cannot answer now");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "the server cannot work at the moment; try again")
            }
            Error::Internal(_) => {
                tracing::error!(error = chain(&error), "internal error");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal error")
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.text();
        let headers = response.headers_mut();
        if let Some(Ok(challenge)) = self.challenge.map(HeaderValue::try_from) {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(standing) = self.standing {
            response.extensions_mut().insert(*standing);
        }
        response
    }
}
