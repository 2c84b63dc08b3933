use std::time::Duration;

use crate::probe::{Probe, State};

/// A probe under way.
#[derive(Debug)]
pub(crate) struct Flight {
    pub(crate) probe: Probe,
    /// Its line in the ledger.
    pub(crate) line: u64,
    /// The attempt it is at, from 1.
    pub(crate) attempt: u32,
    /// Silent attempts that say little, as they were made too fast.
    pub(crate) floods: u32,
    /// Attempts that came to nothing and did not count.
    pub(crate) voids: u32,
    /// It was connected, perhaps to ourselves.
    pub(crate) doubted: bool,
    /// The sample that its first attempt is part of.
    pub(crate) sample: u32,
    /// When the first attempt was made.
    pub(crate) begun: Duration,
    pub(crate) started: Duration,
    pub(crate) deadline: Duration,
    /// The deadline was set before anything was known of the way to its address.
    pub(crate) is_timed_blindly: bool,
}

impl Flight {
    pub(crate) fn new(probe: Probe, line: u64) -> Self {
        Self {
            probe,
            line,
            attempt: 1,
            floods: 0,
            voids: 0,
            doubted: false,
            sample: 0,
            begun: Duration::ZERO,
            started: Duration::ZERO,
            deadline: Duration::ZERO,
            is_timed_blindly: false,
        }
    }

    /// Whether an answer now can only be the answer to the one attempt there was.
    pub(crate) fn is_fresh(&self) -> bool {
        self.attempt == 1 && self.voids == 0 && !self.doubted
    }

    /// What the port is if no more is heard. A port that connected and was doubted is open unless refused: had it met
    /// one of our own connections, another attempt would be refused at once.
    pub(crate) fn state_if_silent(&self) -> State {
        if self.doubted { State::Open } else { State::Filtered }
    }
}

/// Who sits in which slot, and which slots are idle.
///
/// Idle slots are kept by address family, as a pooled socket serves one, and the last one used is used first: where
/// answers are immediate, a whole scan goes through one socket.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    flights: Vec<Option<Flight>>,
    idle_v4: Vec<usize>,
    idle_v6: Vec<usize>,
}

impl Slots {
    /// Takes an idle slot, a new one only while there are fewer than `most`.
    pub(crate) fn take(&mut self, v6: bool, most: usize) -> usize {
        let (own, other) =
            if v6 { (&mut self.idle_v6, &mut self.idle_v4) } else { (&mut self.idle_v4, &mut self.idle_v6) };
        if let Some(slot) = own.pop() {
            return slot;
        }
        if self.flights.len() >= most
            && let Some(slot) = other.pop()
        {
            return slot;
        }
        self.flights.push(None);
        self.flights.len() - 1
    }

    pub(crate) fn give_back(&mut self, slot: usize, v6: bool) {
        if v6 { self.idle_v6.push(slot) } else { self.idle_v4.push(slot) }
    }

    pub(crate) fn occupy(&mut self, slot: usize, flight: Flight) {
        if let Some(place) = self.flights.get_mut(slot) {
            *place = Some(flight);
        }
    }

    /// Takes the flight out; the slot stays taken until it is given back.
    pub(crate) fn vacate(&mut self, slot: usize) -> Option<Flight> {
        self.flights.get_mut(slot).and_then(Option::take)
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.flights.len() - self.idle_v4.len() - self.idle_v6.len()
    }

    pub(crate) fn idle(&self) -> impl Iterator<Item = usize> {
        self.idle_v4.iter().chain(&self.idle_v6).copied()
    }

    pub(crate) fn flights_mut(&mut self) -> impl Iterator<Item = &mut Flight> {
        self.flights.iter_mut().flatten()
    }

    pub(crate) fn late(&self, now: Duration) -> impl Iterator<Item = usize> {
        let late = move |flight: &Flight| flight.deadline <= now;
        self.flights
            .iter()
            .enumerate()
            .filter(move |(_, flight)| flight.as_ref().is_some_and(late))
            .map(|(slot, _)| slot)
    }
}
