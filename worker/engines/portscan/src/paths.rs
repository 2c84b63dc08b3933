use std::{collections::HashMap, mem, net::IpAddr, time::Duration};

use crate::{loss::Loss, settings::Settings, slots::Flight};

/// What is known of the way to each address: how long an answer takes, smoothed as TCP does it (RFC 6298), and how much
/// gets lost.
///
/// Memory is bounded: addresses live in two generations of 2048, and the older one is forgotten as a whole.
#[derive(Debug)]
pub(crate) struct Paths {
    first: Duration,
    shortest: Duration,
    longest: Duration,
    recent: HashMap<IpAddr, Path>,
    older: HashMap<IpAddr, Path>,
    /// Of all addresses together.
    loss: Loss,
    /// How often the trip to an address became known.
    met: usize,
}

const GENERATION: usize = 2048;

#[derive(Debug, Clone, Default)]
struct Path {
    trip: Option<Trip>,
    loss: Loss,
}

#[derive(Debug, Clone, Copy)]
struct Trip {
    smoothed: Duration,
    variation: Duration,
    best: Duration,
}

impl Trip {
    fn first(sample: Duration) -> Self {
        Self { smoothed: sample, variation: sample / 2, best: sample }
    }

    fn update(self, sample: Duration) -> Self {
        let error = self.smoothed.abs_diff(sample);
        Self {
            smoothed: (self.smoothed * 7 + sample) / 8,
            variation: (self.variation * 3 + error) / 4,
            best: self.best.min(sample),
        }
    }
}

impl Paths {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            first: settings.first_timeout,
            shortest: settings.min_timeout,
            longest: settings.max_timeout,
            recent: HashMap::new(),
            older: HashMap::new(),
            loss: Loss::default(),
            met: 0,
        }
    }

    /// Learns from an answer to an attempt, counted from 1. `trip` is the time it took, where that is known.
    pub(crate) fn answered(&mut self, address: IpAddr, attempt: u32, trip: Option<Duration>) {
        self.loss.learn(attempt);
        let path = self.path(address);
        path.loss.learn(attempt);
        let Some(sample) = trip else { return };
        let before = path.trip.replace(path.trip.map_or(Trip::first(sample), |known| known.update(sample)));
        self.met += usize::from(before.is_none());
    }

    /// The shortest trip so far.
    pub(crate) fn best(&self, address: IpAddr) -> Option<Duration> {
        self.known(address).and_then(|path| path.trip).map(|trip| trip.best)
    }

    /// How many addresses have answered so soon that the trip is known, some of them perhaps forgotten and counted again.
    pub(crate) fn met(&self) -> usize {
        self.met
    }

    /// Sets the deadline of a flight that was started; `is_last` where it is believed if nothing comes.
    ///
    /// Each attempt doubles the wait. Where the trip is known, the second one does not yet: what keeps an answer then is
    /// more likely a lost packet than a slow one, and a scan ends with those that lost two. The last one is
    /// waited for as long as if all had doubled, so that a host that pauses is not missed.
    pub(crate) fn time(&self, flight: &mut Flight, is_last: bool) {
        let address = flight.probe.address.ip();
        let trip = self.known(address).and_then(|path| path.trip);
        flight.is_timed_blindly = trip.is_none();
        let doublings = match flight.attempt.saturating_sub(1) {
            earlier if is_last || trip.is_none() => earlier,
            earlier => earlier.saturating_sub(1),
        };
        let base = trip.map_or(self.first, |trip| trip.smoothed + trip.variation * 4).max(self.shortest);
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        flight.deadline = flight.started + base.saturating_mul(factor).min(self.longest);
    }

    /// The attempts that silence from an address takes to mean anything, between `least` and `most`. An address that
    /// has not answered often is judged by what all of them lose.
    pub(crate) fn tries(&self, address: IpAddr, least: u32, most: u32) -> u32 {
        let own = self.known(address).map(|path| &path.loss).filter(|loss| loss.is_known());
        own.unwrap_or(&self.loss).tries(least, most)
    }

    fn known(&self, address: IpAddr) -> Option<&Path> {
        self.recent.get(&address).or_else(|| self.older.get(&address))
    }

    fn path(&mut self, address: IpAddr) -> &mut Path {
        if self.recent.len() >= GENERATION && !self.recent.contains_key(&address) {
            self.older = mem::take(&mut self.recent);
        }
        let older = &mut self.older;
        self.recent.entry(address).or_insert_with(|| older.remove(&address).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::Probe;

    const HOST: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn wait(paths: &Paths, address: IpAddr, attempt: u32) -> Duration {
        let mut flight = at(address, attempt);
        paths.time(&mut flight, false);
        flight.deadline
    }

    fn last_wait(paths: &Paths, attempt: u32) -> Duration {
        let mut flight = at(HOST, attempt);
        paths.time(&mut flight, true);
        flight.deadline
    }

    fn at(address: IpAddr, attempt: u32) -> Flight {
        Flight { attempt, ..Flight::new(Probe { number: 0, address: (address, 1).into() }, 0) }
    }

    fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn an_unknown_address_gets_the_first_timeout_doubled_and_capped() {
        let paths = Paths::new(&Settings::default());
        let waits: Vec<Duration> = (1..=4).map(|attempt| wait(&paths, HOST, attempt)).collect();
        assert_eq!(waits, [ms(500), ms(1000), ms(1000), ms(1000)]);
        assert_eq!(wait(&paths, HOST, 100), ms(1000));
    }

    #[test]
    fn a_known_address_gets_its_own() {
        let mut paths = Paths::new(&Settings::default());
        paths.answered(HOST, 1, Some(ms(80)));
        assert_eq!(wait(&paths, HOST, 1), ms(240));
        for _ in 0..50 {
            paths.answered(HOST, 1, Some(ms(80)));
        }
        let waits: Vec<Duration> = (1..=4).map(|attempt| wait(&paths, HOST, attempt)).collect();
        assert_eq!(waits, [ms(100), ms(100), ms(200), ms(400)]);
        let last: Vec<Duration> = (1..=4).map(|attempt| last_wait(&paths, attempt)).collect();
        assert_eq!(last, [ms(100), ms(200), ms(400), ms(800)]);
    }

    #[test]
    fn it_never_holds_more_than_two_generations() {
        let mut paths = Paths::new(&Settings::default());
        for number in 0..20_000_u32 {
            paths.answered(IpAddr::V4(number.into()), 1, Some(ms(300)));
        }
        assert!(paths.recent.len() + paths.older.len() <= 2 * GENERATION);
        assert_eq!(wait(&paths, IpAddr::V4(19_999.into()), 1), ms(900));
    }

    #[test]
    fn an_address_is_judged_by_its_own_losses_once_it_has_answered_often() {
        const LOSSY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 2));
        let mut paths = Paths::new(&Settings::default());
        for attempt in [1, 2].repeat(200) {
            paths.answered(LOSSY, attempt, None);
        }
        assert_eq!((paths.tries(LOSSY, 2, 20), paths.tries(HOST, 2, 20)), (14, 14));
        for _ in 0..400 {
            paths.answered(HOST, 1, None);
        }
        assert_eq!((paths.tries(LOSSY, 2, 20), paths.tries(HOST, 2, 20)), (14, 2));
    }
}
