//! How the process ends, as its exit code says it.

use std::process::ExitCode;

/// The exit codes of the command line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Exit {
    /// Done: 0.
    Done,
    /// Failed, cancelled, or the server could not be reached: 1.
    Failed,
    /// Used wrongly; the same code as clap's: 2.
    Misuse,
    /// Left at the second Ctrl-C: 130.
    Interrupted,
}

impl Exit {
    /// The number the shell sees.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Misuse => 2,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
