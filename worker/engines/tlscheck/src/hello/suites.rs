//! What is known of cipher suites: their names, which the TLS library lists, and what the names say.

use std::sync::LazyLock;

use rustls::CipherSuite;

/// Every suite that has a name, by its number. The two that are signals and no suites are left out.
static ALL: LazyLock<Vec<u16>> = LazyLock::new(|| {
    (1..=u16::MAX).filter(|number| name(*number).is_some_and(|name| !name.ends_with("SCSV"))).collect()
});

/// The name of a suite as IANA lists it.
pub(crate) fn name(number: u16) -> Option<&'static str> {
    // The library writes the suites of TLS 1.3 with their version.
    CipherSuite::from(number).as_str().map(|name| match name.strip_prefix("TLS13_") {
        Some(_) => tls13_name(number),
        None => name,
    })
}

const fn tls13_name(number: u16) -> &'static str {
    match number {
        0x1301 => "TLS_AES_128_GCM_SHA256",
        0x1302 => "TLS_AES_256_GCM_SHA384",
        0x1303 => "TLS_CHACHA20_POLY1305_SHA256",
        0x1304 => "TLS_AES_128_CCM_SHA256",
        _ => "TLS_AES_128_CCM_8_SHA256",
    }
}

/// The suites of TLS 1.3.
pub(crate) const TLS13: [u16; 5] = [0x1301, 0x1302, 0x1303, 0x1304, 0x1305];

/// Those that nearly every server of the last twenty years has one of.
pub(crate) const USUAL: [u16; 40] = [
    0xc02f, 0xc02b, 0xc030, 0xc02c, 0xcca8, 0xcca9, 0xcc13, 0xcc14, 0x009e, 0x009f, 0xccaa, 0xc027, 0xc023,
    0xc028, 0xc024, 0xc013, 0xc009, 0xc014, 0xc00a, 0x0067, 0x006b, 0x0033, 0x0039, 0x009c, 0x009d, 0x003c,
    0x003d, 0x002f, 0x0035, 0xc012, 0xc008, 0x0016, 0x000a, 0x0005, 0x0004, 0xc011, 0xc007, 0x0041, 0x0084,
    0xc09c,
];

/// Numbers in the order in which they are offered: the usual, those that are weak, all others.
pub(crate) fn chunks() -> Vec<Vec<u16>> {
    let mut weak = Vec::new();
    let mut rest = Vec::new();
    for number in ALL.iter().filter(|number| !USUAL.contains(number) && !TLS13.contains(number)) {
        let Some(suite) = Suite::of(*number) else { continue };
        if suite.bits < 128 || suite.is_anonymous || suite.is_rc4 { &mut weak } else { &mut rest }
            .push(*number);
    }
    let lists = [USUAL.to_vec(), weak, rest];
    // Old servers choke on long lists.
    lists.iter().flat_map(|list| list.chunks(150)).map(<[u16]>::to_vec).collect()
}

/// What the name of a suite says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a property that is asked for by itself")]
pub struct Suite {
    /// Its number.
    pub number: u16,
    /// As IANA lists it.
    pub name: &'static str,
    /// The strength of its cipher: 0 for none, 40 for export, 112 for 3DES.
    pub bits: u16,
    /// Nobody shows who they are.
    pub is_anonymous: bool,
    /// It was made weak for export.
    pub is_export: bool,
    /// Its cipher is RC4.
    pub is_rc4: bool,
    /// Its cipher works on blocks of 64 bits: DES, 3DES, IDEA, RC2.
    pub has_small_blocks: bool,
    /// Its cipher protects what it encrypts (AEAD).
    pub is_aead: bool,
    /// What is recorded today stays secret when the key gets known.
    pub is_forward_secret: bool,
    /// The server decrypts with its certificate's RSA key.
    pub is_rsa_exchange: bool,
    /// The key is agreed on in the group of a prime.
    pub has_dh: bool,
    /// The server shows an ECDSA or `EdDSA` certificate.
    pub is_ecdsa: bool,
}

impl Suite {
    /// What is known of a number; none for those that have no name.
    #[must_use]
    pub fn of(number: u16) -> Option<Self> {
        let name = name(number)?;
        let is_tls13 = TLS13.contains(&number);
        let has = |word: &str| name.contains(word);
        let is_export = has("EXPORT");
        Some(Self {
            number,
            name,
            bits: bits(name, is_export),
            is_anonymous: has("_anon_"),
            is_export,
            is_rc4: has("RC4"),
            has_small_blocks: has("DES") || has("IDEA") || has("RC2"),
            is_aead: has("GCM") || has("CCM") || has("POLY1305") || has("OCB"),
            is_forward_secret: is_tls13 || has("DHE_") || has("_anon_"),
            is_rsa_exchange: name.starts_with("TLS_RSA_") && !has("PSK"),
            has_dh: has("_DHE_") || has("_DH_"),
            is_ecdsa: has("ECDSA") || has("ECCPWD"),
        })
    }
}

fn bits(name: &str, is_export: bool) -> u16 {
    const CIPHERS: [(&str, u16); 12] = [
        ("WITH_NULL", 0),
        ("SHA256_SHA256", 0),
        ("SHA384_SHA384", 0),
        ("3DES_EDE", 112),
        ("DES40", 40),
        ("DES_CBC", 56),
        ("_256_", 256),
        ("CHACHA20", 256),
        ("_128_", 128),
        ("IDEA", 128),
        ("SEED", 128),
        ("28147", 256),
    ];
    if is_export {
        return 40;
    }
    CIPHERS.iter().find(|(word, _)| name.contains(word)).map_or(128, |(_, bits)| *bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_suites_are() {
        let suite = |number| Suite::of(number).unwrap();
        assert!(ALL.len() > 300, "{}", ALL.len());
        assert_eq!(suite(0x1301).name, "TLS_AES_128_GCM_SHA256");
        assert_eq!(suite(0x0003).name, "TLS_RSA_EXPORT_WITH_RC4_40_MD5");
        assert!(suite(0x0003).is_export && suite(0x0003).is_rc4 && suite(0x0003).bits == 40);
        assert!(suite(0x0002).bits == 0 && suite(0x0002).is_rsa_exchange);
        assert!(suite(0x000a).bits == 112 && suite(0x000a).has_small_blocks);
        assert!(suite(0x0018).is_anonymous);
        assert!(suite(0x0009).bits == 56);
        assert!(suite(0xc02b).is_ecdsa && suite(0xc02b).is_aead && suite(0xc02b).is_forward_secret);
        assert!(suite(0x0039).has_dh && suite(0x0039).is_forward_secret && suite(0x0039).bits == 256);
        assert!(!suite(0x009c).is_forward_secret && suite(0x009c).bits == 128);
        assert!(suite(0xcca8).is_aead && suite(0xcca8).bits == 256);
        assert!(Suite::of(0x00ff).is_none_or(|suite| !ALL.contains(&suite.number)));
    }

    #[test]
    fn every_suite_is_offered_once() {
        let mut offered: Vec<u16> = chunks().concat();
        assert!(chunks().iter().all(|chunk| chunk.len() <= 150));
        offered.sort_unstable();
        let count = offered.len();
        offered.dedup();
        assert_eq!(offered.len(), count);
        assert!(ALL.iter().all(|number| TLS13.contains(number) || offered.contains(number)));
    }
}
