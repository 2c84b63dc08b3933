use std::net::IpAddr;

use crate::bytes::{put8, put16, put24, words};

/// A version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Version {
    /// 1995.
    Ssl2,
    /// 1996.
    Ssl3,
    /// 1999.
    Tls10,
    /// 2006.
    Tls11,
    /// 2008.
    Tls12,
    /// 2018.
    Tls13,
}

impl Version {
    /// Every version, the oldest first.
    pub const ALL: [Self; 6] = [Self::Ssl2, Self::Ssl3, Self::Tls10, Self::Tls11, Self::Tls12, Self::Tls13];

    /// Its usual name, such as `TLSv1.2`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ssl2 => "SSLv2",
            Self::Ssl3 => "SSLv3",
            Self::Tls10 => "TLSv1.0",
            Self::Tls11 => "TLSv1.1",
            Self::Tls12 => "TLSv1.2",
            Self::Tls13 => "TLSv1.3",
        }
    }

    /// Its number in messages.
    pub(crate) const fn number(self) -> u16 {
        match self {
            Self::Ssl2 => 0x0002,
            Self::Ssl3 => 0x0300,
            Self::Tls10 => 0x0301,
            Self::Tls11 => 0x0302,
            Self::Tls12 => 0x0303,
            Self::Tls13 => 0x0304,
        }
    }

    pub(crate) fn numbered(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.number() == number)
    }
}

/// Numbers of groups, as IANA lists them.
pub(crate) mod groups {
    pub(crate) const X25519: u16 = 29;
    /// Curves that servers below TLS 1.3 are offered. No ffdhe groups: a server that knows them would take one of them,
    /// and hide its small one.
    pub(crate) const CURVES: [u16; 9] = [X25519, 23, 24, 25, 30, 26, 27, 28, 22];
    /// All that are asked for, hybrids with ML-KEM first.
    pub(crate) const ALL: [u16; 18] =
        [0x11ec, 0x11eb, 0x11ed, 0x6399, X25519, 23, 24, 25, 30, 31, 32, 33, 256, 257, 258, 259, 260, 22];
}

/// What a ClientHello offers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offer<'a> {
    pub(crate) name: Option<&'a str>,
    /// The highest version; of TLS 1.3 nothing else is offered.
    pub(crate) version: Version,
    pub(crate) suites: &'a [u16],
    pub(crate) groups: &'a [u16],
    /// Protocols inside, if any are named.
    pub(crate) alpn: &'a [&'a str],
    pub(crate) compresses: bool,
    pub(crate) heartbeats: bool,
    /// Whether a key is shared, for TLS 1.3 to go on with; without one the server says which group it wants.
    pub(crate) shares_key: bool,
}

impl<'a> Offer<'a> {
    /// The usual, with these suites.
    pub(crate) fn new(name: Option<&'a str>, version: Version, suites: &'a [u16]) -> Self {
        Self {
            name,
            version,
            suites,
            groups: if version == Version::Tls13 { &groups::ALL } else { &groups::CURVES },
            alpn: &[],
            compresses: false,
            heartbeats: false,
            shares_key: true,
        }
    }

    /// The record with the ClientHello; `random` has 64 bytes.
    pub(crate) fn encode(&self, random: &[u8; 64]) -> Vec<u8> {
        let legacy = self.version.min(Version::Tls12);
        let (nonce, share) = random.split_at(32);
        let mut hello = legacy.number().to_be_bytes().to_vec();
        hello.extend(nonce);
        // TLS 1.3 has a session, so that boxes in between take it for an old handshake.
        put8(&mut hello, if self.version == Version::Tls13 { share } else { &[] });
        put16(&mut hello, &words(self.suites));
        put8(&mut hello, if self.compresses { &[1, 0] } else { &[0] });
        if self.version > Version::Ssl3 {
            put16(&mut hello, &self.extensions(share));
        }
        let mut message = vec![1];
        put24(&mut message, &hello);
        let mut record = vec![22];
        // What is below TLS 1.0 looks at the record's version; what is above must not.
        record.extend(legacy.min(Version::Tls10).number().to_be_bytes());
        put16(&mut record, &message);
        record
    }

    fn extensions(&self, share: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut add = |number: u16, content: &[u8]| {
            out.extend(number.to_be_bytes());
            put16(&mut out, content);
        };
        // No server name for an address.
        if let Some(name) = self.name.filter(|name| name.parse::<IpAddr>().is_err()) {
            let mut entry = vec![0];
            put16(&mut entry, name.trim_end_matches('.').as_bytes());
            add(0, &prefixed(&entry));
        }
        add(5, &[1, 0, 0, 0, 0]);
        add(10, &prefixed(&words(self.groups)));
        add(11, &[1, 0]);
        add(13, &prefixed(&words(&SCHEMES)));
        if self.heartbeats {
            add(15, &[1]);
        }
        if !self.alpn.is_empty() {
            let mut names = Vec::new();
            self.alpn.iter().for_each(|name| put8(&mut names, name.as_bytes()));
            add(16, &prefixed(&names));
        }
        add(18, &[]);
        if self.version == Version::Tls13 {
            add(43, &[2, 3, 4]);
            add(45, &[1, 1]);
            let mut shares = Vec::new();
            if self.shares_key {
                shares.extend(groups::X25519.to_be_bytes());
                put16(&mut shares, share);
            }
            add(51, &prefixed(&shares));
        } else {
            // Safe renegotiation, in its first handshake.
            add(0xff01, &[0]);
        }
        out
    }
}

/// Every signature that was ever used.
const SCHEMES: [u16; 18] = [
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b, 0x0401, 0x0501,
    0x0601, 0x0301, 0x0203, 0x0201, 0x0202,
];

fn prefixed(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    put16(&mut out, content);
    out
}
