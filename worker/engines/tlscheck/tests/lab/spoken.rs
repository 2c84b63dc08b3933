//! What issuers and their responders say.

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use crate::{
    der::{bit_string, generalized, integer, oid, sequence, tagged, time},
    key::{Key, With},
    mint::{Authority, DAY, INTERMEDIATE, NOW, name},
};

/// An answer of a responder.
#[derive(Clone, Copy)]
pub(crate) struct Ocsp<'a> {
    pub(crate) serial: &'a [u8],
    /// `good`, `revoked` or `unknown`.
    pub(crate) status: &'static str,
    pub(crate) from: i64,
    pub(crate) until: Option<i64>,
}

impl<'a> Ocsp<'a> {
    pub(crate) fn good(serial: &'a [u8]) -> Self {
        Self { serial, status: "good", from: NOW - DAY, until: Some(NOW + DAY) }
    }

    pub(crate) fn revoked(serial: &'a [u8]) -> Self {
        Self { status: "revoked", ..Self::good(serial) }
    }

    /// Signed with `key`, about certificates of `lab`, with a certificate of the signer.
    pub(crate) fn sign(self, lab: &Authority, key: &Key, certificate: Option<Vec<u8>>) -> Vec<u8> {
        let hash = |bytes: &[u8]| tagged(4, digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref());
        // The key without the algorithm: of P-256, the last 65 bytes.
        let spki = lab.key.spki();
        let id = sequence(&[
            sequence(&[oid("1.3.14.3.2.26"), tagged(5, &[])]),
            hash(&name(INTERMEDIATE)),
            hash(&spki[spki.len() - 65..]),
            integer(self.serial),
        ]);
        let status = match self.status {
            "good" => tagged(0x80, &[]),
            "revoked" => tagged(0xa1, &generalized(NOW - 3 * DAY)),
            _ => tagged(0x82, &[]),
        };
        let mut single = vec![id, status, generalized(self.from)];
        single.extend(self.until.map(|until| tagged(0xa0, &generalized(until))));
        let responder = tagged(0xa1, &name("whoever"));
        let data = sequence(&[responder, generalized(self.from), sequence(&[sequence(&single)])]);
        let signature = key.sign(With::Sha256, &data);
        let mut fields = vec![data, key.algorithm(With::Sha256), bit_string(&signature)];
        fields.extend(certificate.map(|der| tagged(0xa0, &sequence(&[der]))));
        let basic = sequence(&[oid("1.3.6.1.5.5.7.48.1.1"), tagged(4, &sequence(&fields))]);
        sequence(&[tagged(0x0a, &[0]), tagged(0xa0, &basic)])
    }
}

/// A list of `lab`'s intermediate with these numbers.
pub(crate) fn list(key: &Key, serials: &[&[u8]], until: i64, part: Option<&str>) -> Vec<u8> {
    let revoked: Vec<_> =
        serials.iter().map(|serial| sequence(&[integer(serial), time(NOW - 2 * DAY)])).collect();
    let mut fields = vec![
        integer(&[1]),
        key.algorithm(With::Sha256),
        name(INTERMEDIATE),
        time(NOW - 5 * DAY),
        time(until),
    ];
    if !revoked.is_empty() {
        fields.push(sequence(&revoked));
    }
    if let Some(url) = part {
        let point = tagged(0xa0, &tagged(0xa0, &tagged(0x86, url.as_bytes())));
        let extension = sequence(&[oid("2.5.29.28"), tagged(1, &[0xff]), tagged(4, &sequence(&[point]))]);
        fields.push(tagged(0xa0, &sequence(&[extension])));
    }
    let tbs = sequence(&fields);
    let signature = key.sign(With::Sha256, &tbs);
    sequence(&[tbs, key.algorithm(With::Sha256), bit_string(&signature)])
}
