//! Medians, percentiles and rates.

use std::time::Duration;

/// Measurements of one thing, in ascending order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures(Vec<f64>);

impl FromIterator<f64> for Figures {
    fn from_iter<I: IntoIterator<Item = f64>>(measured: I) -> Self {
        let mut values: Vec<f64> = measured.into_iter().collect();
        values.sort_by(f64::total_cmp);
        Self(values)
    }
}

impl Figures {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The value that `percent` of 100 do not exceed: the nearest rank, always one that was measured.
    #[must_use]
    pub fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().unwrap_or(f64::NAN)
    }

    /// The middle one; the mean of both middle ones when their number is even.
    #[must_use]
    pub fn median(&self) -> f64 {
        let middle = self.0.len() / 2;
        let upper = self.0.get(middle).copied().unwrap_or(f64::NAN);
        if self.0.len().is_multiple_of(2) {
            let lower = middle.checked_sub(1).and_then(|below| self.0.get(below)).copied();
            f64::midpoint(lower.unwrap_or(upper), upper)
        } else {
            upper
        }
    }

    /// The smallest.
    #[must_use]
    pub fn least(&self) -> f64 {
        self.0.first().copied().unwrap_or(f64::NAN)
    }

    /// The largest.
    #[must_use]
    pub fn most(&self) -> f64 {
        self.0.last().copied().unwrap_or(f64::NAN)
    }
}

/// A duration in milliseconds, with its fraction.
#[must_use]
pub fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// How many a second.
#[must_use]
pub fn rate(count: u32, took: Duration) -> f64 {
    f64::from(count) / took.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_measured_values_and_medians_lie_between() {
        let hundred: Figures = (1_u32..=100).rev().map(f64::from).collect();
        let percentiles: Vec<f64> = [50, 99, 100].map(|percent| hundred.percentile(percent)).into();
        assert_eq!(percentiles, [50.0, 99.0, 100.0]);
        assert_eq!((hundred.median(), hundred.least(), hundred.most()), (50.5, 1.0, 100.0));
        let one: Figures = [7.0].into_iter().collect();
        assert_eq!((one.median(), one.percentile(1)), (7.0, 7.0));
        assert!(Figures::default().median().is_nan());
    }
}
