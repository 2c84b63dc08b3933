//! The error of every command: one line a person can act on.

use std::error::Error;

use crate::exit::Exit;

/// An error of any kind, kept as the cause of a [`Failure`].
pub(crate) type Cause = Box<dyn Error + Send + Sync>;

/// What was wanted, what happened, what to try.
///
/// Shape: `scan of example.com: the key was refused; check --key-file or VEDETTE_KEY`, on one line.
#[derive(Debug, thiserror::Error)]
#[error("{wanted}: {happened}{}{}", if advice.is_empty() { "" } else { "; " }, advice)]
pub(crate) struct Failure {
    exit: Exit,
    wanted: String,
    happened: String,
    advice: String,
    #[source]
    cause: Option<Cause>,
}

impl Failure {
    /// Exit code 1.
    pub(crate) fn failed(wanted: impl Into<String>, happened: impl Into<String>) -> Self {
        Self::new(Exit::Failed, wanted.into(), happened.into())
    }

    /// Exit code 2: the command was given something it cannot use.
    pub(crate) fn misuse(wanted: impl Into<String>, happened: impl Into<String>) -> Self {
        Self::new(Exit::Misuse, wanted.into(), happened.into())
    }

    fn new(exit: Exit, wanted: String, happened: String) -> Self {
        Self { exit, wanted, happened, advice: String::new(), cause: None }
    }

    /// Adds what to try.
    pub(crate) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = advice.into();
        self
    }

    /// Adds the cause, which `-v` shows.
    pub(crate) fn caused_by(mut self, cause: impl Into<Cause>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The exit code this failure ends the process with.
    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }
}

/// The last error of a chain: the one that says what really happened.
pub(crate) fn root<'chain>(error: &'chain (dyn Error + 'static)) -> &'chain (dyn Error + 'static) {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_one_line_of_what_was_wanted_what_happened_and_what_to_try() {
        let failure = Failure::failed("scan of a.test", "the server is gone").advise("start it");
        assert_eq!(failure.to_string(), "scan of a.test: the server is gone; start it");
        assert_eq!(Failure::misuse("a", "b").to_string(), "a: b");
    }
}
