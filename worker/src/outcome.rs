//! How a worker's part in a shard ends.

use chrono::TimeDelta;
use shared::job::Failure;

/// What the queue must do after a shard was worked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The shard is done; the last one closes its job.
    Done,
    /// Nothing is left to write: the shard was replaced by others, or the claim is lost.
    Settled,
    /// The worker is stopping: another one goes on from the checkpoint, at once.
    HandBack,
    /// Something passing went wrong: try again after a while.
    Retry(TimeDelta),
    /// The job cannot be done.
    Fail(Failure),
}
