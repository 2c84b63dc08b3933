//! How many streams are open, so that nobody takes all the room.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use shared::{identity::Principal, limit::Subject, settings::Streams};

/// The streams of this process. Clones share the counts.
#[derive(Clone, Debug)]
pub(crate) struct Seats {
    most: Streams,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    in_all: usize,
    of: HashMap<Subject, usize>,
}

/// Room that one stream takes until this is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    seats: Seats,
    subjects: [Subject; 3],
}

/// Whose streams are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crowd {
    /// Those of a key.
    Key,
    /// Those of an address.
    Address,
    /// Those of an organization.
    Organization,
    /// All of the process.
    Server,
}

/// There is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full {
    /// Whose streams are too many.
    pub(crate) of: Crowd,
    /// How many there may be.
    pub(crate) most: usize,
}

impl Seats {
    pub(crate) fn new(most: Streams) -> Self {
        Self { most, taken: Arc::default() }
    }

    /// Takes room for one more stream of this caller.
    pub(crate) fn take(&self, principal: &Principal) -> Result<Seat, Full> {
        let subjects = [principal.key.into(), principal.address.into(), principal.organization.into()];
        let Streams { in_all, of_a_key, of_an_address, of_an_organization, .. } = self.most;
        let crowds = [
            (Crowd::Key, of_a_key),
            (Crowd::Address, of_an_address),
            (Crowd::Organization, of_an_organization),
        ];
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        for (subject, (of, most)) in subjects.iter().zip(crowds) {
            if taken.of.get(subject).is_some_and(|count| *count >= most) {
                return Err(Full { of, most });
            }
        }
        if taken.in_all >= in_all {
            return Err(Full { of: Crowd::Server, most: in_all });
        }
        taken.in_all += 1;
        for subject in subjects {
            *taken.of.entry(subject).or_default() += 1;
        }
        Ok(Seat { seats: self.clone(), subjects })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.in_all -= 1;
        for subject in self.subjects {
            let Some(count) = taken.of.get_mut(&subject) else { continue };
            *count -= 1;
            if *count == 0 {
                taken.of.remove(&subject);
            }
        }
    }
}
