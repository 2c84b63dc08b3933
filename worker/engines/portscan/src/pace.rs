use std::time::Duration;

/// How many packets may go out at a rate.
///
/// It keeps the moment at which the next packet is due. Moments that passed unused are forgotten beyond
/// [`SAVED`], so a pause is not followed by a burst.
#[derive(Debug)]
pub(crate) struct Pace {
    interval: Duration,
    due: Duration,
}

/// Longer than a worker waits between two looks, so that no rate is missed by looking late.
const SAVED: Duration = Duration::from_millis(10);

impl Pace {
    /// `rate` is in packets a second, at least 1.
    pub(crate) fn new(rate: f64) -> Self {
        Self { interval: interval(rate), due: Duration::ZERO }
    }

    pub(crate) fn set_rate(&mut self, rate: f64) {
        self.interval = interval(rate);
    }

    /// How many packets may go out now, at most `wanted`.
    pub(crate) fn available(&mut self, now: Duration, wanted: usize) -> usize {
        self.due = self.due.max(now.saturating_sub(SAVED));
        let Some(saved) = now.checked_sub(self.due) else { return 0 };
        let whole = saved.as_nanos() / self.interval.as_nanos().max(1);
        usize::try_from(whole).unwrap_or(usize::MAX).saturating_add(1).min(wanted)
    }

    /// Counts packets that go out.
    pub(crate) fn spend(&mut self, packets: usize) {
        self.due += self.interval.saturating_mul(u32::try_from(packets).unwrap_or(u32::MAX));
    }

    /// Takes back packets that were counted and did not go out.
    pub(crate) fn give_back(&mut self, packets: usize) {
        let saved = self.interval.saturating_mul(u32::try_from(packets).unwrap_or(u32::MAX));
        self.due = self.due.saturating_sub(saved);
    }

    /// Whether it has been left alone for so long that it may be forgotten.
    pub(crate) fn is_idle(&self, now: Duration) -> bool {
        self.due + SAVED < now
    }

    /// When the next packet may go out.
    pub(crate) fn due(&self) -> Duration {
        self.due
    }
}

fn interval(rate: f64) -> Duration {
    Duration::from_secs_f64(1.0 / rate.max(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many packets go out in a second of looks every `look`, after a long pause.
    fn sent(rate: u32, look: Duration) -> usize {
        let mut pace = Pace::new(f64::from(rate));
        let mut now = Duration::from_secs(100);
        let end = now + Duration::from_secs(1);
        let mut count = 0;
        while now < end {
            let packets = pace.available(now, usize::MAX);
            pace.spend(packets);
            count += packets;
            now += look;
        }
        count
    }

    #[test]
    fn a_rate_is_met_and_never_passed_by_more_than_what_is_saved() {
        for rate in [1, 7, 100, 5000, 1_000_000] {
            let met = usize::try_from(rate).expect("small");
            let count = sent(rate, Duration::from_millis(2));
            assert!(count >= met * 99 / 100, "{count} of {met}");
            assert!(count <= met + met / 100 + 1, "{count} of {met}");
        }
    }
}
