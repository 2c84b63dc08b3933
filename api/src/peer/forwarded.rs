//! What proxies write into requests. Pure: lists of words in, addresses and names out.

use std::net::{IpAddr, SocketAddr};

/// The way of a request through proxies, as far as they are trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chain {
    /// The first address that is no trusted proxy's: the client.
    pub(super) client: IpAddr,
    /// Trusted proxies that the request came through.
    proxies: usize,
}

impl Chain {
    /// Walks `named`, the entries of `X-Forwarded-For`, from the right, where the last proxy wrote whom it saw: a proxy
    /// that is trusted is believed about the one before it. Where an entry is no address, the last proxy that is known
    /// counts as the client: what stands further left may be anybody's invention.
    pub(super) fn walk(other_end: IpAddr, named: Vec<&str>, is_trusted: impl Fn(IpAddr) -> bool) -> Self {
        let mut chain = Self { client: other_end.to_canonical(), proxies: 0 };
        let mut earlier = named.into_iter().rev();
        while is_trusted(chain.client) {
            chain.proxies += 1;
            let Some(address) = earlier.next().and_then(address) else { break };
            chain.client = address;
        }
        chain
    }

    /// What the outermost trusted proxy said in a list to which each adds on the right; or in one word, where each
    /// replaces what it was told.
    pub(super) fn told<'a>(&self, said: &[&'a str]) -> Option<&'a str> {
        let outermost = said.len().saturating_sub(self.proxies);
        said.get(outermost).copied().filter(|_| self.proxies > 0)
    }
}

/// An address as proxies write it: bare, with a port, or in brackets with or without one.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let with_port = || text.parse().ok().map(|address: SocketAddr| address.ip());
    bare.parse().ok().or_else(with_port).map(|address| address.to_canonical())
}

/// The scheme of the client's own connection.
pub(super) fn scheme(text: &str) -> Option<&'static str> {
    ["http", "https"].into_iter().find(|scheme| text.eq_ignore_ascii_case(scheme))
}

/// A host, with or without a port, that may stand in a URL that is sent back.
pub(super) fn host(text: &str) -> Option<&str> {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b".:-_[]".contains(&byte);
    (!text.is_empty() && text.bytes().all(is_fit)).then_some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `10.0.0.0/8` and `fd00::/8` are trusted.
    fn is_trusted(address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => address.octets()[0] == 10,
            IpAddr::V6(address) => address.octets()[0] == 0xfd,
        }
    }

    fn walk(other_end: &str, named: &str) -> Chain {
        let named = named.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        Chain::walk(other_end.parse().unwrap(), named.collect(), is_trusted)
    }

    fn client(other_end: &str, named: &str) -> String {
        walk(other_end, named).client.to_string()
    }

    #[test]
    fn the_client_is_the_first_from_the_right_that_is_not_trusted() {
        for (other_end, named, expected) in [
            ("192.0.2.1", "", "192.0.2.1"),
            ("192.0.2.1", "10.0.0.1", "192.0.2.1"),
            ("10.0.0.1", "", "10.0.0.1"),
            ("10.0.0.1", "192.0.2.1", "192.0.2.1"),
            ("10.0.0.1", "198.51.100.9, 192.0.2.1", "192.0.2.1"),
            ("10.0.0.1", "198.51.100.9, 192.0.2.1, 10.0.0.2, 10.0.0.3", "192.0.2.1"),
            ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
            ("10.0.0.1", "192.0.2.1:4711", "192.0.2.1"),
            ("10.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
            ("10.0.0.1", "[2001:db8::1]", "2001:db8::1"),
            ("fd00::1", "2001:db8::1", "2001:db8::1"),
            ("::ffff:10.0.0.1", "::ffff:192.0.2.1", "192.0.2.1"),
            ("10.0.0.1", "192.0.2.1, unknown", "10.0.0.1"),
            ("10.0.0.1", "192.0.2.1, _hidden, 10.0.0.2", "10.0.0.2"),
            ("10.0.0.1", "192.0.2.1, 10.0.0.256", "10.0.0.1"),
        ] {
            assert_eq!(client(other_end, named), expected, "{other_end} after {named}");
        }
    }

    #[test]
    fn the_outermost_trusted_proxy_tells_scheme_and_host() {
        let told = |other_end, named, said: &'static str| {
            walk(other_end, named).told(&said.split(',').collect::<Vec<_>>())
        };
        assert_eq!(told("192.0.2.1", "", "https"), None, "a client has no say");
        assert_eq!(told("10.0.0.1", "192.0.2.1", "https"), Some("https"));
        assert_eq!(told("10.0.0.1", "192.0.2.1", "https,http"), Some("http"), "the client wrote the first");
        assert_eq!(told("10.0.0.1", "192.0.2.1,10.0.0.2", "ftp,https,http"), Some("https"));
        assert_eq!(told("10.0.0.1", "192.0.2.1,10.0.0.2", "https"), Some("https"), "the second replaced it");
    }

    #[test]
    fn only_schemes_and_hosts_are_taken() {
        assert_eq!(
            (scheme("HTTPS"), scheme("http"), scheme("javascript")),
            (Some("https"), Some("http"), None)
        );
        for good in ["scan.example.net", "scan.example.net:8443", "[2001:db8::1]:443"] {
            assert_eq!(host(good), Some(good));
        }
        for bad in ["", "a b", "a/b", "a@b", "\"", "a\r\nb", "m\u{fc}ller"] {
            assert_eq!(host(bad), None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn whoever_is_not_trusted_is_themselves_whatever_they_write(named in ".{0,200}", last: [u8; 3]) {
            let [a, b, c] = last;
            let other_end = format!("192.{a}.{b}.{c}");
            prop_assert_eq!(client(&other_end, &named), other_end);
            prop_assert_eq!(walk("192.0.2.1", &named).told(&["https"]), None);
        }

        #[test]
        fn nothing_left_of_the_client_changes_anything(spoofed in "[^,]{0,20}(,[^,]{0,20}){0,9}", hops in 0_usize..40) {
            let ways = [vec!["192.0.2.1"], vec!["10.0.0.2"; hops]].concat();
            let honest: Chain = Chain::walk("10.0.0.1".parse().unwrap(), ways.clone(), is_trusted);
            let lied = [spoofed.split(',').collect(), ways].concat();
            prop_assert_eq!(Chain::walk("10.0.0.1".parse().unwrap(), lied, is_trusted), honest);
            prop_assert_eq!(honest.client.to_string(), "192.0.2.1");
        }

        #[test]
        fn an_address_survives_every_way_to_write_it(bytes: [u8; 16], port: u16) {
            let six = IpAddr::from(bytes);
            let canonical = Some(six.to_canonical());
            prop_assert_eq!(address(&six.to_string()), canonical);
            prop_assert_eq!(address(&format!("[{six}]")), canonical);
            prop_assert_eq!(address(&format!("[{six}]:{port}")), canonical);
        }
    }
}
