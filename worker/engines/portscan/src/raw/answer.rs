use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::packet::{ICMP, ICMPV6, TCP};
use crate::shape::{Shape, read_options};

/// What a packet says about a probe of ours. Nothing in it is proven before its number is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The address and port that were probed; port 0 where the host itself was.
    pub(crate) peer: (IpAddr, u16),
    /// The port it was probed from, if from one.
    pub(crate) own_port: Option<u16>,
    /// The number of the probe.
    pub(crate) number: u32,
    pub(crate) verdict: Verdict,
    /// What it looks like, if it is a SYN and ACK.
    pub(crate) shape: Option<Shape>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// SYN and ACK, or an echo reply.
    Open,
    /// RST.
    Closed,
    /// An ICMP destination unreachable, from whoever on the way.
    Unreachable,
}

const ICMP_ECHO_REPLY: u8 = 0;
const ICMP_UNREACHABLE: u8 = 3;
/// Says that the packet must be cut, not that nobody is there.
const FRAGMENTATION_NEEDED: u8 = 4;
const ICMPV6_UNREACHABLE: u8 = 1;
const ICMPV6_ECHO_REPLY: u8 = 129;
const FRAGMENT_OFFSET: u16 = 0x1fff;
const DO_NOT_FRAGMENT: u16 = 0x4000;
/// A TCP header without options.
const TCP_LENGTH: usize = 20;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const ACK: u8 = 0x10;

/// Reads a packet from its IP header on; `None` for what is no answer, whatever the bytes.
///
/// Extension headers of IPv6 are not followed: nobody puts them before an answer to a probe.
pub(crate) fn read(packet: &[u8]) -> Option<Answer> {
    let outer = Ip::read(packet)?;
    if outer.protocol == TCP {
        return read_tcp(&outer);
    }
    let (kind, code) = (byte(outer.payload, 0)?, byte(outer.payload, 1)?);
    match (outer.protocol, outer.source, kind) {
        (ICMP, IpAddr::V4(_), ICMP_ECHO_REPLY) | (ICMPV6, IpAddr::V6(_), ICMPV6_ECHO_REPLY) => {
            read_echo(&outer)
        }
        (ICMP, IpAddr::V4(_), ICMP_UNREACHABLE) if code == FRAGMENTATION_NEEDED => None,
        (ICMP, IpAddr::V4(_), ICMP_UNREACHABLE) | (ICMPV6, IpAddr::V6(_), ICMPV6_UNREACHABLE) => {
            read_quoted(outer.payload)
        }
        _ => None,
    }
}

fn read_echo(ip: &Ip) -> Option<Answer> {
    let number = long(ip.payload, 4)?;
    Some(Answer { peer: (ip.source, 0), own_port: None, number, verdict: Verdict::Open, shape: None })
}

fn read_tcp(ip: &Ip) -> Option<Answer> {
    let flags = byte(ip.payload, 13)?;
    let verdict = match flags & (SYN | RST | ACK) {
        flags if flags == SYN | ACK => Verdict::Open,
        // Without ACK there is no number that proves it.
        flags if flags & RST != 0 && flags & ACK != 0 => Verdict::Closed,
        _ => return None,
    };
    Some(Answer {
        peer: (ip.source, short(ip.payload, 0)?),
        own_port: Some(short(ip.payload, 2)?),
        number: long(ip.payload, 8)?.wrapping_sub(1),
        verdict,
        shape: read_shape(ip).filter(|_| verdict == Verdict::Open),
    })
}

fn read_shape(ip: &Ip) -> Option<Shape> {
    let header = usize::from(byte(ip.payload, 12)? >> 4) * 4;
    let (options, segment_size) = read_options(ip.payload.get(TCP_LENGTH..header).unwrap_or_default());
    let window = short(ip.payload, 14)?;
    Some(Shape { hops: ip.hops, window, is_whole: ip.is_whole, options, segment_size })
}

/// An ICMP error quotes the packet that it is about: its IP header and at least eight bytes more.
fn read_quoted(message: &[u8]) -> Option<Answer> {
    let quoted = Ip::read(message.get(8..)?)?;
    if quoted.protocol != TCP {
        return None;
    }
    Some(Answer {
        peer: (quoted.destination, short(quoted.payload, 2)?),
        own_port: Some(short(quoted.payload, 0)?),
        number: long(quoted.payload, 4)?,
        verdict: Verdict::Unreachable,
        shape: None,
    })
}

struct Ip<'a> {
    source: IpAddr,
    destination: IpAddr,
    protocol: u8,
    hops: u8,
    is_whole: bool,
    payload: &'a [u8],
}

impl<'a> Ip<'a> {
    fn read(packet: &'a [u8]) -> Option<Self> {
        let first = byte(packet, 0)?;
        match first >> 4 {
            4 if short(packet, 6)? & FRAGMENT_OFFSET == 0 => Some(Self {
                source: Ipv4Addr::from(long(packet, 12)?).into(),
                destination: Ipv4Addr::from(long(packet, 16)?).into(),
                protocol: byte(packet, 9)?,
                hops: byte(packet, 8)?,
                is_whole: short(packet, 6)? & DO_NOT_FRAGMENT != 0,
                payload: packet.get(usize::from(first & 0x0f).max(5) * 4..)?,
            }),
            6 => Some(Self {
                source: Ipv6Addr::from(array::<16>(packet, 8)?).into(),
                destination: Ipv6Addr::from(array::<16>(packet, 24)?).into(),
                protocol: byte(packet, 6)?,
                hops: byte(packet, 7)?,
                is_whole: true,
                payload: packet.get(40..)?,
            }),
            _ => None,
        }
    }
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

fn byte(bytes: &[u8], at: usize) -> Option<u8> {
    bytes.get(at).copied()
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_be_bytes)
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::raw::packet::{self, Kind};

