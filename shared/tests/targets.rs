//! Properties of targets, ports and the target policy: no input may crash the parsers, and the policy may have no gap.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use proptest::prelude::*;
use shared::ports::PortSet;
use shared::target::{Hostname, Target, TargetList};
use shared::target_policy::{Base, TargetPolicy, parse_nets};

/// Text made of what the grammars are made of, so that near misses are common.
fn near_targets() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[0-9]{1,4}",
        "[a-z]{1,3}",
        Just("10.0.0.0/24".to_owned()),
        Just("::ffff:".to_owned()),
        Just("2001:db8::".to_owned()),
        Just("0x7f".to_owned()),
        "[.:,/%@ _\\[\\]-]",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn near_ports() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        any::<u16>().prop_map(|port| port.to_string()),
        (any::<u16>(), any::<u16>()).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b))),
        (1..1003_u16).prop_map(|count| format!("top-{count}")),
        "[0-9 +-]{0,3}",
    ];
    prop::collection::vec(part, 1..5).prop_map(|parts| parts.join(","))
}

fn ports() -> impl Strategy<Value = PortSet> {
    near_ports().prop_filter_map("not a set of ports", |text| PortSet::parse(&text).ok())
}

/// IPv4 addresses near the borders of the refused blocks, and any others.
fn v4() -> impl Strategy<Value = Ipv4Addr> {
    let border = prop::sample::select(vec![
        [0, 0, 0, 0],
        [10, 0, 0, 0],
        [100, 64, 0, 0],
        [100, 100, 100, 200],
        [127, 0, 0, 0],
        [168, 63, 129, 16],
        [169, 254, 169, 254],
        [192, 0, 0, 192],
        [198, 18, 0, 0],
        [224, 0, 0, 0],
        [255, 255, 255, 255],
    ]);
    let near =
        (border, -2_i32..3).prop_map(|(octets, step)| u32::from_be_bytes(octets).wrapping_add_signed(step));
    prop_oneof![near, any::<u32>()].prop_map(Ipv4Addr::from)
}

fn v6() -> impl Strategy<Value = Ipv6Addr> {
    let prefix =
        prop::sample::select(vec![0, 0xffff, 0x64_ff9b << 64, 0x2002 << 80, 0x2001_0db8 << 64, 0xfe80 << 80]);
    let embedded = (prefix, v4(), prop::sample::select(vec![0, 80])).prop_map(|(prefix, inner, shift)| {
        let prefix: u128 = prefix << 32;
        Ipv6Addr::from(prefix | u128::from(u32::from(inner)) << shift)
    });
    prop_oneof![embedded, any::<u128>().prop_map(Ipv6Addr::from)]
}

fn net() -> impl Strategy<Value = IpNet> {
    prop_oneof![
        (v4(), 0..=32_u8)
            .prop_map(|(address, prefix)| IpNet::V4(Ipv4Net::new(address, prefix).unwrap_or_default())),
        (v6(), 0..=128_u8)
            .prop_map(|(address, prefix)| IpNet::V6(Ipv6Net::new(address, prefix).unwrap_or_default())),
    ]
}

fn policy() -> impl Strategy<Value = TargetPolicy> {
    let base = prop::sample::select(vec![Base::Trusting, Base::PublicOnly]);
    let nets = || prop::collection::vec(net(), 0..4);
    (base, nets(), nets()).prop_map(|(base, allow, deny)| TargetPolicy { base, allow, deny })
}

/// The address of a block that has the given host bits.
fn inside(net: IpNet, bits: u128) -> IpAddr {
    match net.trunc() {
        IpNet::V4(net) => {
            let bits = u32::try_from(bits & u128::from(u32::MAX)).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from(u32::from(net.addr()) | bits & u32::from(net.hostmask())))
        }
        IpNet::V6(net) => {
            IpAddr::V6(Ipv6Addr::from(u128::from(net.addr()) | bits & u128::from(net.hostmask())))
        }
    }
}

/// Parses with everything that reads text; the results do not matter.
fn read_all(text: &str) {
    drop((PortSet::parse(text), TargetList::parse(text), Target::parse(text)));
    drop((Hostname::parse(text), parse_nets(text)));
}

