//! When each message was published: what publishers write and listeners read.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

/// Moments by topic and number. Numbers of a topic begin at 1.
#[derive(Debug)]
pub(crate) struct Board {
    start: Instant,
    topics: Vec<Vec<AtomicU64>>,
}

impl Board {
    /// For so many topics of at most so many messages.
    pub(crate) fn new(topics: usize, messages: usize) -> Self {
        let messages = || (0..=messages).map(|_| AtomicU64::new(0)).collect();
        Self { start: Instant::now(), topics: (0..topics).map(|_| messages()).collect() }
    }

    /// Notes that a message is published now.
    pub(crate) fn publish(&self, topic: usize, number: u16) {
        if let Some(moment) = self.moment(topic, number) {
            moment.store(self.now_us(), Ordering::Release);
        }
    }

    /// Microseconds since a message was published; `None` for one that was not.
    pub(crate) fn since_us(&self, topic: usize, number: u16) -> Option<u64> {
        let published = self.moment(topic, number)?.load(Ordering::Acquire);
        (published > 0).then(|| self.now_us().saturating_sub(published))
    }

    fn moment(&self, topic: usize, number: u16) -> Option<&AtomicU64> {
        self.topics.get(topic)?.get(usize::from(number))
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}
