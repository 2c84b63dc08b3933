//! Datagrams and ICMP errors in any order with what is asked and given up; for the fuzzer and the tests.

use std::net::{Ipv4Addr, SocketAddr};

use super::{
    heard::{Heard, Told},
    payload::TFTP,
};
use crate::{
    waiting::{Peer, Waiting},
    wire::Reply,
};

const SLOTS: usize = 16;

/// What each slot waits for.
type Asked = [Option<Peer>; SLOTS];

/// Plays any input, and sees that only a datagram opens a port, only one that waits for it, and each once.
///
/// Shape: steps of eight bytes. The first says what happens, the second to which of the slots or addresses, two are a
/// port, three the origin, type and code of an error, of which the last two are the start of a datagram.
pub(crate) fn play(input: &[u8]) {
    let (mut waiting, mut asked) = (Waiting::default(), [None; SLOTS]);
    for step in input.chunks_exact(8) {
        take(step, &mut waiting, &mut asked);
    }
}

fn take(step: &[u8], waiting: &mut Waiting, asked: &mut Asked) {
    let slot = usize::from(step[1]) % SLOTS;
    let port = u16::from_be_bytes([step[2], step[3]]);
    let from = SocketAddr::from((Ipv4Addr::new(198, 18, 0, step[1] % 4), port));
    match step[0] % 4 {
        0 if asked[slot].is_none() => {
            asked[slot] = Some((from.ip(), port));
            waiting.add(slot, (from.ip(), port));
        }
        0 | 1 => {
            assert_eq!(waiting.remove(slot), asked[slot].take());
        }
        2 => hear(Heard { from, told: Told::datagram(&step[5..7]) }, waiting, asked),
        _ => {
            if let Some(told) = Told::error(step[4], step[5], step[6]) {
                hear(Heard { from, told }, waiting, asked);
            }
        }
    }
}

fn hear(heard: Heard, waiting: &mut Waiting, asked: &mut Asked) {
    let is_datagram = matches!(heard.told, Told::Answer { .. });
    let (reply, peer) = heard.reply(waiting);
    let itself = (heard.from.ip(), heard.from.port());
    assert!(peer == itself || is_datagram && peer == (heard.from.ip(), TFTP));
    assert_eq!(reply == Reply::Open, is_datagram);
    let mut ready = Vec::new();
    waiting.answer(peer, reply, &mut ready);
    for (slot, asked) in asked.iter_mut().enumerate() {
        let is_answered = *asked == Some(peer);
        assert_eq!(ready.iter().filter(|answered| **answered == slot).count(), usize::from(is_answered));
        assert_eq!(waiting.take(slot), is_answered.then_some(reply));
        if is_answered {
            *asked = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::{collection::vec, prelude::*};

    use super::*;

    #[test]
    fn the_seeds_of_the_fuzzer_are_played() {
        let seeds = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds/datagram"));
        let seeds: Vec<_> = seeds.expect("the folder is there").collect();
        assert!(!seeds.is_empty());
        for seed in seeds {
            play(&fs::read(seed.expect("it is readable").path()).expect("it is readable"));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// With few ports, so that answers meet questions.
        #[test]
        fn anything_is_played(steps in vec((any::<[u8; 2]>(), 68..71_u16, any::<[u8; 3]>()), 0..200)) {
            let bytes = |([what, place], port, [origin, kind, code]): ([u8; 2], u16, [u8; 3])| {
                let [high, low] = port.to_be_bytes();
                [what, place, high, low, 2 + origin % 2, kind % 4, code % 6, 0]
            };
            let input: Vec<u8> = steps.into_iter().flat_map(bytes).collect();
            play(&input);
        }
    }
}
