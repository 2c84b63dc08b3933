use std::net::SocketAddr;

use super::transfer;
use crate::{
    waiting::{Peer, Waiting},
    wire::Reply,
};

/// What came back, and which port it is from or about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) from: SocketAddr,
    pub(super) told: Told,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// A datagram, which may be the answer of a file server.
    Answer { is_transfer: bool },
    /// The host says that nobody is at the port.
    PortUnreachable,
    /// Somebody on the way says that there is no way.
    Unreachable,
}

/// Where an error of the socket's queue comes from: `SO_EE_ORIGIN_ICMP` and `SO_EE_ORIGIN_ICMP6`.
const ICMP: u8 = 2;
const ICMPV6: u8 = 3;
/// ICMP (RFC 792): destination unreachable, and its codes for the port and for a packet that must be cut.
const UNREACHABLE: u8 = 3;
const NO_PORT: u8 = 3;
const FRAGMENTATION_NEEDED: u8 = 4;
/// The same of `ICMPv6` (RFC 4443), which has another message for the packet that must be cut.
const UNREACHABLE_V6: u8 = 1;
const NO_PORT_V6: u8 = 4;

impl Told {
    /// A datagram that begins like that.
    pub(super) fn datagram(start: &[u8]) -> Self {
        Self::Answer { is_transfer: transfer::is_transfer(start) }
    }

    /// An error by its origin, its type and its code; `None` for one that says nothing about a port.
    pub(super) fn error(origin: u8, kind: u8, code: u8) -> Option<Self> {
        match (origin, kind, code) {
            (ICMP, UNREACHABLE, NO_PORT) | (ICMPV6, UNREACHABLE_V6, NO_PORT_V6) => {
                Some(Self::PortUnreachable)
            }
            (ICMP, UNREACHABLE, FRAGMENTATION_NEEDED) => None,
            (ICMP, UNREACHABLE, _) | (ICMPV6, UNREACHABLE_V6, _) => Some(Self::Unreachable),
            _ => None,
        }
    }
}

impl Heard {
    /// What it means, and for whom of those who wait.
    pub(super) fn reply(&self, waiting: &Waiting) -> (Reply, Peer) {
        let itself = (self.from.ip(), self.from.port());
        match self.told {
            Told::Answer { is_transfer } => (Reply::Open, transfer::asked(self.from, is_transfer, waiting)),
            Told::PortUnreachable => (Reply::Refused, itself),
            Told::Unreachable => (Reply::Unreachable, itself),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use proptest::{collection::vec, prelude::*};

    use super::*;

    #[test]
    fn of_all_errors_only_unreachables_say_something() {
        let all = (0..=u8::MAX).flat_map(|kind| (0..=u8::MAX).map(move |code| (kind, code)));
        for (kind, code) in all {
            let expected = match (kind, code) {
                (3, 3) => Some(Told::PortUnreachable),
                (3, 4) => None,
                (3, _) => Some(Told::Unreachable),
                _ => None,
            };
            assert_eq!(Told::error(ICMP, kind, code), expected, "{kind} {code}");
            let expected_v6 = match (kind, code) {
                (1, 4) => Some(Told::PortUnreachable),
                (1, _) => Some(Told::Unreachable),
                _ => None,
            };
            assert_eq!(Told::error(ICMPV6, kind, code), expected_v6, "{kind} {code} of ICMPv6");
            for origin in [0, 1, 4, 5, 6, u8::MAX] {
                assert_eq!(Told::error(origin, kind, code), None, "{kind} {code} from {origin}");
            }
        }
        let names = [libc::SO_EE_ORIGIN_ICMP, libc::SO_EE_ORIGIN_ICMP6];
        assert_eq!(names, [ICMP, ICMPV6]);
    }

    fn heard() -> impl Strategy<Value = Heard> {
        let datagram = vec(any::<u8>(), 0..4).prop_map(|start| Some(Told::datagram(&start)));
        let error = any::<(u8, u8)>().prop_map(|(kind, code)| Told::error(ICMP, kind, code));
        let told = prop_oneof![datagram, error].prop_filter_map("an error that says nothing", |told| told);
        (told, 60..80_u16).prop_map(|(told, port)| Heard { from: (Ipv4Addr::LOCALHOST, port).into(), told })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Of 20 ports that speak, one is asked, and the file server's: whose answers come from any port.
        #[test]
        fn only_a_datagram_opens_a_port_and_only_one_that_was_asked(all in vec(heard(), 0..50), port in 60..80_u16) {
            let asked = (IpAddr::V4(Ipv4Addr::LOCALHOST), port);
            for one in all {
                let mut waiting = Waiting::default();
                waiting.add(0, asked);
                let (reply, peer) = one.reply(&waiting);
                let mut ready = Vec::new();
                waiting.answer(peer, reply, &mut ready);
                let is_its_own = one.from.port() == port;
                let is_transfer = port == 69 && one.told == Told::Answer { is_transfer: true };
                prop_assert_eq!(ready.len(), usize::from(is_its_own || is_transfer));
                let opened = waiting.take(0) == Some(Reply::Open);
                let is_datagram = matches!(one.told, Told::Answer { .. });
                prop_assert_eq!(opened, is_datagram && (is_its_own || is_transfer));
            }
        }
    }
}
