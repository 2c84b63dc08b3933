use std::{
    net::{IpAddr, SocketAddr},
    ops::Deref,
};

/// What a probe looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// TCP, with this flag alone.
    Syn,
    /// The same.
    Fin,
    /// TCP without a flag.
    Null,
    /// TCP with FIN, PSH and URG.
    Xmas,
    /// ICMP echo request, which is for a host and no port.
    Echo,
}

pub(super) const TCP: u8 = 6;
pub(super) const ICMP: u8 = 1;
pub(super) const ICMPV6: u8 = 58;
const HOPS: u8 = 64;
const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const PSH: u8 = 0x08;
const URG: u8 = 0x20;
/// As large as most systems offer: a window of 0 or 1024 is a known sign of a scanner, which some firewalls drop.
const WINDOW: u16 = 64_240;
const IPV4_LENGTH: u16 = 20;
/// An IPv6 header, and a TCP header with options.
const LONGEST: usize = 80;
/// The length of a TCP header in words of four bytes.
const WORDS: u8 = 5;
const WORDS_WITH_OPTIONS: u8 = 10;
const TCP_CHECKSUM: usize = 16;
const ICMP_CHECKSUM: usize = 2;
const ECHO: u8 = 8;
const ECHO_V6: u8 = 128;

/// A whole packet, from the IP header on; it lies in place, as one is made for every probe.
#[derive(Debug, Clone)]
pub(crate) struct Packet {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Packet {
    fn new() -> Self {
        Self { bytes: [0; LONGEST], length: 0 }
    }

    /// Adds what there is room for: no probe is longer than [`LONGEST`].
    fn push(&mut self, part: &[u8]) {
        let end = self.length + part.len();
        if let Some(place) = self.bytes.get_mut(self.length..end) {
            place.copy_from_slice(part);
            self.length = end;
        }
    }
}

impl Deref for Packet {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// A probe. Whoever answers repeats `number`: as what is acknowledged, plus one, or as it is.
///
/// `from` and `to` must be of one family; the kernel fills in the identification and the checksum of an IPv4 header.
pub(crate) fn probe(kind: Kind, from: SocketAddr, to: SocketAddr, number: u32) -> Packet {
    let flags = match kind {
        Kind::Syn => SYN,
        Kind::Fin => FIN,
        Kind::Null => 0,
        Kind::Xmas => FIN | PSH | URG,
        Kind::Echo => return echo(from.ip(), to.ip(), number),
    };
    // A reset acknowledges what the segment takes up (RFC 9293, 3.10.7.1): one for SYN or FIN, nothing without them.
    let sequence = if flags == 0 { number.wrapping_add(1) } else { number };
    let mut segment = Packet::new();
    segment.push(&from.port().to_be_bytes());
    segment.push(&to.port().to_be_bytes());
    segment.push(&sequence.to_be_bytes());
    segment.push(&[0; 4]);
    let has_options = flags == SYN;
    segment.push(&[if has_options { WORDS_WITH_OPTIONS } else { WORDS } << 4, flags]);
    segment.push(&WINDOW.to_be_bytes());
    segment.push(&[0; 4]);
    if has_options {
        segment.push(&options(to.is_ipv6(), number));
    }
    packet(from.ip(), to.ip(), Payload { protocol: TCP, segment, checksum_at: TCP_CHECKSUM })
}

fn echo(from: IpAddr, to: IpAddr, number: u32) -> Packet {
    let (protocol, kind) = if to.is_ipv6() { (ICMPV6, ECHO_V6) } else { (ICMP, ECHO) };
    let mut segment = Packet::new();
    segment.push(&[kind, 0, 0, 0]);
    segment.push(&number.to_be_bytes());
    packet(from, to, Payload { protocol, segment, checksum_at: ICMP_CHECKSUM })
}

struct Payload {
    protocol: u8,
    segment: Packet,
    checksum_at: usize,
}

fn packet(from: IpAddr, to: IpAddr, mut payload: Payload) -> Packet {
    let sum = checksum(from, to, &payload);
    if let Some(place) = payload.segment.bytes.get_mut(payload.checksum_at..payload.checksum_at + 2) {
        place.copy_from_slice(&sum.to_be_bytes());
    }
    let mut packet = ip(from, to, &payload);
    packet.push(&payload.segment);
    packet
}

fn length(bytes: &[u8]) -> u16 {
    u16::try_from(bytes.len()).unwrap_or(u16::MAX)
}

fn ip(from: IpAddr, to: IpAddr, payload: &Payload) -> Packet {
    let mut header = Packet::new();
    let length = length(&payload.segment);
    match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let [high, low] = (IPV4_LENGTH + length).to_be_bytes();
            header.push(&[0x45, 0, high, low, 0, 0, 0x40, 0, HOPS, payload.protocol, 0, 0]);
            header.push(&from.octets());
            header.push(&to.octets());
        }
        (from, to) => {
            let [high, low] = length.to_be_bytes();
            header.push(&[0x60, 0, 0, 0, high, low, payload.protocol, HOPS]);
            header.push(&octets(from));
            header.push(&octets(to));
        }
    }
    header
}