    const PEERS: [(&str, &str); 2] =
        [("192.0.2.1:40000", "198.51.100.7:443"), ("[::1]:40000", "[2001:db8::7]:443")];

    fn pairs() -> impl Iterator<Item = (SocketAddr, SocketAddr)> {
        PEERS.into_iter().map(|(own, peer)| (own.parse().expect("valid"), peer.parse().expect("valid")))
    }

    fn header_length(address: SocketAddr) -> usize {
        if address.is_ipv6() { 40 } else { 20 }
    }

    /// What the peer sends back: a segment with these flags that acknowledges `acknowledged`.
    fn reply(own: SocketAddr, peer: SocketAddr, flags: u8, acknowledged: u32) -> Vec<u8> {
        let mut packet = packet::probe(Kind::Syn, peer, own, 99).to_vec();
        let tcp = header_length(own);
        packet[tcp + 8..tcp + 12].copy_from_slice(&acknowledged.to_be_bytes());
        packet[tcp + 13] = flags;
        packet
    }

    /// An ICMP error about a probe, from a router on the way.
    fn unreachable(own: SocketAddr, peer: SocketAddr, code: u8, number: u32) -> Vec<u8> {
        let probe = packet::probe(Kind::Syn, own, peer, number);
        let mut packet = packet::probe(Kind::Syn, peer, own, 0).to_vec();
        let header = header_length(own);
        packet.truncate(header);
        if own.is_ipv6() {
            packet[6] = ICMPV6;
            packet.extend([ICMPV6_UNREACHABLE, code]);
        } else {
            packet[9] = ICMP;
            packet.extend([ICMP_UNREACHABLE, code]);
        }
        packet.extend([0; 6]);
        packet.extend(&probe[..header + 8]);
        packet
    }

    #[test]
    fn syn_ack_is_open_and_rst_is_closed() {
        for (own, peer) in pairs() {
            let answer = |flags| read(&reply(own, peer, flags, 8));
            let closed = Answer {
                peer: (peer.ip(), 443),
                own_port: Some(40_000),
                number: 7,
                verdict: Verdict::Closed,
                shape: None,
            };
            assert_eq!(answer(RST | ACK), Some(closed));
            let mut options = [0; 16];
            options[..5].copy_from_slice(&[2, 4, 8, 1, 3]);
            let segment_size = Some(if own.is_ipv6() { 1440 } else { 1460 });
            let shape = Some(Shape { hops: 64, window: 64_240, is_whole: true, options, segment_size });
            assert_eq!(answer(SYN | ACK), Some(Answer { verdict: Verdict::Open, shape, ..closed }));
            assert_eq!(answer(SYN | RST | ACK), Some(closed));
            assert_eq!([answer(SYN), answer(RST), answer(ACK), answer(0)], [None; 4]);
        }
    }

    #[test]
    fn an_icmp_error_is_about_the_packet_that_it_quotes() {
        for (own, peer) in pairs() {
            let expected = Answer {
                peer: (peer.ip(), 443),
                own_port: Some(40_000),
                number: 7,
                verdict: Verdict::Unreachable,
                shape: None,
            };
            assert_eq!(read(&unreachable(own, peer, 3, 7)), Some(expected));
        }
        let [(own, peer), _] = PEERS.map(|(own, peer)| (own.parse().unwrap(), peer.parse().unwrap()));
        assert_eq!(read(&unreachable(own, peer, FRAGMENTATION_NEEDED, 7)), None);
    }

    #[test]
    fn an_echo_reply_is_for_a_host_and_a_request_for_nobody() {
        for (own, peer) in pairs() {
            let mut packet = packet::probe(Kind::Echo, peer, own, 7).to_vec();
            assert_eq!(read(&packet), None);
            packet[header_length(own)] = if own.is_ipv6() { ICMPV6_ECHO_REPLY } else { ICMP_ECHO_REPLY };
            let alive = Answer {
                peer: (peer.ip(), 0),
                own_port: None,
                number: 7,
                verdict: Verdict::Open,
                shape: None,
            };
            assert_eq!(read(&packet), Some(alive));
        }
    }

    #[test]
    fn half_a_packet_is_no_answer() {
        for (own, peer) in pairs() {
            for whole in [reply(own, peer, SYN | ACK, 8), unreachable(own, peer, 1, 7)] {
                let needed = (0..=whole.len()).find(|length| read(&whole[..*length]).is_some());
                assert!(needed.is_some_and(|needed| needed >= header_length(own) + 12), "{needed:?}");
            }
        }
    }

    #[test]
    fn every_seed_of_the_fuzzer_is_an_answer() {
        let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds/answer");
        for seed in std::fs::read_dir(seeds).expect("the folder is there") {
            let path = seed.expect("it is readable").path();
            let packet = std::fs::read(&path).expect("it is readable");
            assert!(read(&packet).is_some(), "{}", path.display());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..200)) {
            let _answer = read(&bytes);
        }

        #[test]
        fn any_change_of_an_answer_is_read_or_refused(
            first: bool, error: bool, changes in vec((0..120_usize, any::<u8>()), 0..8), length in 0..120_usize,
        ) {
            let (own, peer) = pairs().nth(usize::from(first)).expect("two");
            let mut packet = if error { unreachable(own, peer, 1, 7) } else { reply(own, peer, SYN | ACK, 8) };
            for (place, value) in changes {
                let length = packet.len();
                packet[place % length] = value;
            }
            packet.truncate(length);
            let _answer = read(&packet);
        }
    }
}
