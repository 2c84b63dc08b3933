use super::{handshake_type, offer::Version};
use crate::bytes::Reader;

/// The random bytes that make a ServerHello a HelloRetryRequest (RFC 8446, 4.1.3): SHA-256 of its name.
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2,
    0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// What a server said to an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact that is asked for by itself")]
pub(crate) struct Answer {
    pub(crate) version: Version,
    pub(crate) suite: u16,
    pub(crate) compresses: bool,
    /// Numbers of the extensions that it answered.
    pub(crate) extensions: Vec<u16>,
    /// The group of TLS 1.3.
    pub(crate) group: Option<u16>,
    /// It wants a key of [`Self::group`] first.
    pub(crate) is_retry: bool,
    /// The certificates, in DER.
    pub(crate) chain: Vec<Vec<u8>>,
    /// An answer of a responder.
    pub(crate) staple: Vec<u8>,
    /// SCTs in an extension (RFC 6962, 3.3.1), as a list.
    pub(crate) scts: Vec<u8>,
    pub(crate) exchange: Option<KeyExchange>,
    pub(crate) asks_for_certificate: bool,
    /// Its first flight is whole.
    pub(crate) is_done: bool,
}

/// The parameters of a key exchange below TLS 1.3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyExchange {
    /// With this prime.
    Dh(Vec<u8>),
    /// On the curve of this number.
    Curve(u16),
}

impl KeyExchange {
    /// Bits of the prime.
    pub(crate) fn dh_bits(prime: &[u8]) -> usize {
        let rest: Vec<_> = prime.iter().copied().skip_while(|byte| *byte == 0).collect();
        let zeros = rest.first().map_or(0, |first| first.leading_zeros());
        (rest.len() * 8).saturating_sub(usize::try_from(zeros).unwrap_or_default())
    }
}

impl Answer {
    /// Reads a ServerHello.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(body);
        let mut version = reader.u16()?;
        let random = reader.take(32)?;
        reader.vec8()?;
        let suite = reader.u16()?;
        let compresses = reader.u8()? != 0;
        let mut answer = Self {
            version: Version::Ssl2,
            suite,
            compresses,
            extensions: Vec::new(),
            group: None,
            is_retry: random == RETRY,
            chain: Vec::new(),
            staple: Vec::new(),
            scts: Vec::new(),
            exchange: None,
            asks_for_certificate: false,
            is_done: false,
        };
        let mut extensions = Reader::new(reader.vec16().unwrap_or_default());
        while !extensions.is_empty() {
            let (number, content) = (extensions.u16()?, extensions.vec16()?);
            answer.extensions.push(number);
            let first = Reader::new(content).u16();
            match number {
                18 => answer.scts = content.to_vec(),
                43 => version = first?,
                51 => answer.group = Some(first?),
                _ => {}
            }
        }
        answer.version = Version::numbered(version)?;
        Some(answer)
    }

    /// Takes a message that follows the ServerHello. Nothing is said of one that cannot be read.
    pub(crate) fn take(&mut self, kind: u8, body: &[u8]) {
        match kind {
            handshake_type::CERTIFICATE => self.chain = certificates(body).unwrap_or_default(),
            handshake_type::CERTIFICATE_STATUS => self.staple = staple(body).unwrap_or_default(),
            handshake_type::SERVER_KEY_EXCHANGE => self.exchange = exchange(body, self.suite),
            handshake_type::CERTIFICATE_REQUEST => self.asks_for_certificate = true,
            handshake_type::SERVER_HELLO_DONE => self.is_done = true,
            _ => {}
        }
    }
}

fn certificates(body: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut list = Reader::new(Reader::new(body).vec24()?);
    let mut chain = Vec::new();
    while !list.is_empty() {
        chain.push(list.vec24()?.to_vec());
    }
    Some(chain)
}

fn staple(body: &[u8]) -> Option<Vec<u8>> {
    let mut reader = Reader::new(body);
    let kind = reader.u8()?;
    let answer = reader.vec24()?;
    (kind == 1).then(|| answer.to_vec())
}

fn exchange(body: &[u8], suite: u16) -> Option<KeyExchange> {
    let mut reader = Reader::new(body);
    let name = super::suites::name(suite)?;
    if name.contains("ECDH") {
        // A named curve.
        return (reader.u8()? == 3).then(|| reader.u16()).flatten().map(KeyExchange::Curve);
    }
    name.contains("_DH").then(|| reader.vec16()).flatten().map(|prime| KeyExchange::Dh(prime.to_vec()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bits_are_counted_from_the_first_one() {
        assert_eq!(KeyExchange::dh_bits(&[0, 0x80, 0]), 16);
        assert_eq!(KeyExchange::dh_bits(&[1, 0]), 9);
        assert_eq!(KeyExchange::dh_bits(&[]), 0);
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_not(body: Vec<u8>, kind: u8, suite: u16) {
            Answer::read(&body);
            let mut hello = vec![3, 3];
            hello.extend([0; 33]);
            hello.extend(suite.to_be_bytes());
            hello.push(0);
            let mut answer = Answer::read(&hello).unwrap();
            answer.take(kind, &body);
            for kind in [11, 12, 13, 14, 22] {
                answer.take(kind, &body);
            }
        }
    }
}
