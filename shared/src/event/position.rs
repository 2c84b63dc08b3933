//! Where a listener stands in all events of an organization.

use std::{fmt, str::FromStr};

use thiserror::Error;

use crate::id::JobId;

/// A place in the order of an organization's events: everything up to it has been told.
///
/// Shape: `<place>` when all events of that place were told, else `<place>-<job>-<number>`, which names the last of
/// those that were. Of two positions the later one is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub(crate) place: i64,
    pub(crate) job: JobId,
    pub(crate) seq: i64,
}

/// A text that is no position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a position of this server")]
pub struct NoPosition;

impl Position {
    /// Before everything.
    pub const START: Self = Self::end_of(0);

    /// Behind all events of a place.
    #[must_use]
    pub const fn end_of(place: i64) -> Self {
        Self { place, job: JobId::LAST, seq: i64::MAX }
    }

    /// Behind one event.
    #[must_use]
    pub const fn behind(place: i64, job: JobId, seq: i64) -> Self {
        Self { place, job, seq }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::end_of(self.place) {
            return write!(f, "{}", self.place);
        }
        write!(f, "{}-{}-{}", self.place, self.job.to_base62(), self.seq)
    }
}

impl FromStr for Position {
    type Err = NoPosition;

    fn from_str(text: &str) -> Result<Self, NoPosition> {
        let position = match text.split('-').collect::<Vec<_>>().as_slice() {
            [place] => Self::end_of(number(place)?),
            [place, job, seq] => {
                let job = JobId::from_base62(job).ok_or(NoPosition)?;
                Self::behind(number(place)?, job, number(seq)?)
            }
            _ => return Err(NoPosition),
        };
        // One text for one position.
        if position.to_string() == text { Ok(position) } else { Err(NoPosition) }
    }
}

fn number(text: &str) -> Result<i64, NoPosition> {
    text.parse().ok().filter(|number| *number >= 0).ok_or(NoPosition)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    proptest! {
        #[test]
        fn a_position_reads_back(place in 0..i64::MAX, job: u128, seq in 0..i64::MAX) {
            for position in [Position::end_of(place), Position::behind(place, Uuid::from_u128(job).into(), seq)] {
                prop_assert_eq!(position.to_string().parse(), Ok(position));
                prop_assert!(position <= Position::end_of(place));
                prop_assert!(place == 0 || position > Position::end_of(place - 1));
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-9a-zA-Z+-]{0,40}") {
            if let Ok(position) = text.parse::<Position>() {
                prop_assert_eq!(position.to_string(), text);
            }
        }
    }

    #[test]
    fn what_is_nearly_a_position_is_none() {
        let job = JobId::new().to_base62();
        for text in ["", " ", "-", "1-", "-1", "01", "+1", "1-2-3", "1-2", "1 ", "9223372036854775808"] {
            assert_eq!(text.parse::<Position>(), Err(NoPosition), "{text:?}");
        }
        for text in [format!("1-{job}"), format!("1-{job}--1"), format!("1-{job}-1-1"), format!("1-{job}-01")]
        {
            assert_eq!(text.parse::<Position>(), Err(NoPosition), "{text:?}");
        }
    }
}
