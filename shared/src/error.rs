//! The one error of the core. Dialects match on it exhaustively; none of them shows the source of a fault.

use thiserror::Error;

pub use crate::invalid::Invalid;
use crate::limit::Standing;

/// What can go wrong with a request, or under it.
#[derive(Debug, Error)]
pub enum Error {
    /// A field of the request is not what it should be.
    #[error("{0}")]
    Invalid(#[from] Invalid),
    /// The target is well formed, but may not be scanned.
    #[error("{0}")]
    Refused(#[from] crate::target_policy::Refusal),
    /// No usable credential came with the request.
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// The caller is known, but may not do this.
    #[error("{0}")]
    Forbidden(&'static str),
    /// There is no such thing, or it belongs to somebody else.
    #[error("{0} not found")]
    NotFound(Noun),
    /// The caller has used up what they have until a window of time ends.
    #[error("the limit is {} {}", .0.limit, .0.unit)]
    LimitReached(Standing),
    /// As many scans of the caller as they may have at once have not ended yet.
    #[error("the limit is {most} scans at once")]
    TooManyScans {
        /// How many they may have.
        most: i64,
    },
    /// The e-mail address is taken.
    #[error("an account with this e-mail address exists")]
    EmailTaken,
    /// The job is not in a state that allows this.
    #[error("{message}")]
    Conflict {
        /// Which step was refused.
        step: Step,
        /// What to do instead.
        message: String,
    },
    /// A database or Redis is away; the same request may succeed later.
    #[error("{what} is not available")]
    Unavailable {
        /// What is away.
        what: &'static str,
        /// What was heard of it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Two writers met; the transaction was rolled back and may be tried again at once.
    #[error("the transaction was rolled back")]
    Contended(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A fault of the server's own.
    #[error("internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What was looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noun {
    /// A job of the kind asked for.
    Job,
    /// The results of a job that itself still exists.
    Results,
    /// An API key.
    Key,
    /// A user.
    User,
}

impl std::fmt::Display for Noun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Job => "job",
            Self::Results => "results",
            Self::Key => "key",
            Self::User => "user",
        })
    }
}

/// A step in a job's life that its state can forbid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// To read results.
    Read,
    /// To cancel.
    Cancel,
    /// To delete results.
    Delete,
}

/// What most functions of the core return.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Wraps a fault of the server's own.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }

    /// Whether the same call may succeed if it is made again.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Contended(_))
    }
}

/// An error and what caused it, on one line.
#[must_use]
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |line, cause| {
        let cause = cause.to_string();
        // Some errors repeat their cause in their own words.
        if line.ends_with(&cause) { line } else { format!("{line}: {cause}") }
    })
}
