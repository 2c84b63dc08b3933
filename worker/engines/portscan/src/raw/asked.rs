use std::{
    hash::{BuildHasher, RandomState},
    net::SocketAddr,
};

use super::{
    answer::{Answer, Verdict},
    packet::Kind,
};
use crate::{
    shape::Shape,
    waiting::{Peer, Waiting},
    wire::Reply,
};

/// Who was sent which number, and what they answered.
///
/// An answer counts only if it repeats the number that its sender was sent, and while somebody waits for it. So nobody who
/// does not see the probes has a word in the result, and what was never asked for takes up no memory.
pub(super) struct Asked {
    kind: Kind,
    key: RandomState,
    pub(super) waiting: Waiting,
    /// What the open ports' answers looked like that nobody has fetched yet.
    pub(super) shapes: Vec<(SocketAddr, Shape)>,
}

impl Asked {
    pub(super) fn new(kind: Kind) -> Self {
        Self { kind, key: RandomState::new(), waiting: Waiting::default(), shapes: Vec::new() }
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// The number in the probes of an address and port: a keyed hash of them.
    pub(super) fn number(&self, peer: Peer) -> u32 {
        u32::try_from(self.key.hash_one(peer) >> 32).unwrap_or_default()
    }

    /// Gives an answer to those who wait for it, and adds them to `ready`.
    pub(super) fn take(&mut self, answer: Answer, ready: &mut Vec<usize>) {
        if answer.number != self.number(answer.peer) {
            return;
        }
        let Some(reply) = reply_of(self.kind, answer.verdict) else { return };
        let before = ready.len();
        self.waiting.answer(answer.peer, reply, ready);
        if let Some(shape) = answer.shape.filter(|_| ready.len() > before) {
            self.shapes.push((answer.peer.into(), shape));
        }
    }
}

/// What an answer means to a kind of probe; `None` for what is no answer to it.
fn reply_of(kind: Kind, verdict: Verdict) -> Option<Reply> {
    match (kind, verdict) {
        (Kind::Syn | Kind::Echo, Verdict::Open) => Some(Reply::Open),
        (Kind::Fin | Kind::Null | Kind::Xmas, Verdict::Open) => None,
        (_, Verdict::Closed) => Some(Reply::Refused),
        (_, Verdict::Unreachable) => Some(Reply::Unreachable),
    }
}

#[cfg(test)]
mod tests;
