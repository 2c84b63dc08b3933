//! Some frames in a row, bounded in bytes.

use std::{collections::VecDeque, sync::Arc};

use super::frame::Frame;

/// Bytes that the frames of one topic take, about. Whoever is further behind reads the database.
pub(super) const ROOM: usize = 1 << 20;

/// Every frame behind one place up to another; both are known even when there is none.
#[derive(Debug)]
pub(super) struct Window<P> {
    first: P,
    last: P,
    frames: VecDeque<(P, Arc<Frame>)>,
    weight: usize,
}

impl<P: Copy + Ord> Window<P> {
    /// Nothing, behind a place.
    pub(super) fn behind(place: P) -> Self {
        Self { first: place, last: place, frames: VecDeque::new(), weight: 0 }
    }

    /// Where it ends.
    pub(super) fn last(&self) -> P {
        self.last
    }

    /// Appends what follows the last frame.
    pub(super) fn push(&mut self, place: P, frame: Arc<Frame>) {
        self.last = place;
        self.weight += frame.weight();
        self.frames.push_back((place, frame));
        while self.weight > ROOM {
            let Some((place, frame)) = self.frames.pop_front() else { return };
            self.weight -= frame.weight();
            self.first = place;
        }
    }

    /// The frames behind a place; none when the place is not within.
    pub(super) fn after(&self, place: P) -> Option<Vec<Arc<Frame>>> {
        if place < self.first || place > self.last {
            return None;
        }
        let start = self.frames.partition_point(|(other, _)| *other <= place);
        Some(self.frames.range(start..).map(|(_, frame)| frame.clone()).collect())
    }

    /// Takes in frames that follow `after` in a row: at its end, or before its beginning while there is room. Those that
    /// are apart from it replace it when they are newer.
    pub(super) fn insert(&mut self, after: P, frames: impl Iterator<Item = (P, Arc<Frame>)>) {
        let frames: Vec<_> = frames.collect();
        let Some((end, _)) = frames.last() else { return };
        if after > self.last {
            *self = Self::behind(after);
        } else if after < self.first && *end >= self.first {
            self.prepend(after, &frames);
        } else if after < self.first && self.frames.is_empty() {
            *self = Self::behind(after);
        } else if after < self.first {
            return;
        }
        for (place, frame) in frames {
            if place > self.last {
                self.push(place, frame);
            }
        }
    }

    fn prepend(&mut self, after: P, frames: &[(P, Arc<Frame>)]) {
        let missing = frames.iter().take_while(|(place, _)| *place <= self.first);
        let missing: Vec<_> = missing.cloned().collect();
        let weight: usize = missing.iter().map(|(_, frame)| frame.weight()).sum();
        if self.weight + weight > ROOM {
            return;
        }
        self.weight += weight;
        self.first = after;
        for one in missing.into_iter().rev() {
            self.frames.push_front(one);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shared::{
        event::{Event, Fact},
        id::{JobId, OrganizationId, UserId},
        job::{Kind, Status, view::About},
    };

    use super::*;

    fn frame(seq: i64, length: usize) -> (i64, Arc<Frame>) {
        let fact = Fact::Status { status: Status::Queued };
        let event = Event { job: JobId::new(), seq, at: chrono::DateTime::UNIX_EPOCH, fact };
        let (organization, user) = (OrganizationId::new(), UserId::new());
        let about = About { organization, user, kind: Kind::Scan, subject: "x".repeat(length) };
        (seq, Frame::new(event, about, None).into())
    }

    fn numbers(window: &Window<i64>, after: i64) -> Option<Vec<i64>> {
        Some(window.after(after)?.iter().map(|frame| frame.event.seq).collect())
    }

    #[test]
    fn it_is_bounded_in_bytes() {
        let mut window = Window::behind(0);
        for seq in 1..=100 {
            let (place, frame) = frame(seq, ROOM / 10);
            window.push(place, frame);
        }
        assert_eq!(numbers(&window, 99), Some(vec![100]));
        assert!(numbers(&window, 95).is_some() && numbers(&window, 80).is_none());
        assert!(window.weight <= ROOM);
    }

    proptest! {
        #[test]
        fn whatever_is_inserted_it_has_no_gap(pages in proptest::collection::vec((0_i64..60, 1_i64..20), 1..30)) {
            let mut window = Window::behind(30);
            for (after, count) in pages {
                window.insert(after, (after + 1..=after + count).map(|seq| frame(seq, 10)));
                let all: Vec<i64> = window.frames.iter().map(|(place, _)| *place).collect();
                prop_assert_eq!(all, (window.first + 1..=window.last).collect::<Vec<_>>());
                for place in 0..90 {
                    let expected = (window.first..=window.last).contains(&place);
                    let found = numbers(&window, place);
                    prop_assert_eq!(found.is_some(), expected);
                    let rest: Vec<i64> = (place + 1..=window.last).collect();
                    prop_assert!(found.is_none_or(|found| found == rest));
                }
            }
        }
    }
}
