use std::net::IpAddr;

use super::certificate::AltName;

/// Whether one of `names` is the name that was asked for, or else the address.
pub(super) fn names_host(names: &[AltName], asked: Option<&str>, address: IpAddr) -> bool {
    let Some(asked) = asked else { return names.contains(&AltName::Ip(address)) };
    if let Ok(address) = asked.parse() {
        return names.contains(&AltName::Ip(address));
    }
    let asked = asked.strip_suffix('.').unwrap_or(asked);
    names.iter().any(|name| match name {
        AltName::Dns(pattern) => matches(pattern, asked),
        AltName::Ip(_) | AltName::Other(_) => false,
    })
}

/// RFC 6125 as browsers read it: `*` stands for exactly one label, and only as the whole first one; it needs two more.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let pattern = pattern.strip_suffix('.').unwrap_or(pattern);
    if let Some(parent) = pattern.strip_prefix("*.") {
        let Some((first, rest)) = name.split_once('.') else { return false };
        return !first.is_empty() && parent.contains('.') && rest.eq_ignore_ascii_case(parent);
    }
    !pattern.is_empty() && pattern.eq_ignore_ascii_case(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_stand_for_one_label() {
        for (pattern, name, is_one) in [
            ("example.org", "EXAMPLE.org", true),
            ("*.example.org", "www.example.org", true),
            ("*.example.org", "example.org", false),
            ("*.example.org", "a.b.example.org", false),
            ("*.org", "example.org", false),
            ("*", "org", false),
            ("w*.example.org", "www.example.org", false),
            ("*.example.org", ".example.org", false),
            ("", "", false),
        ] {
            assert_eq!(matches(pattern, name), is_one, "{pattern} for {name}");
        }
    }

    #[test]
    fn addresses_are_names_of_their_own() {
        let address: IpAddr = "127.0.0.1".parse().unwrap();
        let names = [AltName::Ip(address), AltName::Dns("a.example".to_owned())];
        assert!(names_host(&names, None, address));
        assert!(names_host(&names, Some("127.0.0.1"), address));
        assert!(names_host(&names, Some("a.example."), address));
        assert!(!names_host(&[AltName::Dns("127.0.0.1".to_owned())], Some("127.0.0.1"), address));
        assert!(!names_host(&names, None, "127.0.0.2".parse().unwrap()));
    }
}
