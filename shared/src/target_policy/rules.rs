//! The blocks that the two bases refuse, and the arithmetic of blocks.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::target::canonical;

/// A block that is refused, and why.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    net: IpNet,
    pub(super) reason: &'static str,
}

impl Rule {
    /// The parts of a block that the rule is about; those of its IPv4-mapped addresses as IPv4 blocks.
    pub(super) fn parts_of(&self, net: IpNet) -> impl Iterator<Item = IpNet> {
        forms(self.net).into_iter().filter_map(move |refused| overlap(refused, net)).map(canonical)
    }
}

pub(super) const DENIED: &str = "the operator denied it";

const THIS_NETWORK: &str = "an unspecified address of this network";
const LINK_LOCAL: &str = "a link-local address";
const METADATA: &str = "a cloud metadata address";
const MULTICAST: &str = "a multicast address";
const BROADCAST: &str = "the broadcast address";
const PRIVATE: &str = "a private address";
const LOOPBACK: &str = "a loopback address";
const SHARED: &str = "an address shared by a provider's customers";
const PROTOCOL: &str = "an address for protocol assignments";
const DOCUMENTATION: &str = "an address for documentation";
const BENCHMARK: &str = "an address for benchmarks";
const RESERVED: &str = "a reserved address";
const TRANSLATED: &str = "an address that stands for an IPv4 address";

/// Refused by both bases. The metadata addresses come first, to be named as such.
pub(super) const NEVER: &[Rule] = &[
    // Amazon, Azure, Google, Oracle, DigitalOcean, OpenStack and others.
    v4([169, 254, 169, 254], 32, METADATA),
    // Amazon's task credentials (ECS, EKS).
    v4([169, 254, 170, 2], 32, METADATA),
    v4([169, 254, 170, 23], 32, METADATA),
    // Scaleway.
    v4([169, 254, 42, 42], 32, METADATA),
    // Alibaba.
    v4([100, 100, 100, 200], 32, METADATA),
    // Azure's host agent.
    v4([168, 63, 129, 16], 32, METADATA),
    // Oracle's classic cloud.
    v4([192, 0, 0, 192], 32, METADATA),
    // Amazon, its task credentials, Google and Scaleway over IPv6.
    v6(0xfd00_0ec2 << 96 | 0x254, 128, METADATA),
    v6(0xfd00_0ec2 << 96 | 0x23, 128, METADATA),
    v6(0xfd20_00ce << 96 | 0x254, 128, METADATA),
    v6(0xfd00_0042 << 96 | 0x42, 128, METADATA),
    v4([0, 0, 0, 0], 8, THIS_NETWORK),
    v4([169, 254, 0, 0], 16, LINK_LOCAL),
    v4([224, 0, 0, 0], 4, MULTICAST),
    v4([255, 255, 255, 255], 32, BROADCAST),
    v6(0, 128, THIS_NETWORK),
    v6(0xfe80 << 112, 10, LINK_LOCAL),
    v6(0xff00 << 112, 8, MULTICAST),
];

/// Refused also where only public addresses may be scanned.
pub(super) const NOT_PUBLIC: &[Rule] = &[
    v4([10, 0, 0, 0], 8, PRIVATE),
    v4([172, 16, 0, 0], 12, PRIVATE),
    v4([192, 168, 0, 0], 16, PRIVATE),
    v4([127, 0, 0, 0], 8, LOOPBACK),
    v4([100, 64, 0, 0], 10, SHARED),
    v4([192, 0, 0, 0], 24, PROTOCOL),
    v4([192, 0, 2, 0], 24, DOCUMENTATION),
    v4([198, 51, 100, 0], 24, DOCUMENTATION),
    v4([203, 0, 113, 0], 24, DOCUMENTATION),
    v4([198, 18, 0, 0], 15, BENCHMARK),
    v4([240, 0, 0, 0], 4, RESERVED),
    v6(1, 128, LOOPBACK),
    v6(0xfc00 << 112, 7, PRIVATE),
    v6(0xfec0 << 112, 10, PRIVATE),
    v6(0x2001_0db8 << 96, 32, DOCUMENTATION),
    v6(0x3fff << 112, 20, DOCUMENTATION),
    // NAT64, with room for its local prefix; 6to4; Teredo; IPv4-compatible.
    v6(0x64_ff9b << 96, 32, TRANSLATED),
    v6(0x2002 << 112, 16, TRANSLATED),
    v6(0x2001 << 112, 32, TRANSLATED),
    v6(0, 96, TRANSLATED),
];

const fn v4(octets: [u8; 4], prefix: u8, reason: &'static str) -> Rule {
    let [a, b, c, d] = octets;
    Rule { net: IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)), reason }
}

const fn v6(bits: u128, prefix: u8, reason: &'static str) -> Rule {
    Rule { net: IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::from_bits(bits), prefix)), reason }
}

/// Where IPv4 addresses are found inside IPv6: the block, and the bit at which the IPv4 address ends.
const MAPPED: (Ipv6Addr, u8) = (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 128);
const NAT64: (Ipv6Addr, u8) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 128);
const SIX_TO_FOUR: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 48);

/// The block itself and, of an IPv4 block, the IPv6 forms under which it is reached.
pub(super) fn forms(net: IpNet) -> Vec<IpNet> {
    let net = canonical(net);
    let mut forms = vec![net];
    if let IpNet::V4(inner) = net {
        forms.extend([MAPPED, NAT64, SIX_TO_FOUR].into_iter().filter_map(|place| embedded(inner, place)));
    }
    forms
}

fn embedded(net: Ipv4Net, (base, end): (Ipv6Addr, u8)) -> Option<IpNet> {
    let inner = u128::from(u32::from(net.network())) << (128 - end);
    let prefix = end.checked_sub(net.max_prefix_len() - net.prefix_len())?;
    Ipv6Net::new(Ipv6Addr::from(u128::from(base) | inner), prefix).ok().map(IpNet::V6)
}

/// The addresses that two blocks share: of two blocks, one holds the other, or they share nothing.
pub(super) fn overlap(left: IpNet, right: IpNet) -> Option<IpNet> {
    if left.contains(&right) {
        return Some(right);
    }
    right.contains(&left).then_some(left)
}