proptest! {
    #[test]
    fn parsing_is_total(text in any::<String>(), bytes in any::<Vec<u8>>(), targets in near_targets(), ports in near_ports()) {
        read_all(&text);
        read_all(&String::from_utf8_lossy(&bytes));
        read_all(&targets);
        read_all(&ports);
    }

    #[test]
    fn errors_are_short_and_printable(text in any::<String>()) {
        if let Err(error) = TargetList::parse(&text) {
            prop_assert!(error.value.chars().count() <= 100);
            prop_assert!(!error.message.chars().any(char::is_control));
            prop_assert_eq!(error.to_string(), error.message);
        }
    }

    #[test]
    fn lists_of_targets_round_trip(text in near_targets()) {
        if let Ok(list) = TargetList::parse(&text) {
            prop_assert_eq!(TargetList::parse(&list.to_string()), Ok(list.clone()));
            prop_assert!((1..=64).contains(&list.iter().count()));
            prop_assert!((1..=65_536).contains(&list.address_count()));
        }
    }

    #[test]
    fn addresses_and_blocks_round_trip(net in net()) {
        let target = Target::parse(&net.to_string());
        prop_assert!(target.is_ok());
        prop_assert_eq!(Target::parse(&target.clone()?.to_string()), target);
        let address = Target::parse(&net.addr().to_string());
        prop_assert_eq!(address, Ok(Target::Address(net.addr().to_canonical())));
    }

    #[test]
    fn names_round_trip(text in "[A-Za-z_]{1,8}([.-][a-z0-9]{1,8}){0,3}[.]com[.]?") {
        let name = Hostname::parse(&text)?;
        prop_assert_eq!(name.as_str(), text.trim_end_matches('.').to_ascii_lowercase());
        prop_assert_eq!(Hostname::parse(name.as_str()), Ok(name));
    }

    #[test]
    fn ports_round_trip(ports in ports()) {
        prop_assert_eq!(PortSet::parse(&ports.to_string()), Ok(ports));
    }

    #[test]
    fn places_of_the_order_agree_with_the_walk(ports in ports(), indices in prop::collection::vec(0..66_000_usize, 20)) {
        let walked: Vec<u16> = ports.iter().collect();
        prop_assert_eq!(ports.len(), walked.len());
        for index in indices.into_iter().chain([0, 999, 1000, walked.len() - 1, walked.len()]) {
            prop_assert_eq!(ports.get(index), walked.get(index).copied());
        }
    }

    #[test]
    fn membership_agrees_with_the_walk(ports in ports(), port in any::<u16>()) {
        prop_assert_eq!(ports.contains(port), ports.iter().any(|walked| walked == port));
        prop_assert!(!ports.contains(0));
        let mut walked: Vec<u16> = ports.iter().collect();
        walked.sort_unstable();
        walked.dedup();
        prop_assert_eq!(walked.len(), ports.len());
    }

    #[test]
    fn a_block_that_passes_has_no_refused_address(policy in policy(), net in net(), bits in any::<[u128; 8]>()) {
        let passes = policy.check_block(net).is_ok();
        let mut samples = bits.iter().copied().chain([0, 1, u128::MAX, u128::MAX - 1]).map(|bits| inside(net, bits));
        prop_assert!(!passes || samples.all(|address| policy.check_address(address).is_ok()));
    }

    #[test]
    fn a_small_block_is_refused_exactly_for_its_addresses(policy in policy(), net in net(), size in 0..=4_u8) {
        let net = IpNet::new(net.addr(), net.max_prefix_len() - size).unwrap_or(net).trunc();
        let every = (0..1_u128 << size).all(|bits| policy.check_address(inside(net, bits)).is_ok());
        prop_assert_eq!(policy.check_block(net).is_ok(), every);
    }

    #[test]
    fn mapped_addresses_fare_as_the_address_inside(policy in policy(), inner in v4()) {
        let plain = policy.check_address(IpAddr::V4(inner)).is_ok();
        prop_assert_eq!(policy.check_address(IpAddr::V6(inner.to_ipv6_mapped())).is_ok(), plain);
    }
}

/// The cases of an address check that must hold wherever the literal comes from.
#[test]
fn no_spelling_of_an_inner_address_gets_through() {
    let malformed = [
        "127.1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "0",
        "①②⑦.⓪.⓪.①",
        "１２７.０.０.１",
        "127。0。0。1",
        "user@host",
        "ftp:",
        "file:",
        "gopher:",
        "ftp://h",
        "file:///h",
        "gopher://h",
    ];
    for text in malformed {
        assert!(TargetList::parse(text).is_err(), "{text}");
    }
    let refused = [
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "169.254.0.1",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "168.63.129.16",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "127.0.0.1",
        "0.0.0.0",
    ];
    let policy = TargetPolicy { base: Base::PublicOnly, allow: Vec::new(), deny: Vec::new() };
    for text in refused {
        let list = TargetList::parse(text).unwrap();
        assert!(list.iter().all(|target| policy.check(target).is_err()), "{text}");
    }
    assert_eq!(TargetList::parse("LOCALHOST.").unwrap().to_string(), "localhost");
}
