//! Who is waiting, so that nobody takes all the room.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use shared::limit::Subject;

/// How many of each address there are. Clones share the counts.
#[derive(Clone, Debug, Default)]
pub(super) struct Crowd(Arc<Mutex<HashMap<Subject, usize>>>);

/// Room that is taken until this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    crowd: Crowd,
    subject: Subject,
}

impl Crowd {
    /// Takes room for one, unless there are `most` of this address already.
    pub(super) fn enter(&self, subject: Subject, most: usize) -> Option<Place> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(subject).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Place { crowd: self.clone(), subject })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.crowd.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(count) = counts.get_mut(&self.subject) else { return };
        *count -= 1;
        if *count == 0 {
            counts.remove(&self.subject);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    #[test]
    fn each_address_has_its_room_and_gives_it_back() {
        let crowd = Crowd::default();
        let enter = |address: [u8; 4]| crowd.enter(IpAddr::from(address).into(), 2);
        let (one, two) = (enter([127, 0, 0, 1]).unwrap(), enter([127, 0, 0, 1]).unwrap());
        assert!(enter([127, 0, 0, 1]).is_none());
        let other = enter([127, 0, 0, 2]).unwrap();
        drop(one);
        let again = enter([127, 0, 0, 1]).unwrap();
        drop((two, other, again));
        assert!(crowd.0.lock().unwrap().is_empty(), "nobody is remembered who is not there");
    }
}
