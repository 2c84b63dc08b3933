//! What strangers may send: answers that nobody asked for, or that repeat another number than they were sent.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::{collection::vec, prelude::*};

use super::*;
use crate::raw::{answer, packet};

const SYN_ACK: u8 = 0x12;
const RST_ACK: u8 = 0x14;
const OWN: u16 = 40_000;
/// Asked on every address.
const PORTS: [u16; 3] = [22, 80, 443];

fn peers() -> impl Iterator<Item = Peer> {
    let addresses = [
        IpAddr::V4(Ipv4Addr::new(198, 18, 0, 2)),
        IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2)),
    ];
    addresses.into_iter().flat_map(|address| PORTS.map(|port| (address, port)))
}

fn own(peer: Peer) -> SocketAddr {
    if peer.0.is_ipv4() { ([198, 18, 0, 1], OWN).into() } else { (Ipv6Addr::LOCALHOST, OWN).into() }
}

/// All peers are asked, each by a slot.
fn asked(kind: Kind) -> Asked {
    let mut asked = Asked::new(kind);
    peers().enumerate().for_each(|(slot, peer)| asked.waiting.add(slot, peer));
    asked
}

fn header_length(packet: &[u8]) -> usize {
    if packet[0] >> 4 == 4 { 20 } else { 40 }
}

/// A segment from a peer with these flags that acknowledges a number.
fn segment(peer: Peer, flags: u8, acknowledged: u32) -> Vec<u8> {
    let mut packet = packet::probe(Kind::Syn, peer.into(), own(peer), 1).to_vec();
    let header = header_length(&packet);
    packet[header + 8..header + 12].copy_from_slice(&acknowledged.to_be_bytes());
    packet[header + 13] = flags;
    packet
}

/// An ICMP error that quotes a probe with a number.
fn error(peer: Peer, number: u32) -> Vec<u8> {
    let quoted = packet::probe(Kind::Syn, own(peer), peer.into(), number).to_vec();
    let mut packet = packet::probe(Kind::Echo, peer.into(), own(peer), 0).to_vec();
    let header = header_length(&packet);
    packet.truncate(header + 8);
    packet[header] = if peer.0.is_ipv4() { 3 } else { 1 };
    packet.extend(quoted);
    packet
}

/// Hands a packet in; gives the slots that have an answer then.
fn hear(asked: &mut Asked, packet: &[u8]) -> Vec<usize> {
    let mut ready = Vec::new();
    if let Some(answer) = answer::read(packet) {
        asked.take(answer, &mut ready);
    }
    ready
}

fn replies(asked: &mut Asked) -> Vec<Option<Reply>> {
    (0..peers().count()).map(|slot| asked.waiting.take(slot)).collect()
}

/// What whoever was sent the probe says counts, so the packets below are of the right form.
#[test]
fn who_repeats_the_number_is_believed() {
    for (slot, peer) in peers().enumerate() {
        let mut asked = asked(Kind::Syn);
        let number = asked.number(peer);
        let packets = [
            (segment(peer, SYN_ACK, number.wrapping_add(1)), Reply::Open),
            (segment(peer, RST_ACK, number.wrapping_add(1)), Reply::Refused),
            (error(peer, number), Reply::Unreachable),
        ];
        for (packet, reply) in packets {
            assert_eq!((hear(&mut asked, &packet), asked.waiting.take(slot)), (vec![slot], Some(reply)));
            asked.waiting.add(slot, peer);
        }
    }
}

#[test]
fn of_a_storm_of_answers_the_first_counts_and_nothing_is_kept_of_the_rest() {
    for (slot, peer) in peers().enumerate() {
        let mut asked = asked(Kind::Syn);
        let acknowledged = asked.number(peer).wrapping_add(1);
        assert_eq!(hear(&mut asked, &segment(peer, SYN_ACK, acknowledged)), [slot]);
        for flags in [SYN_ACK, RST_ACK].repeat(1000) {
            assert!(hear(&mut asked, &segment(peer, flags, acknowledged)).is_empty());
        }
        assert!(hear(&mut asked, &error(peer, acknowledged.wrapping_sub(1))).is_empty());
        assert_eq!((asked.waiting.take(slot), asked.shapes.len()), (Some(Reply::Open), 1));
    }
}

