use crate::der::days;

const DAY: i64 = 86_400;

/// From which day on certificates of public roots may live how many days (ballots 193, SC-22 and SC-081v3 of the
/// CA/Browser Forum).
const CAPS: [(i64, i64); 6] = [
    (days(2015, 4, 1), 1187),
    (days(2018, 3, 1), 825),
    (days(2020, 9, 1), 398),
    (days(2026, 3, 15), 200),
    (days(2027, 3, 15), 100),
    (days(2029, 3, 15), 47),
];

/// The longest lifetime in seconds of a certificate of a public root that begins at `not_before`, in Unix seconds.
#[must_use]
pub fn longest_lifetime(not_before: i64) -> i64 {
    let cap = CAPS.iter().rev().find(|(since, _)| not_before >= since * DAY);
    cap.map_or(i64::MAX, |(_, days)| days * DAY)
}

/// What Apple's systems take from any root, public or not.
pub(crate) const LONGEST_PRIVATE: i64 = 825 * DAY;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caps_begin_on_their_days() {
        let day = |year, month, day| days(year, month, day) * DAY;
        for (begins, cap) in [
            (day(2026, 3, 15) - 1, 398),
            (day(2026, 3, 15), 200),
            (day(2027, 3, 15) - 1, 200),
            (day(2027, 3, 15), 100),
            (day(2029, 3, 14), 100),
            (day(2029, 3, 15), 47),
            (day(2040, 1, 1), 47),
        ] {
            assert_eq!(longest_lifetime(begins), cap * DAY);
        }
        assert_eq!(longest_lifetime(0), i64::MAX);
    }
}
