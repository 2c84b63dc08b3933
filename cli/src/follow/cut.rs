//! Why a stream came to an end.

use crate::call_error::CallError;

/// The end of one stream.
#[derive(Debug)]
pub(super) enum Cut {
    /// The scan's last event was delivered, or nobody listens any more.
    Ended,
    /// The server has nothing more to tell.
    Over,
    /// The connection broke or could not be made: to be tried again.
    Dropped(Reason),
    /// This way leads nowhere; another may.
    Unavailable(String),
    /// The server will not have us.
    Refused(CallError),
}

/// Why a connection is gone.
#[derive(Debug)]
pub(super) struct Reason {
    /// For people.
    pub(super) text: String,
    /// Whether there was a stream at all.
    pub(super) was_open: bool,
}

impl Cut {
    /// A stream that was open and broke off.
    pub(super) fn open(text: impl Into<String>) -> Self {
        Self::Dropped(Reason { text: text.into(), was_open: true })
    }

    /// A connection that did not come about.
    pub(super) fn unopened(text: impl Into<String>) -> Self {
        Self::Dropped(Reason { text: text.into(), was_open: false })
    }

    /// What an answer means that is not a stream.
    ///
    /// A key that is refused, or a scan that is not there, will not be better by another way; an answer of
    /// something else than the server may well be.
    pub(super) fn from_refusal(error: CallError) -> Self {
        if error.is_passing() {
            return Self::unopened(error.to_string());
        }
        match error {
            CallError::Refused { status: 405 | 406 | 415 | 426, .. } | CallError::Foreign { .. } => {
                Self::Unavailable(error.to_string())
            }
            CallError::Refused { .. } | CallError::Unreachable(_) => Self::Refused(error),
        }
    }
}
