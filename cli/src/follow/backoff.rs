//! How long to wait before connecting again.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);

/// Waits that double, each shortened by chance, so that clients cut together do not come back together.
#[derive(Debug)]
pub(super) struct Backoff {
    first: Duration,
    attempts: u32,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: FIRST, attempts: 0 }
    }
}

impl Backoff {
    /// Takes the server's word for the first wait.
    pub(super) fn begin_with(&mut self, first: Duration) {
        self.first = first.min(LONGEST);
    }

    /// Something new came: the next wait is the first again.
    pub(super) fn succeeded(&mut self) {
        self.attempts = 0;
    }

    /// How many waits there were since something new came.
    pub(super) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The next wait: between half and the whole of the doubled one.
    pub(super) fn next(&mut self) -> Option<Duration> {
        let whole = self.first.saturating_mul(1 << self.attempts.min(16)).min(LONGEST);
        self.attempts = self.attempts.checked_add(1)?;
        let chance = getrandom::u32().unwrap_or(u32::MAX);
        Some(whole / 2 + (whole / 2).mul_f64(f64::from(chance) / f64::from(u32::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit_and_start_again_after_success() {
        let mut backoff = Backoff::default();
        backoff.begin_with(Duration::from_secs(2));
        for whole in [2, 4, 8, 16, 30, 30] {
            let wait = backoff.next().unwrap();
            assert!(wait >= Duration::from_secs(whole) / 2 && wait <= Duration::from_secs(whole), "{wait:?}");
        }
        backoff.succeeded();
        assert!(backoff.next().unwrap() <= Duration::from_secs(2));
        assert_eq!(backoff.attempts(), 1);
    }
}
