use std::net::{IpAddr, SocketAddr};

const TCP: u8 = 6;
const HOPS: u8 = 64;
const SYN: u8 = 0x02;
/// As large as most systems offer: a window of 0 or 1024 is a known sign of a scanner, which some firewalls drop.
const WINDOW: u16 = 64_240;
/// In words of four bytes: the fixed part, and the options.
const TCP_WORDS: u8 = 10;
const TCP_LENGTH: u16 = 40;
const IPV4_LENGTH: u16 = 20;
const CHECKSUM_AT: usize = 16;

/// A whole SYN packet, from the IP header on, with the options of an ordinary connection: who answers without having
/// seen them answers with less.
///
/// `from` and `to` must be of one family; the kernel fills in the identification and the checksum of an IPv4 header.
pub(crate) fn syn(from: SocketAddr, to: SocketAddr, sequence: u32) -> Vec<u8> {
    let mut segment = tcp(from.port(), to.port(), sequence, segment_size(to));
    let sum = checksum(from.ip(), to.ip(), &segment);
    if let Some(place) = segment.get_mut(CHECKSUM_AT..CHECKSUM_AT + 2) {
        place.copy_from_slice(&sum.to_be_bytes());
    }
    let mut packet = ip(from.ip(), to.ip());
    packet.append(&mut segment);
    packet
}

/// What fits into an Ethernet frame.
fn segment_size(to: SocketAddr) -> u16 {
    if to.is_ipv6() { 1440 } else { 1460 }
}

fn ip(from: IpAddr, to: IpAddr) -> Vec<u8> {
    let mut header = Vec::with_capacity(80);
    match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let [high, low] = (IPV4_LENGTH + TCP_LENGTH).to_be_bytes();
            header.extend([0x45, 0, high, low, 0, 0, 0x40, 0, HOPS, TCP, 0, 0]);
            header.extend(from.octets());
            header.extend(to.octets());
        }
        (from, to) => {
            let [high, low] = TCP_LENGTH.to_be_bytes();
            header.extend([0x60, 0, 0, 0, high, low, TCP, HOPS]);
            header.extend(octets(from));
            header.extend(octets(to));
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

fn tcp(from: u16, to: u16, sequence: u32, segment_size: u16) -> Vec<u8> {
    let mut segment = Vec::with_capacity(TCP_LENGTH.into());
    segment.extend(from.to_be_bytes());
    segment.extend(to.to_be_bytes());
    segment.extend(sequence.to_be_bytes());
    segment.extend([0; 4]);
    segment.extend([TCP_WORDS << 4, SYN]);
    segment.extend(WINDOW.to_be_bytes());
    segment.extend([0; 4]);
    let [high, low] = segment_size.to_be_bytes();
    // Maximum segment size, selective acknowledgement, timestamps, nothing, window scale.
    segment.extend([2, 4, high, low, 4, 2, 8, 10]);
    segment.extend(sequence.rotate_left(16).to_be_bytes());
    segment.extend([0, 0, 0, 0, 1, 3, 3, 7]);
    segment
}

/// The checksum of RFC 9293, over the addresses, the length, the protocol and the segment. Where the addresses stand
/// is of no matter to a sum, so one form of them serves both families.
fn checksum(from: IpAddr, to: IpAddr, segment: &[u8]) -> u16 {
    let addresses = match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => words(&from.octets()) + words(&to.octets()),
        (from, to) => words(&octets(from)) + words(&octets(to)),
    };
    let mut sum = addresses + u32::from(TCP) + u32::from(TCP_LENGTH) + words(segment);
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

    use super::*;

    /// Over a packet with a right checksum, the sum is all ones.
    fn folded(packet: &[u8], header: usize, addresses: usize) -> u32 {
        let segment = &packet[header..];
        let length = u32::try_from(segment.len()).expect("short");
        let mut sum = words(&packet[addresses..header]) + words(segment) + length + u32::from(TCP);
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        sum
    }

    #[test]
    fn an_ipv4_syn_is_well_formed() {
        let packet = syn(([192, 0, 2, 1], 40_000).into(), ([198, 51, 100, 7], 443).into(), 0x0102_0304);
        assert_eq!(packet.len(), 60);
        assert_eq!(packet[..4], [0x45, 0, 0, 60]);
        assert_eq!(packet[12..20], [192, 0, 2, 1, 198, 51, 100, 7]);
        assert_eq!(packet[20..34], [0x9c, 0x40, 0x01, 0xbb, 1, 2, 3, 4, 0, 0, 0, 0, 0xa0, 0x02]);
        assert_eq!(folded(&packet, 20, 12), 0xffff);
    }

    #[test]
    fn an_ipv6_syn_is_well_formed() {
        let peer: Ipv6Addr = "2001:db8::7".parse().expect("an address");
        let packet = syn((Ipv6Addr::LOCALHOST, 40_000).into(), (peer, 443).into(), 7);
        assert_eq!(packet.len(), 80);
        assert_eq!(packet[..8], [0x60, 0, 0, 0, 0, 40, 6, 64]);
        assert_eq!(folded(&packet, 40, 8), 0xffff);
    }
}
