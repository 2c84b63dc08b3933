use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use crate::{
    chain::{Certificate, Evidence, signature_of, verify},
    der::{Der, INTEGER, SEQUENCE, wrap},
};

/// A certificate, and who signed it.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) certificate: Certificate,
    pub(crate) der: Vec<u8>,
    /// The content of the serial number's DER.
    pub(crate) serial: Vec<u8>,
    /// The issuer's name in DER, whole.
    pub(crate) issuer_name: Vec<u8>,
    /// The issuer's `SubjectPublicKeyInfo` in DER, whole.
    pub(crate) issuer_spki: Vec<u8>,
    /// Unix seconds.
    pub(crate) now: i64,
}

impl Subject {
    /// The server's certificate with its issuer, among what was sent, fetched, or is believed; none without one.
    pub(crate) fn find(evidence: &Evidence<'_>) -> Option<Self> {
        let leaf = evidence.served.first()?;
        let sent = evidence.served.iter().skip(1).chain(evidence.fetched);
        let mut found = sent.filter_map(|issuer| Self::of(leaf, issuer, evidence.now));
        found.next().or_else(|| Self::of_root(leaf, evidence))
    }

    /// A certificate that a certificate signed.
    pub(crate) fn of(leaf: &[u8], issuer: &[u8], now: i64) -> Option<Self> {
        let (_, issuer) = X509Certificate::from_der(issuer).ok()?;
        Self::signed_by(leaf, issuer.subject().as_raw().to_vec(), issuer.public_key().raw.to_vec(), now)
    }

    fn of_root(leaf: &[u8], evidence: &Evidence<'_>) -> Option<Self> {
        let mut roots = evidence.roots.all().iter();
        roots.find_map(|root| {
            let name = wrap(SEQUENCE, root.subject.as_ref());
            let spki = wrap(SEQUENCE, root.subject_public_key_info.as_ref());
            Self::signed_by(leaf, name, spki, evidence.now)
        })
    }

    fn signed_by(leaf: &[u8], issuer_name: Vec<u8>, issuer_spki: Vec<u8>, now: i64) -> Option<Self> {
        let (_, read) = X509Certificate::from_der(leaf).ok()?;
        if read.issuer().as_raw() != issuer_name {
            return None;
        }
        let (message, algorithm, signature) = signature_of(leaf)?;
        if !verify(&issuer_spki, algorithm, message, signature) {
            return None;
        }
        let serial = serial(message)?;
        let certificate = Certificate::read(leaf)?;
        Some(Self { certificate, der: leaf.to_vec(), serial, issuer_name, issuer_spki, now })
    }
}

/// The content of the serial number: behind the version, which only the first version leaves out.
fn serial(tbs: &[u8]) -> Option<Vec<u8>> {
    let mut fields = Der::new(tbs).expect(SEQUENCE)?.inside();
    fields.optional(0xa0);
    fields.expect(INTEGER).map(|serial| serial.content.to_vec())
}
