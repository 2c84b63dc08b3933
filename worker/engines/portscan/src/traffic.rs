use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{
    paths::Paths,
    settings::Settings,
    slots::Flight,
    throttle::{Grant, Throttle, patience},
};

/// What the workers of a scan learn together about the ways to its targets, and how fast that lets them go.
#[derive(Debug)]
pub(crate) struct Traffic {
    state: Mutex<State>,
    tries: u32,
    most_tries: u32,
}

#[derive(Debug)]
struct State {
    paths: Paths,
    throttle: Throttle,
}

/// Attempts that were made too fast and are not counted, at most.
const FLOODS: u32 = 4;

impl Traffic {
    pub(crate) fn new(settings: &Settings) -> Self {
        let tries = settings.tries.max(1);
        let state = State { paths: Paths::new(settings), throttle: Throttle::new(settings) };
        Self { state: Mutex::new(state), tries, most_tries: settings.most_tries.max(tries) }
    }

    /// Gives leave to send up to `wanted` packets.
    pub(crate) fn grant(&self, now: Duration, wanted: usize) -> Grant {
        self.state().throttle.grant(now, wanted)
    }

    /// Counts what was made of a grant: `first` attempts that were the first of their probe, and packets `left`.
    pub(crate) fn sent(&self, grant: Grant, first: u32, left: usize, now: Duration) {
        let mut state = self.state();
        state.throttle.sent(grant.sample, first, now);
        state.throttle.give_back(left);
    }

    /// Learns from an answer that came `trip` after the attempt was made, at `now`.
    pub(crate) fn answered(&self, flight: &Flight, trip: Duration, now: Duration) {
        let address = flight.probe.address.ip();
        let mut state = self.state();
        let best = state.paths.best(address);
        let known = if flight.is_fresh() { Some(trip) } else { late_trip(flight, trip, now, best) };
        state.paths.answered(address, flight.attempt, known);
        let Some(known) = known else { return };
        let best = state.throttle.at_best(best.map_or(known, |best| best.min(known)));
        if known > patience(best) {
            state.throttle.answered_late(known);
        } else if flight.is_fresh() {
            state.throttle.answered(flight.sample, best);
        }
    }

    /// Sets until when an answer to the flight's attempt is waited for.
    pub(crate) fn time(&self, flight: &mut Flight) {
        self.time_by(&self.state(), flight);
    }

    /// Sets the deadlines anew that were set blindly, of those flights whose addresses have answered since. Otherwise what
    /// is lost at the very start would be waited for longest, and the scan ends with its last probe. `known` is what
    /// this gave the last time: while it is the same, nobody else has answered.
    pub(crate) fn time_again<'a>(
        &self,
        flights: impl Iterator<Item = &'a mut Flight>,
        known: usize,
    ) -> usize {
        let state = self.state();
        let now_known = state.paths.met();
        if now_known != known {
            flights.filter(|flight| flight.is_timed_blindly).for_each(|flight| self.time_by(&state, flight));
        }
        now_known
    }

    /// Takes note that an attempt was silent.
    pub(crate) fn silent(&self, flight: &mut Flight) {
        if flight.floods < FLOODS && self.state().throttle.was_flooded(flight.started) {
            flight.floods += 1;
        }
    }

    /// Whether a flight was silent so often that it is believed.
    pub(crate) fn is_believed(&self, flight: &Flight) -> bool {
        self.is_last(&self.state(), flight)
    }

    fn time_by(&self, state: &State, flight: &mut Flight) {
        state.paths.time(flight, self.is_last(state, flight));
    }

    /// Whether a flight is at its last attempt, as far as is known.
    fn is_last(&self, state: &State, flight: &Flight) -> bool {
        let address = flight.probe.address.ip();
        let tries = state.paths.tries(address, self.tries, self.most_tries);
        flight.attempt >= (tries + flight.floods).min(self.most_tries)
    }

    /// Whether the scan had to wait for its budgets for long.
    pub(crate) fn starved(&self) -> bool {
        self.state().throttle.starved
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time that the answer to a later attempt took, at least, where that is known: sooner than any answer came before, it
/// is the answer to the first of two attempts; later than that, it is late whichever it answers. Anything else may
/// be either.
fn late_trip(flight: &Flight, trip: Duration, now: Duration, best: Option<Duration>) -> Option<Duration> {
    let best = best.filter(|_| flight.attempt > 1 && !trip.is_zero())?;
    if trip < best {
        (flight.attempt == 2).then(|| now.saturating_sub(flight.begun))
    } else {
        (trip > patience(best)).then_some(trip)
    }
}