fn octets(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

/// The options of an ordinary connection: who answers without having seen them answers with less.
fn options(v6: bool, number: u32) -> [u8; 20] {
    // What fits into an Ethernet frame.
    let segment_size: u16 = if v6 { 1440 } else { 1460 };
    let [high, low] = segment_size.to_be_bytes();
    let [first, second, third, fourth] = number.rotate_left(16).to_be_bytes();
    // Maximum segment size, selective acknowledgement, timestamps, nothing, window scale.
    [2, 4, high, low, 4, 2, 8, 10, first, second, third, fourth, 0, 0, 0, 0, 1, 3, 3, 7]
}

/// The checksum of RFC 9293 and RFC 4443, over the addresses, the length, the protocol and the segment; ICMP of IPv4 has
/// the segment alone (RFC 792). Where the addresses stand is of no matter to a sum, so one form of them serves both
/// families.
fn checksum(from: IpAddr, to: IpAddr, payload: &Payload) -> u16 {
    let addresses = match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => words(&from.octets()) + words(&to.octets()),
        (from, to) => words(&octets(from)) + words(&octets(to)),
    };
    let around = addresses + u32::from(payload.protocol) + u32::from(length(&payload.segment));
    let mut sum = words(&payload.segment) + if payload.protocol == ICMP { 0 } else { around };
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or_default()
}

/// The sum of big-endian words; of an even number of bytes, and few enough for it to fit.
fn words(bytes: &[u8]) -> u32 {
    bytes
        .chunks_exact(2)
        .filter_map(|pair| <[u8; 2]>::try_from(pair).ok())
        .map(|pair| u32::from(u16::from_be_bytes(pair)))
        .sum()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use proptest::prelude::*;

    use super::*;

    /// Over a packet with a right checksum, the sum is all ones.
    fn folded(packet: &[u8], header: usize, addresses: usize) -> u32 {
        let segment = &packet[header..];
        let length = u32::try_from(segment.len()).expect("short");
        let protocol = if header == 20 { packet[9] } else { packet[6] };
        let around = words(&packet[addresses..header]) + length + u32::from(protocol);
        let mut sum = words(segment) + if protocol == ICMP { 0 } else { around };
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        sum
    }

    const KINDS: [Kind; 5] = [Kind::Syn, Kind::Fin, Kind::Null, Kind::Xmas, Kind::Echo];

    fn from_v4(kind: Kind) -> Packet {
        probe(kind, ([192, 0, 2, 1], 40_000).into(), ([198, 51, 100, 7], 443).into(), 0x0102_0304)
    }

    fn from_v6(kind: Kind) -> Packet {
        let peer: Ipv6Addr = "2001:db8::7".parse().expect("an address");
        probe(kind, (Ipv6Addr::LOCALHOST, 40_000).into(), (peer, 443).into(), 7)
    }

    #[test]
    fn an_ipv4_syn_is_well_formed() {
        let packet = from_v4(Kind::Syn);
        assert_eq!(packet.len(), 60);
        assert_eq!(packet[..4], [0x45, 0, 0, 60]);
        assert_eq!(packet[12..20], [192, 0, 2, 1, 198, 51, 100, 7]);
        assert_eq!(packet[20..34], [0x9c, 0x40, 0x01, 0xbb, 1, 2, 3, 4, 0, 0, 0, 0, 0xa0, 0x02]);
    }

    #[test]
    fn an_ipv6_syn_is_well_formed() {
        let packet = from_v6(Kind::Syn);
        assert_eq!(packet.len(), 80);
        assert_eq!(packet[..8], [0x60, 0, 0, 0, 0, 40, 6, 64]);
    }

    #[test]
    fn the_other_kinds_differ_in_their_flags() {
        let flags = |kind| from_v4(kind)[32..34].to_vec();
        assert_eq!(flags(Kind::Fin), [0x50, 0x01]);
        assert_eq!(flags(Kind::Null), [0x50, 0x00]);
        assert_eq!(flags(Kind::Xmas), [0x50, 0x29]);
        assert_eq!(
            from_v4(Kind::Null)[24..28],
            [1, 2, 3, 5],
            "nothing is taken up, and one more acknowledged"
        );
    }

    #[test]
    fn an_echo_request_carries_the_number() {
        assert_eq!(from_v4(Kind::Echo)[20..], [8, 0, 0xf3, 0xf9, 1, 2, 3, 4]);
        assert_eq!(from_v6(Kind::Echo)[40..42], [128, 0]);
    }

    /// Two addresses and ports of one family.
    fn ends() -> impl Strategy<Value = (SocketAddr, SocketAddr)> {
        let ports = any::<(u16, u16)>();
        let v4 = (any::<[u8; 4]>(), any::<[u8; 4]>()).prop_map(|(own, peer)| (own.into(), peer.into()));
        let v6 = (any::<[u8; 16]>(), any::<[u8; 16]>()).prop_map(|(own, peer)| (own.into(), peer.into()));
        (prop_oneof![v4, v6], ports).prop_map(|((own, peer), (from, to)): ((IpAddr, IpAddr), _)| {
            (SocketAddr::new(own, from), SocketAddr::new(peer, to))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_probe_is_well_formed((own, peer) in ends(), number: u32, kind in 0..KINDS.len()) {
            let packet = probe(KINDS[kind], own, peer, number);
            let (header, addresses) = if own.is_ipv6() { (40, 8) } else { (20, 12) };
            prop_assert_eq!(folded(&packet, header, addresses), 0xffff, "the checksum");
            let stated = if own.is_ipv6() { 40 + short(&packet, 4) } else { short(&packet, 2) };
            prop_assert_eq!(usize::from(stated), packet.len());
            let both = [octets_of(own), octets_of(peer)].concat();
            prop_assert_eq!(&packet[addresses..header], both);
            if KINDS[kind] != Kind::Echo {
                prop_assert_eq!((short(&packet, header), short(&packet, header + 2)), (own.port(), peer.port()));
                prop_assert_eq!(usize::from(packet[header + 12] >> 4) * 4, packet.len() - header, "no data");
            }
        }
    }

    fn short(packet: &[u8], at: usize) -> u16 {
        u16::from_be_bytes([packet[at], packet[at + 1]])
    }

    fn octets_of(address: SocketAddr) -> Vec<u8> {
        match address.ip() {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        }
    }
}
