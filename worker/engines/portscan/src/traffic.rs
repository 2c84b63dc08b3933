use std::{
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{paths::Paths, settings::Settings, slots::Flight};

/// What the workers of a scan learn together about the ways to its targets.
#[derive(Debug)]
pub(crate) struct Traffic {
    paths: Mutex<Paths>,
    tries: u32,
    most_tries: u32,
}

impl Traffic {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            paths: Mutex::new(Paths::new(settings)),
            tries: settings.tries.max(1),
            most_tries: settings.most_tries,
        }
    }

    /// Learns from an answer that came `trip` after the attempt was made.
    pub(crate) fn answered(&self, flight: &Flight, trip: Duration) {
        let known = flight.is_fresh().then_some(trip);
        self.paths().answered(flight.probe.address.ip(), flight.attempt, known);
    }

    /// How long to wait for an answer to the flight's attempt.
    pub(crate) fn timeout(&self, flight: &Flight) -> Duration {
        self.paths().timeout(flight.probe.address.ip(), flight.attempt)
    }

    /// The attempts after which silence is believed.
    pub(crate) fn tries(&self, address: IpAddr) -> u32 {
        self.paths().tries(address, self.tries, self.most_tries)
    }

    fn paths(&self) -> MutexGuard<'_, Paths> {
        self.paths.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
