use std::{collections::HashMap, hash::RandomState, net::IpAddr};

use crate::wire::Reply;

/// Who waits for an answer from where.
///
/// A plan may name an address and port more than once: those who wait for the same answer form a chain.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    slots: Vec<Option<Place>>,
    /// The newest of each chain.
    newest: HashMap<Peer, usize, RandomState>,
}

pub(crate) type Peer = (IpAddr, u16);

#[derive(Debug)]
struct Place {
    peer: Peer,
    reply: Option<Reply>,
    older: Option<usize>,
}

impl Waiting {
    pub(crate) fn add(&mut self, slot: usize, peer: Peer) {
        if self.slots.len() <= slot {
            self.slots.resize_with(slot + 1, || None);
        }
        if let Some(place) = self.slots.get_mut(slot) {
            let older = self.newest.insert(peer, slot);
            *place = Some(Place { peer, reply: None, older });
        }
    }

    /// Gives an answer to all who wait for it, and adds them to `ready`.
    pub(crate) fn answer(&mut self, peer: Peer, reply: Reply, ready: &mut Vec<usize>) {
        let mut next = self.newest.remove(&peer);
        while let Some(slot) = next {
            let place = self.slots.get_mut(slot).and_then(Option::as_mut);
            next = place.and_then(|place| {
                place.reply = Some(reply);
                place.older.take()
            });
            ready.push(slot);
        }
    }

    /// Gives one slot alone its answer.
    pub(crate) fn answer_one(&mut self, slot: usize, reply: Reply) {
        self.unlink(slot);
        if let Some(Some(place)) = self.slots.get_mut(slot) {
            place.reply = Some(reply);
        }
    }

    /// Takes the answer of a slot, which is idle then; `None` while there is none.
    pub(crate) fn take(&mut self, slot: usize) -> Option<Reply> {
        let place = self.slots.get_mut(slot)?;
        let reply = place.as_ref()?.reply?;
        *place = None;
        Some(reply)
    }

    /// Lets a slot wait no longer; gives what it waited for.
    pub(crate) fn remove(&mut self, slot: usize) -> Option<Peer> {
        self.unlink(slot);
        self.slots.get_mut(slot)?.take().map(|place| place.peer)
    }

    /// Whether an answer from there is waited for.
    pub(crate) fn has(&self, peer: Peer) -> bool {
        self.newest.contains_key(&peer)
    }

    fn unlink(&mut self, slot: usize) {
        let Some(Place { peer, reply: None, older }) = self.slots.get_mut(slot).and_then(Option::as_mut)
        else {
            return;
        };
        let (peer, older) = (*peer, older.take());
        let Some(newest) = self.newest.get(&peer).copied() else { return };
        if newest == slot {
            match older {
                Some(older) => self.newest.insert(peer, older),
                None => self.newest.remove(&peer),
            };
            return;
        }
        let mut newer = newest;
        while let Some(Some(place)) = self.slots.get_mut(newer) {
            match place.older {
                Some(next) if next != slot => newer = next,
                _ => {
                    place.older = older;
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: Peer = (IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 1);

    #[test]
    fn an_answer_is_for_all_who_wait_and_still_do() {
        for gone in 0..4 {
            let mut waiting = Waiting::default();
            (0..4).for_each(|slot| waiting.add(slot, PEER));
            waiting.remove(gone);
            let mut ready = Vec::new();
            waiting.answer(PEER, Reply::Open, &mut ready);
            ready.sort_unstable();
            let others: Vec<usize> = (0..4).filter(|slot| *slot != gone).collect();
            assert_eq!(ready, others);
            assert!(ready.iter().all(|slot| waiting.take(*slot) == Some(Reply::Open)));
            assert_eq!((waiting.take(gone), waiting.newest.len()), (None, 0));
        }
    }

    #[test]
    fn a_slot_answered_alone_is_out_of_the_chain() {
        let mut waiting = Waiting::default();
        (0..3).for_each(|slot| waiting.add(slot, PEER));
        waiting.answer_one(1, Reply::Unreachable);
        assert_eq!((waiting.take(1), waiting.take(0)), (Some(Reply::Unreachable), None));
        let mut ready = Vec::new();
        waiting.answer(PEER, Reply::Refused, &mut ready);
        assert_eq!(ready, [2, 0]);
    }
}
