use crate::{
    chain::{Certificate, KeyAlgorithm},
    full::Posture,
    hello::{Version, suites::TLS13},
};

/// A profile of Mozilla's Server Side TLS guidelines, version 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Profile {
    /// TLS 1.3 only, and ECDSA certificates of at most 90 days.
    Modern,
    /// TLS 1.2 and 1.3 with forward secrecy and AEAD.
    Intermediate,
}

impl Profile {
    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Modern => "modern",
            Self::Intermediate => "intermediate",
        }
    }
}

/// The suites below TLS 1.3 of the intermediate profile.
const INTERMEDIATE: [u16; 9] = [0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0x009e, 0x009f, 0xccaa];

const DAY: i64 = 86_400;
/// What both profiles ask of HSTS: two years.
const HSTS: u64 = 63_072_000;

/// The strictest profile that is met; none where neither is. HSTS counts where pages are served.
pub(crate) fn profile(posture: &Posture, certificate: &Certificate) -> Option<Profile> {
    let has_hsts = posture.hsts.is_none_or(|hsts| hsts.max_age.is_some_and(|age| age >= HSTS));
    if !has_hsts || !posture.takes(Version::Tls13) {
        return None;
    }
    let is_curve =
        matches!(&certificate.key.algorithm, KeyAlgorithm::Ec(curve) if curve == "P-256" || curve == "P-384");
    let only_new = posture.versions.iter().all(|offered| offered.version == Version::Tls13);
    if only_new && is_curve && certificate.lifetime() <= 90 * DAY {
        return Some(Profile::Modern);
    }
    let versions = posture.versions.iter().all(|offered| offered.version >= Version::Tls12);
    let suites =
        posture.suites().all(|suite| INTERMEDIATE.contains(&suite.number) || TLS13.contains(&suite.number));
    let is_rsa = certificate.key.algorithm == KeyAlgorithm::Rsa && certificate.key.bits >= 2048;
    let dh = posture.dh_bits.is_none_or(|bits| bits >= 2048);
    let is_short = certificate.lifetime() <= 730 * DAY;
    (versions && suites && (is_curve || is_rsa) && dh && is_short).then_some(Profile::Intermediate)
}
