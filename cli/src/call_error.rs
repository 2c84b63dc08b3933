//! Why a call to the server did not give what was asked for.

use std::io;
use std::time::Duration;

use serde_json::Value;

use crate::duration::written;
use crate::failure::{Failure, root};
use crate::inert::inert;
use crate::wire::Problem;

/// A call that failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// No answer came.
    #[error("the server cannot be reached ({})", root(.0))]
    Unreachable(#[source] reqwest::Error),
    /// The server said no, in its own words.
    #[error("{}", described(*status, problem))]
    Refused {
        /// HTTP status.
        status: u16,
        /// What it said.
        problem: Problem,
    },
    /// Something answered that is not the server, or not this version of it.
    #[error("the answer (HTTP status {status}) is not one of a Vedette server")]
    Foreign {
        /// HTTP status.
        status: u16,
        /// What could not be read, where a body was promised.
        #[source]
        cause: Option<serde_json::Error>,
    },
}

impl CallError {
    /// The failure a person reads, with what to try.
    pub(crate) fn into_failure(self, wanted: impl Into<String>) -> Failure {
        let happened = self.to_string();
        let advice = self.advice();
        let failure = if self.is_misuse() {
            Failure::misuse(wanted, happened)
        } else {
            Failure::failed(wanted, happened)
        };
        failure.advise(advice).caused_by(self)
    }

    /// Whether the server could not use what the command was given.
    fn is_misuse(&self) -> bool {
        matches!(self, Self::Refused { problem, .. }
            if matches!(problem.code.as_str(), "INVALID_TARGET" | "VALIDATION_ERROR"))
    }

    /// Whether the same call may go well a little later.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Refused { status, .. } | Self::Foreign { status, .. } => {
                matches!(status, 408 | 425 | 429) || *status >= 500
            }
        }
    }

    fn advice(&self) -> String {
        let advice = match self {
            Self::Refused { status: 429, problem } => return patience(problem),
            Self::Unreachable(error) if is_untrusted(error) => {
                "name its authority's certificate in SSL_CERT_FILE, should you trust it"
            }
            Self::Unreachable(_) => "see whether it runs, and check --server",
            Self::Foreign { .. } => "check --server",
            Self::Refused { status, problem } => match (problem.code.as_str(), status) {
                ("INVALID_TARGET", _) => "give host names, addresses or CIDR blocks, with commas between",
                ("VALIDATION_ERROR", _) => "see `vedette scan --help`",
                (_, 401) => "check VEDETTE_KEY or --key-file",
                (_, 403) => "ask whoever runs the server to allow it",
                (_, 500..) => "try again, and see the server's log",
                _ => "",
            },
        };
        advice.to_owned()
    }
}

/// Whether the server was there, with a certificate nobody vouches for.
///
/// The TLS error comes wrapped in errors of input and output, which do not name it as their source.
fn is_untrusted(error: &reqwest::Error) -> bool {
    let mut deepest = root(error);
    while let Some(inner) = deepest.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        deepest = inner;
    }
    matches!(deepest.downcast_ref(), Some(rustls::Error::InvalidCertificate(_)))
}

/// Which limit was reached, and when it is worth another try.
fn patience(problem: &Problem) -> String {
    let when = match problem.retry_after {
        Some(seconds) => format!("try again in {}", written(Duration::from_secs(seconds))),
        None => "try again later".to_owned(),
    };
    let detail = |name| problem.details.get(name);
    match (detail("limit").and_then(Value::as_u64), detail("unit").and_then(Value::as_str)) {
        (Some(limit), Some(unit)) => format!("the limit is {limit} {}; {when}", inert(unit)),
        _ => when,
    }
}

fn described(status: u16, problem: &Problem) -> String {
    let message = inert(problem.message.trim().trim_end_matches('.'));
    let code = inert(&problem.code);
    if message.is_empty() {
        return format!("the server refused with {code} (HTTP status {status})");
    }
    format!("{message} ({code})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    fn refused(status: u16, code: &str) -> Failure {
        let (code, message) = (code.into(), "No such host.".into());
        let problem = Problem { code, message, ..Problem::default() };
        CallError::Refused { status, problem }.into_failure("scan of x")
    }

    #[test]
    fn what_the_user_wrote_wrongly_is_misuse_and_the_rest_is_failure() {
        assert_eq!(refused(400, "INVALID_TARGET").exit(), Exit::Misuse);
        assert_eq!(refused(400, "VALIDATION_ERROR").exit(), Exit::Misuse);
        assert_eq!(refused(403, "INSUFFICIENT_PERMISSIONS").exit(), Exit::Failed);
        assert_eq!(refused(429, "RATE_LIMIT_EXCEEDED").exit(), Exit::Failed);
    }

    #[test]
    fn the_line_holds_the_servers_words_and_what_to_try() {
        assert_eq!(
            refused(401, "INVALID_API_KEY").to_string(),
            "scan of x: No such host (INVALID_API_KEY); check VEDETTE_KEY or --key-file"
        );
    }

    #[test]
    fn a_limit_is_named_with_the_time_to_wait() {
        let limited = |rest: &str| {
            let text = format!(r#"{{"code": "RATE_LIMIT_EXCEEDED", "message": "Wait."{rest}}}"#);
            let problem = serde_json::from_str(&text).unwrap();
            CallError::Refused { status: 429, problem }.into_failure("scan of x").to_string()
        };
        assert_eq!(
            limited(r#", "retry_after": 2345, "details": {"limit": 10, "unit": "scans a day"}"#),
            "scan of x: Wait (RATE_LIMIT_EXCEEDED); the limit is 10 scans a day; try again in 39 min 05 s"
        );
        assert_eq!(limited(""), "scan of x: Wait (RATE_LIMIT_EXCEEDED); try again later");
    }
}
