use super::*;

fn policy(base: Base, allow: &str, deny: &str) -> TargetPolicy {
    TargetPolicy { base, allow: parse_nets(allow).unwrap(), deny: parse_nets(deny).unwrap() }
}

/// The reason for which a target is refused; empty if it passes.
fn reason(policy: &TargetPolicy, target: &str) -> &'static str {
    policy.check(&Target::parse(target).unwrap()).map_or_else(|refusal| refusal.reason, |()| "")
}

const NEVER: [(&str, &str); 18] = [
    ("0.0.0.0", "unspecified"),
    ("0.1.2.3", "unspecified"),
    ("::", "unspecified"),
    ("169.254.1.1", "link-local"),
    ("fe80::1", "link-local"),
    ("febf::1", "link-local"),
    ("169.254.169.254", "metadata"),
    ("::ffff:169.254.169.254", "metadata"),
    ("64:ff9b::169.254.169.254", "metadata"),
    ("2002:a9fe:a9fe::1", "metadata"),
    ("169.254.170.2", "metadata"),
    ("100.100.100.200", "metadata"),
    ("168.63.129.16", "metadata"),
    ("192.0.0.192", "metadata"),
    ("fd00:ec2::254", "metadata"),
    ("224.0.0.1", "multicast"),
    ("ff02::1", "multicast"),
    ("255.255.255.255", "broadcast"),
];

const NOT_PUBLIC: [(&str, &str); 29] = [
    ("10.0.0.1", "private"),
    ("172.16.0.1", "private"),
    ("172.31.255.255", "private"),
    ("192.168.1.1", "private"),
    ("127.0.0.1", "loopback"),
    ("127.255.255.255", "loopback"),
    ("100.64.0.1", "shared"),
    ("100.127.255.255", "shared"),
    ("192.0.0.1", "protocol"),
    ("192.0.2.1", "documentation"),
    ("198.51.100.1", "documentation"),
    ("203.0.113.1", "documentation"),
    ("198.18.0.1", "benchmarks"),
    ("198.19.255.255", "benchmarks"),
    ("240.0.0.1", "reserved"),
    ("::1", "loopback"),
    ("::ffff:127.0.0.1", "loopback"),
    ("::ffff:7f00:1", "loopback"),
    ("fc00::1", "private"),
    ("fdff::1", "private"),
    ("fec0::1", "private"),
    ("2001:db8::1", "documentation"),
    ("3fff:fff::1", "documentation"),
    ("64:ff9b::808:808", "stands for"),
    ("64:ff9b:1::1", "stands for"),
    ("2002:808:808::1", "stands for"),
    ("2001:0:4136:e378::1", "stands for"),
    ("::127.0.0.1", "stands for"),
    ("::8.8.8.8", "stands for"),
];

const PUBLIC: [&str; 14] = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2606:4700::1111",
    "2001:4860:4860::8888",
];

#[test]
fn both_bases_refuse_what_no_scan_is_meant_for() {
    for base in [Base::Trusting, Base::PublicOnly] {
        let policy = policy(base, "", "");
        for (target, expected) in NEVER {
            let reason = reason(&policy, target);
            assert!(reason.contains(expected), "{target}: {reason}");
        }
    }
}

#[test]
fn only_the_stricter_base_refuses_what_is_not_public() {
    let (trusting, public) = (policy(Base::Trusting, "", ""), policy(Base::PublicOnly, "", ""));
    for (target, expected) in NOT_PUBLIC {
        let found = reason(&public, target);
        assert!(found.contains(expected), "{target}: {found}");
        assert_eq!(reason(&trusting, target), "", "{target}");
    }
}

#[test]
fn public_addresses_and_names_pass() {
    for target in PUBLIC.into_iter().chain(["localhost", "metadata.google.internal"]) {
        assert_eq!(reason(&policy(Base::PublicOnly, "", ""), target), "", "{target}");
    }
}

#[test]
fn mapped_addresses_are_the_address_inside() {
    let address = "::ffff:10.0.0.1".parse().unwrap();
    assert!(policy(Base::PublicOnly, "", "").check_address(address).is_err());
    assert!(policy(Base::PublicOnly, "10.0.0.0/8", "").check_address(address).is_ok());
    assert!(policy(Base::Trusting, "", "10.0.0.0/8").check_address(address).is_err());
    let mapped = "::ffff:10.0.0.0/104".parse().unwrap();
    let policy = TargetPolicy { base: Base::PublicOnly, allow: vec![mapped], deny: Vec::new() };
    assert_eq!(reason(&policy, "10.1.2.3"), "");
}

