//! What a stream tells, whichever way it is carried: one job, or all of an organization's.

mod all;
mod job;

pub(super) use self::{
    all::{AllStory, Asked, Wanted},
    job::JobStory,
};
use super::problem::Problem;
use crate::hub::Encoded;

/// One message of a story.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) message: Encoded,
    /// Whether nothing comes after it.
    pub(super) is_last: bool,
}

impl From<Encoded> for Told {
    fn from(message: Encoded) -> Self {
        Self { message, is_last: false }
    }
}

/// A story that is being told.
#[derive(Debug)]
pub(super) enum Story {
    Job(Box<JobStory>),
    All(Box<AllStory>),
}

impl Story {
    /// The next message; waits until there is one. Safe to drop while it waits.
    pub(super) async fn next(&mut self) -> Told {
        match self {
            Self::Job(story) => story.next().await,
            Self::All(story) => story.next().await,
        }
    }

    /// Where the listener stands, if that has changed without any message that said so.
    pub(super) fn position(&mut self) -> Option<Encoded> {
        match self {
            Self::Job(_) => None,
            Self::All(story) => story.position(),
        }
    }

    /// Goes on elsewhere, as the listener wants.
    pub(super) async fn resume(&mut self, position: &str) -> Result<(), Problem> {
        match self {
            Self::Job(story) => story.resume(position).await,
            Self::All(story) => story.resume(position).await,
        }
    }
}
