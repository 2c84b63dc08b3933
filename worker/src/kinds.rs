//! Every job kind that a worker can do, in one list.

use futures::future::BoxFuture;
use shared::job::Kind;

use crate::{Outcome, Work, scan};

/// Works one shard of whatever kind.
#[must_use]
pub fn perform(work: Work) -> BoxFuture<'static, Outcome> {
    match work.claim.job.kind {
        Kind::Scan => Box::pin(scan::perform(work)),
    }
}
