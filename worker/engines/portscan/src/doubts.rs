use std::{collections::VecDeque, time::Duration};

use crate::slots::Flight;

/// Probes that were silent to all their attempts, and are not called filtered yet.
///
/// How much gets lost shows only when retries are answered, so a port that was unlucky in all its attempts may be given up
/// before that is known. Each waits for as long as the longest attempt takes, by which time all that were under way
/// with it are known, or until nothing else is left to do.
#[derive(Debug, Default)]
pub(crate) struct Doubts {
    /// By the time at which they are looked at again, which is the order in which they came.
    waiting: VecDeque<(Duration, Flight)>,
}

impl Doubts {
    pub(crate) fn add(&mut self, flight: Flight, until: Duration) {
        self.waiting.push_back((until, flight));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The next one that has waited long enough; with `all`, the next one.
    pub(crate) fn next(&mut self, now: Duration, all: bool) -> Option<Flight> {
        let (until, _) = self.waiting.front()?;
        if *until > now && !all {
            return None;
        }
        self.waiting.pop_front().map(|(_, flight)| flight)
    }
}
