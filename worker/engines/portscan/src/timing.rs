use std::{collections::HashMap, mem, net::IpAddr, time::Duration};

use crate::settings::Settings;

/// How long to wait for whom: a smoothed round trip per address, as TCP keeps it (RFC 6298).
///
/// Memory is bounded: estimates live in two generations of 2048 addresses, and the older one is forgotten as a whole.
#[derive(Debug)]
pub(crate) struct Timing {
    first: Duration,
    shortest: Duration,
    longest: Duration,
    recent: HashMap<IpAddr, Trip>,
    older: HashMap<IpAddr, Trip>,
}

const GENERATION: usize = 2048;

#[derive(Debug, Clone, Copy)]
struct Trip {
    smoothed: Duration,
    variation: Duration,
}

impl Trip {
    fn first(sample: Duration) -> Self {
        Self { smoothed: sample, variation: sample / 2 }
    }

    fn update(self, sample: Duration) -> Self {
        let error = self.smoothed.abs_diff(sample);
        Self { smoothed: (self.smoothed * 7 + sample) / 8, variation: (self.variation * 3 + error) / 4 }
    }
}

impl Timing {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            first: settings.first_timeout,
            shortest: settings.min_timeout,
            longest: settings.max_timeout,
            recent: HashMap::new(),
            older: HashMap::new(),
        }
    }

    /// Learns from an answer to a first attempt. Later attempts say nothing: it is not known which one was answered.
    pub(crate) fn sample(&mut self, address: IpAddr, trip: Duration) {
        let known = self.recent.get(&address).or_else(|| self.older.get(&address));
        let estimate = known.map_or_else(|| Trip::first(trip), |known| known.update(trip));
        if self.recent.len() >= GENERATION && !self.recent.contains_key(&address) {
            self.older = mem::take(&mut self.recent);
        }
        self.recent.insert(address, estimate);
    }

    /// The wait for an attempt; `attempt` counts from 1 and each one doubles it.
    pub(crate) fn timeout(&self, address: IpAddr, attempt: u32) -> Duration {
        let known = self.recent.get(&address).or_else(|| self.older.get(&address));
        let base = known.map_or(self.first, |trip| trip.smoothed + trip.variation * 4);
        let doubling = 1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
        base.max(self.shortest).saturating_mul(doubling).min(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn an_unknown_address_gets_the_first_timeout_doubled_and_capped() {
        let timing = Timing::new(&Settings::default());
        let waits: Vec<Duration> = (1..=4).map(|attempt| timing.timeout(HOST, attempt)).collect();
        assert_eq!(waits, [ms(500), ms(1000), ms(1000), ms(1000)]);
        assert_eq!(timing.timeout(HOST, 100), ms(1000));
    }

    #[test]
    fn a_known_address_gets_its_own() {
        let mut timing = Timing::new(&Settings::default());
        timing.sample(HOST, ms(80));
        assert_eq!(timing.timeout(HOST, 1), ms(240));
        for _ in 0..50 {
            timing.sample(HOST, ms(80));
        }
        assert_eq!(timing.timeout(HOST, 1), ms(100));
        assert_eq!(timing.timeout(HOST, 2), ms(200));
    }

    #[test]
    fn it_never_holds_more_than_two_generations() {
        let mut timing = Timing::new(&Settings::default());
        for number in 0..20_000_u32 {
            timing.sample(IpAddr::V4(number.into()), ms(300));
        }
        assert!(timing.recent.len() + timing.older.len() <= 2 * GENERATION);
        assert_eq!(timing.timeout(IpAddr::V4(19_999.into()), 1), ms(900));
    }
}
