//! What to say to a port so that its usual service answers. Written after the specifications that are named; each asks
//! for little, and for nothing that makes a host send much.

/// Where file servers are asked.
pub(super) const TFTP: u16 = 69;

/// The datagrams for a port, to be sent together; an empty one where no service is usual.
pub(super) fn of(port: u16) -> &'static [&'static [u8]] {
    match port {
        53 => &[DNS],
        TFTP => &[FILE],
        111 => &[PORT_MAPPER],
        123 => &[TIME],
        137 => &[NETBIOS_STATUS],
        161 => &[SNMP_DISCOVERY, SNMP_PUBLIC],
        389 => &[LDAP],
        443 | 784 | 853 | 4433 | 8443 => &[&QUIC],
        500 => &[IKE],
        4500 => &[&IKE_BEHIND_NAT],
        623 => &[RMCP],
        1194 => &[OPENVPN],
        1434 => &[SQL_SERVER],
        1900 => &[SSDP],
        2049 => &[NFS],
        2123 | 2152 => &[GTP],
        3478 => &[STUN],
        5060 => &[SIP],
        5351 => &[NAT_PMP],
        5353 => &[MDNS],
        5683 => &[COAP],
        6881 => &[BITTORRENT],
        11211 => &[MEMCACHED],
        44818 => &[ETHERNET_IP],
        47808 => &[BACNET],
        _ => &[&[]],
    }
}

/// RFC 1035, and RFC 4892 for the name: TXT record of `version.bind` in class CH.
const DNS: &[u8] = b"\x5e\xed\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07version\x04bind\x00\x00\x10\x00\x03";

/// RFC 1350: a request to read a file that nobody has.
const FILE: &[u8] = b"\x00\x01vedette-asks\x00octet\x00";

/// RFC 5531 and RFC 1833: call of procedure 0 of the port mapper, version 2, which does nothing.
const PORT_MAPPER: &[u8] =
    b"\x5e\xed\x00\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01\x86\xa0\x00\x00\x00\x02\
    \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00";

/// The same of NFS, version 3.
const NFS: &[u8] = b"\x5e\xed\x00\x02\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01\x86\xa3\x00\x00\x00\x03\
    \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00";

/// RFC 5905: version 4, mode client.
const TIME: &[u8] =
    b"\x23\x00\x06\xec\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
    \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x5e\xed\x5e\xed\x5e\xed\x5e\xed";

/// RFC 1002, 4.2.17: node status of any name.
const NETBIOS_STATUS: &[u8] = b"\x5e\xed\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\
    \x20CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\x00\x00\x21\x00\x01";

/// RFC 3414, 4: a request without an engine, to which every engine of version 3 names itself.
const SNMP_DISCOVERY: &[u8] =
    b"\x30\x3e\x02\x01\x03\x30\x11\x02\x04\x5e\xed\x5e\xed\x02\x03\x00\xff\xe3\x04\x01\x04\
    \x02\x01\x03\x04\x10\x30\x0e\x04\x00\x02\x01\x00\x02\x01\x00\x04\x00\x04\x00\x04\x00\
    \x30\x14\x04\x00\x04\x00\xa0\x0e\x02\x04\x5e\xed\x5e\xed\x02\x01\x00\x02\x01\x00\x30\x00";

/// RFC 3416: sysUpTime, from the community that devices come with.
const SNMP_PUBLIC: &[u8] =
    b"\x30\x29\x02\x01\x01\x04\x06public\xa0\x1c\x02\x04\x5e\xed\x5e\xed\x02\x01\x00\x02\x01\x00\
    \x30\x0e\x30\x0c\x06\x08\x2b\x06\x01\x02\x01\x01\x03\x00\x05\x00";

/// RFC 4511: search of the root entry for the versions that the server supports, and no other attribute.
const LDAP: &[u8] =
    b"\x30\x3b\x02\x01\x01\x63\x36\x04\x00\x0a\x01\x00\x0a\x01\x00\x02\x01\x01\x02\x01\x01\x01\x01\x00\
    \x87\x0bobjectClass\x30\x16\x04\x14supportedLDAPVersion";

/// RFC 9000, 6 and 17.2: a packet of a version that is reserved for being unknown, as large as a first one must be. The
/// answer, a list of versions, is far smaller.
const QUIC: [u8; 1200] =
    filled(b"\xc0\x5a\x5a\x5a\x5a\x08\x5e\xed\x5e\xed\x5e\xed\x5e\xed\x04\x5e\xed\x5e\xed");

/// RFC 7296, 2.5 and 3.1: a header of a version that is too high, to which the one that is known is told.
const IKE: &[u8] = b"\x5e\xed\x5e\xed\x5e\xed\x5e\xed\x00\x00\x00\x00\x00\x00\x00\x00\x00\x30\x22\x08\
    \x00\x00\x00\x00\x00\x00\x00\x1c";

/// RFC 3948, 2.2: the same behind four zeros.
const IKE_BEHIND_NAT: [u8; 32] = behind_zeros(IKE);

/// Alert Standard Format 2.0, 3.2.4.3: presence ping.
const RMCP: &[u8] = b"\x06\x00\xff\x06\x00\x00\x11\xbe\x80\x00\x00\x00";