#[test]
fn an_open_port_is_found_in_a_flood_of_resets() {
    let mut asked = asked(Kind::Syn);
    for (slot, peer) in peers().enumerate() {
        let number = asked.number(peer);
        for distance in 2..2000 {
            assert!(hear(&mut asked, &segment(peer, RST_ACK, number.wrapping_add(distance))).is_empty());
        }
        assert_eq!(hear(&mut asked, &segment(peer, SYN_ACK, number.wrapping_add(1))), [slot]);
    }
    assert_eq!(replies(&mut asked), [Some(Reply::Open); 6]);
}

#[test]
fn a_port_that_was_given_up_is_not_opened_by_a_late_answer() {
    let mut asked = asked(Kind::Syn);
    for (slot, peer) in peers().enumerate() {
        asked.waiting.remove(slot);
        let number = asked.number(peer);
        assert!(hear(&mut asked, &segment(peer, SYN_ACK, number.wrapping_add(1))).is_empty());
    }
    assert_eq!((replies(&mut asked), asked.shapes), (vec![None; 6], Vec::new()));
}

#[test]
fn an_answer_to_a_syn_opens_nothing_for_the_other_kinds() {
    for kind in [Kind::Fin, Kind::Null, Kind::Xmas] {
        let mut asked = asked(kind);
        for peer in peers() {
            let number = asked.number(peer);
            assert!(hear(&mut asked, &segment(peer, SYN_ACK, number.wrapping_add(1))).is_empty());
        }
        assert_eq!(replies(&mut asked), [None; 6]);
    }
}

#[derive(Debug, Clone, Copy)]
enum Lie {
    Segment { flags: u8 },
    Error,
}

fn lie() -> impl Strategy<Value = (Lie, usize, Option<u16>, u32)> {
    let what = prop_oneof![
        Just(Lie::Segment { flags: SYN_ACK }),
        Just(Lie::Segment { flags: RST_ACK }),
        any::<u8>().prop_map(|flags| Lie::Segment { flags }),
        Just(Lie::Error),
    ];
    (what, 0..6_usize, any::<Option<u16>>(), any::<u32>())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// From ports that were asked and others, with numbers that were not sent.
    #[test]
    fn who_does_not_know_the_number_is_not_heard(lies in vec(lie(), 1..200)) {
        let mut asked = asked(Kind::Syn);
        for (what, place, port, number) in lies {
            let (address, asked_port) = peers().nth(place).expect("six");
            let peer = (address, port.unwrap_or(asked_port));
            // One of four billion guesses is right.
            prop_assume!(number != asked.number(peer));
            let packet = match what {
                Lie::Segment { flags } => segment(peer, flags, number.wrapping_add(1)),
                Lie::Error => error(peer, number),
            };
            prop_assert!(hear(&mut asked, &packet).is_empty());
        }
        prop_assert!(asked.shapes.is_empty());
        prop_assert_eq!(replies(&mut asked), vec![None; 6]);
    }

    /// Even with the right numbers: whoever was not asked, or has been given up, does not exist.
    #[test]
    fn who_was_not_asked_is_not_heard(ports in vec(any::<u16>(), 1..200), flags in 0..=u8::MAX) {
        let mut asked = asked(Kind::Syn);
        for port in ports.into_iter().filter(|port| !PORTS.contains(port)) {
            for (address, _) in peers() {
                let number = asked.number((address, port));
                let packet = segment((address, port), flags, number.wrapping_add(1));
                prop_assert!(hear(&mut asked, &packet).is_empty());
                prop_assert!(hear(&mut asked, &error((address, port), number)).is_empty());
            }
        }
        prop_assert!(asked.shapes.is_empty());
        prop_assert_eq!(replies(&mut asked), vec![None; 6]);
    }
}
