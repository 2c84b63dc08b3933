//! Whatever packet comes, it is read or refused; an answer without a port of ours is an echo reply, which is for no port,
//! and only an open port's answer has a shape.
#![no_main]

#[path = "../../src/raw/answer.rs"]
mod answer;
#[path = "../../src/raw/packet.rs"]
#[expect(dead_code, reason = "only its numbers of protocols are needed here")]
mod packet;
#[path = "../../src/shape.rs"]
mod shape;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|packet: &[u8]| {
    if let Some(answer) = answer::read(packet) {
        let is_echo = answer.own_port.is_none();
        assert!(!is_echo || answer.peer.1 == 0);
        assert!(!is_echo || answer.verdict == answer::Verdict::Open);
        assert!(answer.shape.is_none() || !is_echo && answer.verdict == answer::Verdict::Open);
        let _system = answer.shape.and_then(|shape| shape.system());
    }
});
