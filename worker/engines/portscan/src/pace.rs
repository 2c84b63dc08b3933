use std::time::Instant;

/// Probes that may be started at once after a pause.
const BURST: f64 = 64.0;

/// Holds new probes back to a rate.
#[derive(Debug)]
pub(crate) struct Pace {
    rate: f64,
    saved: f64,
    at: Instant,
}

impl Pace {
    pub(crate) fn new(rate: u32) -> Self {
        Self { rate: f64::from(rate.max(1)), saved: 1.0, at: Instant::now() }
    }

    /// How many of `wanted` probes may start now.
    pub(crate) fn allowed(&mut self, wanted: usize) -> usize {
        let now = Instant::now();
        self.saved = (self.saved + (now - self.at).as_secs_f64() * self.rate).min(BURST);
        self.at = now;
        let mut allowed = 0;
        let mut left = self.saved;
        while allowed < wanted && left >= 1.0 {
            left -= 1.0;
            allowed += 1;
        }
        allowed
    }

    /// One probe has started.
    pub(crate) fn started(&mut self) {
        self.saved -= 1.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_never_allows_more_than_a_burst() {
        let mut pace = Pace::new(1_000_000);
        std::thread::sleep(std::time::Duration::from_millis(2));
        assert_eq!(pace.allowed(1000), 64);
        for _ in 0..64 {
            pace.started();
        }
        assert!(pace.allowed(1000) <= 64);
    }
}