/// The protocol of `OpenVPN`: reset by a client, with an empty list of acknowledgements.
const OPENVPN: &[u8] = b"\x38\x5e\xed\x5e\xed\x5e\xed\x5e\xed\x00\x00\x00\x00\x00";

/// MC-SQLR, 2.2.2: which instances are there.
const SQL_SERVER: &[u8] = b"\x03";

/// `UPnP` Device Architecture 2.0, 1.3.2: search of one host for its root device.
const SSDP: &[u8] =
    b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\n\
    ST: upnp:rootdevice\r\n\r\n";

/// 3GPP TS 29.060, 7.2.1: echo request of version 1.
const GTP: &[u8] = b"\x32\x01\x00\x04\x00\x00\x00\x00\x5e\xed\x00\x00";

/// RFC 8489, 5: binding request.
const STUN: &[u8] = b"\x00\x01\x00\x00\x21\x12\xa4\x42\x5e\xed\x5e\xed\x5e\xed\x5e\xed\x5e\xed\x5e\xed";

/// RFC 3261, 11.
const SIP: &[u8] = b"OPTIONS sip:ping@vedette.invalid SIP/2.0\r\nVia: SIP/2.0/UDP vedette.invalid;branch=z9hG4bK5eed;rport\r\n\
    Max-Forwards: 70\r\nFrom: <sip:ping@vedette.invalid>;tag=5eed\r\nTo: <sip:ping@vedette.invalid>\r\n\
    Call-ID: 5eed5eed@vedette.invalid\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";

/// RFC 6886, 3.2: which address the gateway has outside.
const NAT_PMP: &[u8] = b"\x00\x00";

/// RFC 6762 and RFC 6763, 9: which kinds of services there are, to be answered to us alone.
const MDNS: &[u8] = b"\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\
    \x09_services\x07_dns-sd\x04_udp\x05local\x00\x00\x0c\x80\x01";

/// RFC 7252, 4.3: an empty message, which is reset.
const COAP: &[u8] = b"\x40\x00\x5e\xed";

/// BEP 5: ping.
const BITTORRENT: &[u8] = b"d1:ad2:id20:vedette-asks-vedettee1:q4:ping1:t2:ve1:y1:qe";

/// The text protocol of memcached behind the frame of its datagrams.
const MEMCACHED: &[u8] = b"\x5e\xed\x00\x00\x00\x01\x00\x00version\r\n";

/// The CIP Networks Library, volume 2, 2-4.2: list identity.
const ETHERNET_IP: &[u8] =
    b"\x63\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x5e\xed\x5e\xed\x00\x00\x00\x00\
    \x00\x00\x00\x00";

/// ASHRAE 135, 15.5 and annex J: the name of whatever device it is.
const BACNET: &[u8] = b"\x81\x0a\x00\x11\x01\x04\x00\x05\x01\x0c\x0c\x02\x3f\xff\xff\x19\x4d";

const fn filled(start: &[u8]) -> [u8; 1200] {
    let mut whole = [0; 1200];
    let (head, _) = whole.split_at_mut(start.len());
    head.copy_from_slice(start);
    whole
}

const fn behind_zeros(message: &[u8]) -> [u8; 32] {
    let mut whole = [0; 32];
    let (_, tail) = whole.split_at_mut(32 - message.len());
    tail.copy_from_slice(message);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Walks over the parts of a BER value, and says whether all lengths fit.
    fn is_whole(bytes: &[u8]) -> bool {
        let Some((&[kind, length], rest)) = bytes.split_first_chunk() else { return bytes.is_empty() };
        let Some((content, after)) = rest.split_at_checked(length.into()) else { return false };
        let is_inner_whole = kind & 0x20 == 0 || is_whole(content);
        is_inner_whole && is_whole(after)
    }

    #[test]
    fn what_is_written_in_ber_is_whole() {
        for message in [SNMP_DISCOVERY, SNMP_PUBLIC, LDAP] {
            assert!(is_whole(message) && usize::from(message[1]) + 2 == message.len(), "{message:x?}");
        }
    }

    #[test]
    fn what_states_its_length_has_it() {
        assert_eq!((TIME.len(), STUN.len(), ETHERNET_IP.len()), (48, 20, 24));
        assert_eq!((IKE.len(), IKE[27], IKE_BEHIND_NAT.len()), (28, 28, 32));
        assert_eq!((BACNET.len(), BACNET[3]), (17, 17));
        assert_eq!(NETBIOS_STATUS.len(), 50);
        assert_eq!((PORT_MAPPER.len(), NFS.len()), (40, 40));
        assert_eq!(GTP.len(), 8 + usize::from(GTP[3]));
    }

    #[test]
    fn every_port_is_sent_something_and_no_service_is_asked_for_much() {
        for port in 0..=u16::MAX {
            let payloads = of(port);
            assert!(!payloads.is_empty());
            assert!(payloads.iter().all(|payload| payload.len() <= 1200));
        }
        // Mode 6 and 7 of NTP, among which is the list of monitored hosts.
        assert_eq!(TIME[0] & 7, 3);
    }
}
