//! The checksum of TCP and UDP packets, which the kernel leaves to a network card that is not there.

const TCP: u8 = 6;
const UDP: u8 = 17;
/// An IPv4 header without options.
const HEADER: usize = 20;

/// Writes the checksum of an IPv4 packet without options; others are left as they are.
pub(crate) fn mend(packet: &mut [u8]) {
    let [0x45, .., protocol] = packet.get(..10).unwrap_or_default() else { return };
    let protocol = *protocol;
    let place = match protocol {
        TCP => HEADER + 16,
        UDP => HEADER + 6,
        _ => return,
    };
    let Some(field) = packet.get_mut(place..place + 2) else { return };
    field.fill(0);
    let checksum = of(packet, protocol);
    if let Some(field) = packet.get_mut(place..place + 2) {
        field.copy_from_slice(&checksum.to_be_bytes());
    }
}

/// The ones' complement sum over the addresses, the protocol, the length and the segment (RFC 9293, section 3.1).
fn of(packet: &[u8], protocol: u8) -> u16 {
    let length = u64::try_from(packet.len().saturating_sub(HEADER)).unwrap_or_default();
    let words = packet.get(12..).unwrap_or_default().chunks(2);
    let word =
        |pair: &[u8]| pair.iter().zip([8, 0]).map(|(byte, shift)| u64::from(*byte) << shift).sum::<u64>();
    let mut sum = words.map(word).sum::<u64>() + length + u64::from(protocol);
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    // A sum of zero would say of UDP that there is none.
    match !u16::try_from(sum).unwrap_or_default() {
        0 => u16::MAX,
        checksum => checksum,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A SYN from 10.0.0.1:1 to 10.0.0.2:2, summed by hand.
    #[test]
    fn a_checksum_summed_by_hand_is_written() {
        let mut packet = [0_u8; 40];
        packet[0] = 0x45;
        packet[9] = TCP;
        packet[12..20].copy_from_slice(&[10, 0, 0, 1, 10, 0, 0, 2]);
        packet[20..24].copy_from_slice(&[0, 1, 0, 2]);
        packet[32] = 0x50;
        packet[33] = 2;
        mend(&mut packet);
        // 0a00 + 0001 + 0a00 + 0002 + 0001 + 0002 + 5002 + 0006 + 0014 = 6422
        assert_eq!(packet[36..38], (!0x6422_u16).to_be_bytes());
    }

    #[test]
    fn whatever_is_no_such_packet_is_left_alone() {
        for length in 0..60 {
            let mut packet = vec![0x46; length];
            mend(&mut packet);
            assert_eq!(packet, vec![0x46; length]);
        }
    }
}
