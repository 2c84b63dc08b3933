//! When a certificate is to be renewed: pure functions of its lifetime.

const DAY: i64 = 86_400;

/// When the time to renew begins, in Unix seconds: `lead` seconds before the end where the owner has set one. Otherwise
/// half a lifetime before it for lifetimes of up to 10 days, and the lesser of a third and 30 days for all others.
///
/// ```
/// let day = 86_400;
/// assert_eq!(tlscheck::renew_from(0, 90 * day, None), 60 * day);
/// assert_eq!(tlscheck::renew_from(0, 6 * day, None), 3 * day);
/// assert_eq!(tlscheck::renew_from(0, 90 * day, Some(28 * day)), 62 * day);
/// ```
#[must_use]
pub const fn renew_from(not_before: i64, not_after: i64, lead: Option<i64>) -> i64 {
    let lifetime = not_after.saturating_sub(not_before);
    let lead = match lead {
        Some(lead) => lead,
        // The end counts in, so that a lifetime of ten days may be ten days less a second.
        None if lifetime <= 10 * DAY => lifetime / 2,
        None if lifetime / 3 < 30 * DAY => lifetime / 3,
        None => 30 * DAY,
    };
    not_after.saturating_sub(if lead < 0 { 0 } else { lead })
}

/// Whether it is to be renewed at `now`. One that is revoked, or weak, is so at once.
#[must_use]
pub const fn renewal_due(renew_from: i64, now: i64, is_revoked_or_weak: bool) -> bool {
    is_revoked_or_weak || now >= renew_from
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_lifetime_has_its_lead() {
        for (lifetime, lead) in
            [(6, 3.0), (10, 5.0), (45, 15.0), (47, 47.0 / 3.0), (90, 30.0), (198, 30.0), (398, 30.0)]
        {
            let from = renew_from(0, lifetime * DAY, None);
            #[expect(clippy::cast_possible_truncation, clippy::as_conversions, reason = "whole seconds")]
            let lead = (lead * 86_400.0_f64).round() as i64;
            assert_eq!(lifetime * DAY - from, lead, "{lifetime} days");
            assert!(!renewal_due(from, from - 1, false) && renewal_due(from, from, false));
        }
    }

    #[test]
    fn the_bad_are_due_at_once() {
        assert!(renewal_due(i64::MAX, 0, true));
    }

    #[test]
    fn strange_dates_do_no_harm() {
        for (begins, ends) in [(i64::MIN, i64::MAX), (i64::MAX, i64::MIN), (5, 3)] {
            for lead in [None, Some(i64::MIN), Some(i64::MAX)] {
                assert!(renew_from(begins, ends, lead) <= ends);
            }
        }
    }
}
