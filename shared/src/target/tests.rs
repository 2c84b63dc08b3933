use super::*;

fn one(text: &str) -> String {
    Target::parse(text).unwrap().to_string()
}

fn why(text: &str) -> String {
    let error = TargetList::parse(text).unwrap_err();
    assert_eq!(error.field, "target");
    error.message
}

#[test]
fn addresses_are_canonical() {
    let cases = [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("[::ffff:c000:201]", "192.0.2.1"),
        ("::", "::"),
        ("192.0.2.1/32", "192.0.2.1"),
        ("2001:db8::1/128", "2001:db8::1"),
        ("::ffff:192.0.2.1/128", "192.0.2.1"),
    ];
    for (text, canonical) in cases {
        assert!(matches!(Target::parse(text), Ok(Target::Address(_))), "{text}");
        assert_eq!(one(text), canonical);
    }
}

#[test]
fn blocks_lose_their_host_bits() {
    let cases = [
        ("10.0.0.5/24", "10.0.0.0/24"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("2001:db8::5/120", "2001:db8::/120"),
        ("::ffff:10.0.0.5/120", "10.0.0.0/24"),
        ("::ffff:10.0.0.5/95", "::fffe:0:0/95"),
    ];
    for (text, canonical) in cases {
        assert!(matches!(Target::parse(text), Ok(Target::Block(_))), "{text}");
        assert_eq!(one(text), canonical);
    }
}

#[test]
fn names_are_lower_case_without_final_dot() {
    let cases = [
        ("LOCALHOST.", "localhost"),
        ("WWW.Example.com", "www.example.com"),
        ("_dmarc.example.com", "_dmarc.example.com"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("1and1.com", "1and1.com"),
        ("3com", "3com"),
        ("0xyz", "0xyz"),
    ];
    for (text, canonical) in cases {
        assert!(matches!(Target::parse(text), Ok(Target::Host(_))), "{text}");
        assert_eq!(one(text), canonical);
    }
    let longest = format!("{0}.{0}.{0}.{1}", "a".repeat(63), "a".repeat(61));
    assert_eq!(one(&format!("{longest}.")), longest);
}

#[test]
fn numbers_are_never_names() {
    let cases = [
        "127.1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "0",
        "1.2.3",
        "256.1.1.1",
        "01.2.3.4",
        "1.2.3.4.",
        "127.0.0.0x1",
        "0X7F.1",
        "example.0x",
        "1.2.3.4.5",
        "host.123",
    ];
    for text in cases {
        assert!(why(text).contains("give four decimal numbers"), "{text}");
    }
}

#[test]
fn ranges_of_addresses_are_never_names() {
    for text in ["127.0.0.1-5", "192.0.2.0-192.0.2.255", "10.0.0-3.1-5"] {
        assert!(why(text).contains("give a block"), "{text}");
    }
    assert_eq!(one("server-1"), "server-1");
    assert_eq!(one("a.b1-2"), "a.b1-2");
}

#[test]
fn refusals_say_what_to_give() {
    let cases = [
        ("", "is empty"),
        (".", "is empty"),
        ("a,,b", "is empty"),
        ("a,", "is empty"),
        ("invalid..host", "Target hostname is invalid: `invalid..host` has an empty label"),
        ("host..", "empty label"),
        (".host", "empty label"),
        ("-a.example", "hyphen"),
        ("a-.example", "hyphen"),
        ("a b", "not accepted"),
        ("a\nb", "`a\\nb`"),
        ("bücher.example", "punycode"),
        ("１２７.0.0.1", "ASCII"),
        ("127。0。0。1", "ASCII"),
        ("①②⑦.⓪.⓪.①", "ASCII"),
        ("http://example.com", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("ftp:", "in `ports`"),
        ("gopher:x", "IPv6"),
        ("user@host", "user name"),
        ("host:80", "in `ports`"),
        ("192.0.2.1:80", "in `ports`"),
        ("[2001:db8::1]:80", "in `ports`"),
        ("[2001:db8::1", "IPv6"),
        ("[192.0.2.1]", "IPv6"),
        ("[host]", "IPv6"),
        ("[::1]x", "IPv6"),
        ("::1]", "IPv6"),
        ("2001:db8:::1", "IPv6"),
        ("fe80::1%eth0", "zone id"),
        ("[fe80::1%25eth0]", "zone id"),
        ("example.com/path", "path"),
        ("example.com/24", "path"),
        ("10.0/8", "malformed block"),
        ("10.0.0.0/33", "prefix"),
        ("10.0.0.0/", "prefix"),
        ("10.0.0.0/+8", "prefix"),
        ("10.0.0.0/08", "prefix"),
        ("10.0.0.0/255.0.0.0", "prefix"),
        ("2001:db8::/129", "prefix"),
    ];
    for (text, expected) in cases {
        let message = why(text);
        assert!(message.contains(expected), "{text}: {message}");
    }
    assert!(why(&"a".repeat(64)).contains("1 to 63"));
    assert!(why(&vec!["a"; 128].join(".")).contains("253"));
}

#[test]
fn the_list_keeps_its_order() {
    let list = TargetList::parse("example.com , 192.0.2.1,2001:db8::/120").unwrap();
    assert_eq!(list.to_string(), "example.com,192.0.2.1,2001:db8::/120");
    assert_eq!(list.address_count(), 1 + 1 + 256);
    assert_eq!(list.iter().count(), 3);
    let json = serde_json::to_string(&list).unwrap();
    assert_eq!(serde_json::from_str::<TargetList>(&json).unwrap(), list);
}

#[test]
fn nothing_is_named_twice() {
    let cases = [
        "192.0.2.1,192.0.2.1/32",
        "192.0.2.1,::ffff:192.0.2.1",
        "10.0.0.0/24,10.0.0.9/24",
        "localhost,LOCALHOST.",
    ];
    for text in cases {
        assert!(why(text).contains("named twice"), "{text}");
    }
    assert!(TargetList::parse("10.0.0.0/24,10.0.0.9,localhost,local").is_ok());
}

#[test]
fn the_size_is_bounded() {
    assert_eq!(TargetList::parse("10.0.0.0/16").unwrap().address_count(), 65_536);
    assert_eq!(TargetList::parse("2001:db8::/112").unwrap().address_count(), 65_536);
    for text in ["10.0.0.0/15", "10.0.0.0/16,localhost", "::/0", "2001:db8::/64", "0.0.0.0/0,::/0"] {
        assert!(why(text).contains("at most 65536"), "{text}");
    }
    let names = |count: u32| (0..count).map(|n| format!("h{n}")).collect::<Vec<_>>().join(",");
    assert_eq!(TargetList::parse(&names(64)).unwrap().iter().count(), 64);
    assert!(why(&names(65)).contains("at most 64 entries"));
    assert!(why(&" ".repeat(4097)).contains("4096 bytes"));
}

#[test]
fn the_canonical_text_is_bounded_too() {
    let longest = |n: u32| {
        format!("h{n:02}.{}", ["a".repeat(62), "b".repeat(62), "c".repeat(62), "d".repeat(60)].join("."))
    };
    let names: Vec<String> = (0..16).map(longest).collect();
    let text = |address: &str| format!("{address},{},{}", names.join(","), "e".repeat(17));
    assert_eq!((text("1::2:3:4:5:6:7").len(), one("1::2:3:4:5:6:7").len()), (4096, 15));
    assert!(TargetList::parse(&text("1:2:3::6:7:800")).is_ok());
    assert!(why(&text("1::2:3:4:5:6:7")).contains("4096 bytes"));
}
