//! Whatever datagrams and ICMP errors come, in whatever order with what is asked and given up: only a datagram opens a port,
//! only one that waits for it, and each once.
//!
//! Shape of the input: steps of eight bytes. The first says what happens, the second to which of the slots or addresses,
//! two are a port, three the origin, type and code of an error, of which the last two are the start of a datagram.
#![no_main]

#[path = "../../src/event.rs"]
#[allow(dead_code, reason = "only the words of a reply are needed here")]
mod event;
#[path = "../../src/udp/heard.rs"]
mod heard;
#[path = "../../src/udp/payload.rs"]
#[allow(dead_code, reason = "only the port of a file server is needed here")]
mod payload;
#[path = "../../src/probe.rs"]
#[allow(dead_code, reason = "named by an event")]
mod probe;
#[path = "../../src/shape.rs"]
#[allow(dead_code, reason = "named by an event")]
mod shape;
#[path = "../../src/udp/transfer.rs"]
mod transfer;
#[path = "../../src/waiting.rs"]
#[allow(dead_code, reason = "only what datagrams need of it is needed here")]
mod waiting;
#[path = "../../src/wire.rs"]
#[allow(dead_code, reason = "only its replies are needed here")]
mod wire;

use std::net::{Ipv4Addr, SocketAddr};

use heard::{Heard, Told};
use libfuzzer_sys::fuzz_target;
use payload::TFTP;
use waiting::{Peer, Waiting};
use wire::Reply;

const SLOTS: usize = 16;

/// What each slot waits for.
type Asked = [Option<Peer>; SLOTS];

fuzz_target!(|input: &[u8]| {
    let (mut waiting, mut asked) = (Waiting::default(), [None; SLOTS]);
    for step in input.chunks_exact(8) {
        take(step, &mut waiting, &mut asked);
    }
});

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
    for slot in 0..SLOTS {
        let is_answered = asked[slot] == Some(peer);
        assert_eq!(ready.iter().filter(|answered| **answered == slot).count(), usize::from(is_answered));
        assert_eq!(waiting.take(slot), is_answered.then_some(reply));
        if is_answered {
            asked[slot] = None;
        }
    }
}
