//! Whatever datagrams and ICMP errors come, in whatever order with what is asked and given up: see `play`.
#![no_main]

#[path = "../../src/event.rs"]
#[allow(dead_code, reason = "only the words of a reply are needed here")]
mod event;
#[path = "../../src/udp/heard.rs"]
mod heard;
#[path = "../../src/udp/payload.rs"]
#[allow(dead_code, reason = "only the port of a file server is needed here")]
mod payload;
#[path = "../../src/udp/play.rs"]
mod play;
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

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| play::play(input));
