//! The life of a job. Nothing outside this room changes a job's row.
//!
//! `queued -> running -> completed | failed | cancelled | timed_out`; a job that ended never changes again.
//! A job is worked in shards. Shard 0 plans; it may add others, and the last shard to finish closes the job.
//! Jobs take turns: of each, one shard is rung at a time, and whoever claims it rings for the next.
//! Each change of a job appends its event in the same transaction, and is told to the bell after the commit.

pub mod allowance;
pub mod cancel;
pub mod claim;
pub mod end;
pub mod finish;
pub mod prune;
pub mod report;
pub mod submit;
pub mod sweep;
pub mod view;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::identity::Permission;
pub use crate::store::jobs::Job;
use crate::{id::ShardId, scan::Ability};

/// A shard that waits for a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The shard.
    pub shard: ShardId,
    /// What the worker must be able to do.
    pub needs: Ability,
}

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Finds the open ports of targets.
    Scan,
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waits for a worker.
    Queued,
    /// A worker took it up.
    Running,
    /// All of it is done.
    Completed,
    /// It could not be done; the error says why.
    Failed,
    /// Somebody stopped it.
    Cancelled,
    /// It ran into its time limit; what was found until then is kept.
    TimedOut,
}

impl Status {
    /// Whether the job has ended.
    #[must_use]
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }

    /// Whether a job may go from this state to `next`.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        match self {
            Self::Queued => next != Self::Queued,
            Self::Running => next.is_final(),
            Self::Completed | Self::Failed | Self::Cancelled | Self::TimedOut => false,
        }
    }

    /// The word that the database keeps.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::TimedOut => "timed_out",
        }
    }
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::Scan];

    /// What it takes to look at such a job.
    #[must_use]
    pub fn reading(self) -> Permission {
        match self {
            Self::Scan => Permission::ReadScans,
        }
    }

    /// The word that the database keeps.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scan => "scan",
        }
    }
}

/// A stored word that this version does not know.
#[derive(Debug, Error)]
#[error("unknown word in the database: {0:?}")]
pub struct UnknownWord(pub(crate) String);

impl TryFrom<String> for Status {
    type Error = UnknownWord;

    fn try_from(word: String) -> Result<Self, UnknownWord> {
        [Self::Queued, Self::Running, Self::Completed, Self::Failed, Self::Cancelled, Self::TimedOut]
            .into_iter()
            .find(|status| status.as_str() == word)
            .ok_or(UnknownWord(word))
    }
}

impl TryFrom<String> for Kind {
    type Error = UnknownWord;

    fn try_from(word: String) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word).ok_or(UnknownWord(word))
    }
}

/// Why a job did not complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Which kind of reason.
    pub code: FailureCode,
    /// The reason, for a person.
    pub message: String,
}

/// The closed list of reasons for which a job does not complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureCode {
    /// A host name has no address.
    UnknownHost,
    /// An address may not be scanned.
    Refused,
    /// The job ran into its time limit.
    TimeLimit,
    /// Worker after worker gave up on it.
    TooManyAttempts,
    /// A fault of the server's own.
    Internal,
}

impl FailureCode {
    /// The word that the database keeps.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnknownHost => "unknown_host",
            Self::Refused => "refused",
            Self::TimeLimit => "time_limit",
            Self::TooManyAttempts => "too_many_attempts",
            Self::Internal => "internal",
        }
    }
}

impl TryFrom<String> for FailureCode {
    type Error = UnknownWord;

    fn try_from(word: String) -> Result<Self, UnknownWord> {
        [Self::UnknownHost, Self::Refused, Self::TimeLimit, Self::TooManyAttempts, Self::Internal]
            .into_iter()
            .find(|code| code.as_str() == word)
            .ok_or(UnknownWord(word))
    }
}

#[cfg(test)]
mod tests {
    use super::Status::{Cancelled, Completed, Failed, Queued, Running, TimedOut};

    #[test]
    fn an_ended_job_never_changes() {
        let all = [Queued, Running, Completed, Failed, Cancelled, TimedOut];
        for ended in all.into_iter().filter(|status| status.is_final()) {
            assert!(all.into_iter().all(|next| !ended.may_become(next)));
        }
        assert!(Queued.may_become(Running) && Running.may_become(Completed) && !Running.may_become(Queued));
    }
}
