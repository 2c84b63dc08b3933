use futures::future::join_all;

use super::{Offered, is_between};
use crate::hello::{Asker, KeyExchange, Offer, Version, groups, suites::Suite};

/// A group that keys are agreed on in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Group {
    /// Its number, as IANA lists it.
    pub number: u16,
    /// Its name.
    pub name: &'static str,
    /// A quantum computer does not break it either.
    pub is_post_quantum: bool,
}

impl Group {
    pub(crate) fn of(number: u16) -> Self {
        let (name, is_post_quantum) = match number {
            0x11ec => ("X25519MLKEM768", true),
            0x11eb => ("SecP256r1MLKEM768", true),
            0x11ed => ("SecP384r1MLKEM1024", true),
            0x6399 => ("X25519Kyber768Draft00", true),
            22 => ("secp256k1", false),
            23 => ("secp256r1", false),
            24 => ("secp384r1", false),
            25 => ("secp521r1", false),
            26 => ("brainpoolP256r1", false),
            27 => ("brainpoolP384r1", false),
            28 => ("brainpoolP512r1", false),
            29 => ("x25519", false),
            30 => ("x448", false),
            31 => ("brainpoolP256r1tls13", false),
            32 => ("brainpoolP384r1tls13", false),
            33 => ("brainpoolP512r1tls13", false),
            256 => ("ffdhe2048", false),
            257 => ("ffdhe3072", false),
            258 => ("ffdhe4096", false),
            259 => ("ffdhe6144", false),
            260 => ("ffdhe8192", false),
            _ => ("unknown", false),
        };
        Self { number, name, is_post_quantum }
    }

    /// Bits of an RSA key of the same strength.
    pub(crate) fn rsa_bits(self) -> usize {
        match self.number {
            24 | 27 | 30 | 32 => 7680,
            25 | 28 | 33 => 15360,
            256 => 2048,
            258 => 4096,
            259 => 6144,
            260 => 8192,
            _ => 3072,
        }
    }
}

/// Finds out which groups a server takes, in TLS 1.3 and below.
pub(super) async fn ask(asker: &Asker<'_>, versions: &[Offered]) -> Vec<Group> {
    let is_new = |offered: &&Offered| offered.version == Version::Tls13;
    let mut numbers = match versions.iter().find(is_new) {
        Some(offered) => of_new(asker, offered).await,
        None => Vec::new(),
    };
    if let Some(offered) = versions.iter().rev().find(|offered| is_between(offered.version)) {
        numbers.extend(of_old(asker, offered).await);
    }
    let mut known = Vec::new();
    for number in numbers {
        if !known.contains(&number) {
            known.push(number);
        }
    }
    known.into_iter().map(Group::of).collect()
}

/// Without a key of any group, the server has to say which one it wants.
async fn of_new(asker: &Asker<'_>, offered: &Offered) -> Vec<u16> {
    let suites = offered.numbers();
    let mut left = groups::ALL.to_vec();
    let mut found = Vec::new();
    while !left.is_empty() {
        let offer =
            Offer { groups: &left, shares_key: false, ..Offer::new(asker.name(), Version::Tls13, &suites) };
        let Ok(answer) = asker.ask(&offer, false).await else { break };
        let Some(group) = answer.group.filter(|group| left.contains(group)) else { break };
        left.retain(|other| *other != group);
        found.push(group);
    }
    found
}

async fn of_old(asker: &Asker<'_>, offered: &Offered) -> Vec<u16> {
    let suites = offered.numbers_of(|suite| suite.name.contains("ECDHE"));
    let mut left = groups::CURVES.to_vec();
    let mut found = Vec::new();
    while !left.is_empty() && !suites.is_empty() {
        let offer = Offer { groups: &left, ..Offer::new(asker.name(), offered.version, &suites) };
        let Ok(answer) = asker.ask(&offer, true).await else { break };
        let Some(KeyExchange::Curve(curve)) = answer.exchange else { break };
        if !left.contains(&curve) {
            break;
        }
        left.retain(|other| *other != curve);
        found.push(curve);
    }
    found
}

/// The size of the smallest prime in any version.
pub(super) async fn dh_bits(asker: &Asker<'_>, versions: &[Offered]) -> Option<usize> {
    let asks = versions.iter().filter(|offered| is_between(offered.version)).map(|offered| async move {
        // Export suites have primes of their own.
        let all = [
            |suite: &Suite| suite.has_dh && !suite.is_export,
            |suite: &Suite| suite.has_dh && suite.is_export,
        ];
        let mut least: Option<usize> = None;
        for is_so in all {
            let suites = offered.numbers_of(is_so);
            let offer = Offer::new(asker.name(), offered.version, &suites);
            let answer = if suites.is_empty() { None } else { asker.ask(&offer, true).await.ok() };
            let Some(KeyExchange::Dh(prime)) = answer.and_then(|answer| answer.exchange) else { continue };
            let bits = KeyExchange::dh_bits(&prime);
            least = Some(least.map_or(bits, |least| least.min(bits)));
        }
        least
    });
    join_all(asks).await.into_iter().flatten().min()
}
