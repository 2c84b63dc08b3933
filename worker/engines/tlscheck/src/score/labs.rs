use std::fmt;

use crate::{
    chain::{Cause, Certificate, Hash, Verdict},
    full::{Heartbeat, Posture, Robot},
    hello::{Version, suites::Suite},
};

/// A grade by the rules of SSL Labs' Server Rating Guide (2009r).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Grade {
    /// A, and nothing is missing.
    APlus,
    /// At least 80 of 100.
    A,
    /// A, but something is missing.
    AMinus,
    /// At least 65.
    B,
    /// At least 50.
    C,
    /// At least 35.
    D,
    /// At least 20.
    E,
    /// Less, or something that ruins all the rest.
    F,
    /// The certificate is not trusted.
    T,
    /// The certificate is for another name.
    M,
}

/// A judgement by the rules of SSL Labs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Score {
    /// The versions, of 100.
    pub protocol: u32,
    /// How keys are agreed on, of 100.
    pub key_exchange: u32,
    /// The ciphers, of 100.
    pub cipher: u32,
    /// All three: 30, 30 and 40 percent.
    pub total: u32,
    /// What comes of it, with all caps.
    pub grade: Grade,
}

impl fmt::Display for Grade {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::APlus => "A+",
            Self::A => "A",
            Self::AMinus => "A-",
            Self::B => "B",
            Self::C => "C",
            Self::D => "D",
            Self::E => "E",
            Self::F => "F",
            Self::T => "T",
            Self::M => "M",
        })
    }
}

/// Judges a server; none where it takes no version at all.
pub(crate) fn score(posture: &Posture, certificate: &Certificate, verdict: &Verdict) -> Option<Score> {
    let protocol = best_and_worst(posture.versions.iter().map(|offered| of_version(offered.version)))?;
    let key_exchange = of_key_exchange(posture, certificate);
    let cipher = best_and_worst(posture.suites().map(of_cipher)).unwrap_or_default();
    let total = (protocol * 30 + key_exchange * 30 + cipher * 40) / 100;
    let by_points = match total {
        80.. => Grade::A,
        65.. => Grade::B,
        50.. => Grade::C,
        35.. => Grade::D,
        20.. => Grade::E,
        _ => Grade::F,
    };
    let capped = caps(posture, certificate, verdict).fold(by_points, Grade::max);
    let is_long = |age: u64| age >= 180 * 86_400;
    let has_hsts = posture.hsts.and_then(|hsts| hsts.max_age).is_some_and(is_long);
    let grade = if capped == Grade::A && has_hsts { Grade::APlus } else { capped };
    let score = Score { protocol, key_exchange, cipher, total, grade };
    Some(match of_trust(verdict, certificate) {
        Some(grade) => Score { total: 0, grade, ..score },
        None => score,
    })
}

/// The average of the best and the worst.
fn best_and_worst(all: impl Iterator<Item = u32> + Clone) -> Option<u32> {
    Some(u32::midpoint(all.clone().min()?, all.max()?))
}

const fn of_version(version: Version) -> u32 {
    match version {
        Version::Ssl2 => 0,
        Version::Ssl3 => 80,
        Version::Tls10 => 90,
        Version::Tls11 => 95,
        Version::Tls12 | Version::Tls13 => 100,
    }
}

fn of_key_exchange(posture: &Posture, certificate: &Certificate) -> u32 {
    if posture.suites().any(|suite| suite.is_anonymous) {
        return 0;
    }
    let of_groups = posture.groups.iter().map(|group| group.rsa_bits()).min();
    let bits = [Some(certificate.key.rsa_bits()), posture.dh_bits, of_groups];
    let least = bits.into_iter().flatten().min().unwrap_or_default();
    let is_export = posture.suites().any(|suite| suite.is_export);
    match least {
        0..512 => 20,
        512..1024 => 40,
        _ if is_export => 40,
        1024..2048 => 80,
        2048..4096 => 90,
        _ => 100,
    }
}

fn of_cipher(suite: &Suite) -> u32 {
    match suite.bits {
        0 => 0,
        1..128 => 20,
        128..256 => 80,
        _ => 100,
    }
}

/// Causes that have caps of their own.
const MILD: [Cause; 5] = [
    Cause::IncompleteChain,
    Cause::IncompleteMendable,
    Cause::WeakKey,
    Cause::WeakSignature,
    Cause::LongLifetime,
];

/// What an untrusted certificate makes of everything.
fn of_trust(verdict: &Verdict, certificate: &Certificate) -> Option<Grade> {
    let has = |cause| verdict.causes.contains(&cause);
    let is_broken = certificate.signature.hash == Some(Hash::Md5);
    if verdict.causes.iter().any(|cause| !MILD.contains(cause) && *cause != Cause::NameMismatch) || is_broken
    {
        return Some(Grade::T);
    }
    has(Cause::NameMismatch).then_some(Grade::M)
}

/// The best grade that each fault leaves.
fn caps(posture: &Posture, certificate: &Certificate, verdict: &Verdict) -> impl Iterator<Item = Grade> {
    let takes = |version| posture.takes(version);
    let any = |is_so: &dyn Fn(&Suite) -> bool| posture.suites().any(is_so);
    let all = |is_so: &dyn Fn(&Suite) -> bool| posture.suites().all(is_so);
    let best = posture.versions.iter().map(|offered| offered.version).max();
    let in_new = |is_so: &dyn Fn(&Suite) -> bool| {
        let new = posture.versions.iter().filter(|offered| offered.version >= Version::Tls11);
        new.flat_map(|offered| &offered.suites).any(is_so)
    };
    let causes = &verdict.causes;
    let is_incomplete =
        causes.contains(&Cause::IncompleteChain) || causes.contains(&Cause::IncompleteMendable);
    let bits = certificate.key.rsa_bits();
    let has_weak_dh = posture.dh_bits.is_some_and(|bits| bits < 2048);
    let faults = [
        (takes(Version::Ssl2) || best <= Some(Version::Ssl3), Grade::F),
        (all(&|suite| suite.is_rc4), Grade::F),
        (any(&|suite| suite.bits < 112 || suite.is_anonymous), Grade::F),
        (posture.heartbeat == Heartbeat::Bleeds || posture.robot == Robot::Oracle, Grade::F),
        (bits < 1024, Grade::F),
        (posture.dh_bits.is_some_and(|bits| bits < 1024), Grade::F),
        (causes.contains(&Cause::WeakSignature), Grade::T),
        (!takes(Version::Tls12) && !takes(Version::Tls13), Grade::C),
        (takes(Version::Ssl3), Grade::C),
        (in_new(&|suite| suite.is_rc4 || suite.has_small_blocks), Grade::C),
        (posture.compresses == Some(true), Grade::C),
        (any(&|suite| suite.is_rc4), Grade::B),
        (is_incomplete || bits < 2048 || has_weak_dh, Grade::B),
        (takes(Version::Tls10) || takes(Version::Tls11), Grade::B),
        (!any(&|suite| suite.is_forward_secret) || !any(&|suite| suite.is_aead), Grade::B),
        (!takes(Version::Tls13) || posture.renegotiates_safely == Some(false), Grade::AMinus),
    ];
    faults.into_iter().filter_map(|(is_so, grade)| is_so.then_some(grade))
}
