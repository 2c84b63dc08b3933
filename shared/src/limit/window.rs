//! The arithmetic of fixed windows, in milliseconds since 1970.

use std::time::Duration;

/// A stretch of time, its end exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) start: i64,
    pub(super) length: i64,
}

impl Window {
    /// The window that `now` lies in. A length below a millisecond counts as one.
    pub(super) fn around(now: i64, length: Duration) -> Self {
        let length = millis(length).max(1);
        Self { start: now.saturating_sub(now.rem_euclid(length)), length }
    }

    /// The first moment behind it.
    pub(super) fn end(self) -> i64 {
        self.start.saturating_add(self.length)
    }
}

/// A length of time in milliseconds.
pub(super) fn millis(length: Duration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
}

/// Whole seconds from `now` until `moment` has come, at least 1.
pub(super) fn seconds_until(moment: i64, now: i64) -> i64 {
    let left = moment.saturating_sub(now).max(1);
    left / 1000 + i64::from(left % 1000 > 0)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Datelike, Timelike, Utc};
    use proptest::prelude::*;

    use super::*;

    /// 1900 to 2200.
    const TIMES: std::ops::Range<i64> = -2_208_988_800_000..7_258_118_400_000;

    proptest! {
        #[test]
        fn a_moment_lies_in_its_window_and_the_next_window_begins_where_it_ends(
            now in TIMES, length in 1_u64..100_000_000,
        ) {
            let length = Duration::from_millis(length);
            let window = Window::around(now, length);
            prop_assert!(window.start <= now && now < window.end());
            prop_assert_eq!(Window::around(window.start, length), window);
            prop_assert_eq!(Window::around(window.end() - 1, length), window);
            prop_assert_eq!(Window::around(window.end(), length).start, window.end());
        }

        #[test]
        fn hours_begin_at_minute_0_and_days_at_midnight(now in TIMES) {
            let time = |moment| DateTime::<Utc>::from_timestamp_millis(moment).unwrap();
            let hour = time(Window::around(now, Duration::from_hours(1)).start);
            prop_assert_eq!((hour.hour(), hour.minute(), hour.second()), (time(now).hour(), 0, 0));
            let day = time(Window::around(now, Duration::from_hours(24)).start);
            prop_assert_eq!((day.ordinal(), day.num_seconds_from_midnight()), (time(now).ordinal(), 0));
        }

        #[test]
        fn after_the_seconds_the_moment_has_come_and_a_second_earlier_it_had_not(
            now in TIMES, left in -10_i64..10_000_000,
        ) {
            let (moment, seconds) = (now + left, seconds_until(now + left, now));
            prop_assert!(seconds >= 1 && now + seconds * 1000 >= moment);
            prop_assert!(seconds == 1 || now + (seconds - 1) * 1000 < moment);
        }

        #[test]
        fn no_moment_and_no_length_overflows(now: i64, length: u64, moment: i64) {
            let window = Window::around(now, Duration::from_millis(length));
            prop_assert!(window.start <= now);
            prop_assert!(seconds_until(moment, now) >= 1);
        }
    }
}
