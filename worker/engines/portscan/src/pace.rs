use std::time::Duration;

/// Holds new probes back to a rate, all workers together.
///
/// It keeps the moment at which the next probe is due. Moments that passed unused are forgotten beyond
/// [`SAVED`], so a pause is not followed by a burst.
#[derive(Debug)]
pub(crate) struct Pace {
    interval: Duration,
    due: Duration,
}

/// Longer than a worker waits between two looks, so that no rate is missed by looking late.
const SAVED: Duration = Duration::from_millis(10);

impl Pace {
    /// `rate` is in probes a second; 0 is read as 1.
    pub(crate) fn new(rate: u32) -> Self {
        Self { interval: Duration::from_secs(1) / rate.max(1), due: Duration::ZERO }
    }

    /// Whether one more probe may start, and if so, counts it.
    pub(crate) fn start(&mut self, now: Duration) -> bool {
        let due = self.due.max(now.saturating_sub(SAVED));
        let may_start = due <= now;
        if may_start {
            self.due = due + self.interval;
        }
        may_start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many probes start in a second of looks every `look`, after a long pause.
    fn started(rate: u32, look: Duration) -> usize {
        let mut pace = Pace::new(rate);
        let mut now = Duration::from_secs(100);
        let end = now + Duration::from_secs(1);
        let mut count = 0;
        while now < end {
            count += std::iter::from_fn(|| pace.start(now).then_some(())).count();
            now += look;
        }
        count
    }

    #[test]
    fn a_rate_is_met_and_never_passed_by_more_than_what_is_saved() {
        for rate in [1, 7, 100, 5000, 1_000_000] {
            let met = usize::try_from(rate).expect("small");
            let count = started(rate, Duration::from_millis(2));
            assert!(count >= met * 99 / 100, "{count} of {met}");
            assert!(count <= met + met / 100 + 1, "{count} of {met}");
        }
    }
}