#[test]
fn deny_goes_before_allow_and_allow_before_the_base() {
    let policy = policy(Base::PublicOnly, "10.0.0.0/8,169.254.169.254", "10.0.0.0/24");
    assert_eq!(reason(&policy, "10.0.1.1"), "");
    assert_eq!(reason(&policy, "169.254.169.254"), "");
    assert_eq!(reason(&policy, "10.0.0.1"), rules::DENIED);
    assert_eq!(reason(&policy, "64:ff9b::10.0.0.1"), rules::DENIED);
    assert_eq!(reason(&policy, "2002:a00:1::"), rules::DENIED);
    assert!(reason(&policy, "169.254.169.253").contains("link-local"));
}

#[test]
fn a_block_passes_only_as_a_whole() {
    let public = policy(Base::PublicOnly, "", "");
    let cases = [
        ("8.8.8.0/24", ""),
        ("9.0.0.0/8", ""),
        ("2606:4700::/32", ""),
        ("10.0.0.0/24", "a private address"),
        ("8.0.0.0/6", "a private address"),
        ("168.63.129.0/24", "a cloud metadata address"),
        ("::/0", "a cloud metadata address"),
        ("0.0.0.0/0", "a cloud metadata address"),
        ("::fffe:0:0/95", "a cloud metadata address"),
        ("64:ff9b::a9fe:0/112", "a cloud metadata address"),
    ];
    for (block, expected) in cases {
        assert_eq!(reason(&public, block), expected, "{block}");
    }
    assert_eq!(reason(&policy(Base::Trusting, "", "8.8.8.8"), "8.8.8.0/24"), rules::DENIED);
}

#[test]
fn allowed_blocks_cover_what_the_base_refuses() {
    let halves = policy(Base::PublicOnly, "10.0.0.0/25,10.0.0.128/25", "");
    assert_eq!(reason(&halves, "10.0.0.0/24"), "");
    assert_eq!(reason(&halves, "10.0.0.0/23"), "a private address");
    let ten = policy(Base::PublicOnly, "10.0.0.0/8", "");
    assert_eq!(reason(&ten, "10.0.0.0/7"), "");
    let all = policy(Base::PublicOnly, "0.0.0.0/0,::/0", "");
    assert_eq!(reason(&all, "::/0"), "");
    // An allowed IPv6 block says nothing of the IPv4 addresses that may be written in it.
    let six = policy(Base::PublicOnly, "::/0", "");
    assert_eq!(reason(&six, "fe80::/64"), "");
    assert_eq!(reason(&six, "::/80"), "a cloud metadata address");
    assert_eq!(reason(&six, "::ffff:10.0.0.1"), "a private address");
}

#[test]
fn a_refusal_says_what_the_operator_may_do() {
    let message =
        |policy: TargetPolicy| policy.check_block("10.0.0.0/24".parse().unwrap()).unwrap_err().to_string();
    let public = message(policy(Base::PublicOnly, "", ""));
    assert_eq!(
        public,
        "Target `10.0.0.0/24` is refused: a private address; the operator may permit it with VEDETTE_TARGETS_ALLOW"
    );
    let denied = message(policy(Base::PublicOnly, "", "10.0.0.0/8"));
    assert_eq!(denied, "Target `10.0.0.0/24` is refused: the operator denied it");
}

#[test]
fn lists_of_networks_are_read() {
    let nets = parse_nets("10.0.0.5/8, 192.0.2.1,::ffff:10.0.0.0/120").unwrap();
    let texts: Vec<String> = nets.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["10.0.0.0/8", "192.0.2.1/32", "10.0.0.0/24"]);
    assert!(parse_nets(" ").unwrap().is_empty());
    for (text, why) in
        [("localhost", "host name"), ("10.0.0.0/33", "prefix"), ("10.0.0.1,", "empty"), ("1.2.3", "four")]
    {
        let error = parse_nets(text).unwrap_err();
        assert!(error.field == "nets" && error.message.contains(why), "{error}");
    }
}
