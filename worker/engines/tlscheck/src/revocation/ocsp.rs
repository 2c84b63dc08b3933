//! Questions to responders and their answers (RFC 6960).

use ring::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use super::{Statement, Subject};
use crate::{
    chain::{signature_of, verify},
    der::{
        BIT_STRING, Der, ENUMERATED, Element, GENERALIZED_TIME, INTEGER, OCTET_STRING, OID, SEQUENCE, wrap,
    },
};

/// 1.3.14.3.2.26
const SHA1_OID: &[u8] = &[0x2b, 0x0e, 0x03, 0x02, 0x1a];
/// 2.16.840.1.101.3.4.2.1
const SHA256_OID: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
/// `id-pkix-ocsp-basic`
const BASIC: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01];
/// Clocks differ, in seconds.
const SKEW: i64 = 300;
/// How long an answer holds that does not say so, in seconds.
const UNSAID: i64 = 7 * 86_400;

/// A question about one certificate, in the oldest form, which all responders know.
pub(super) fn request(subject: &Subject) -> Vec<u8> {
    let null = wrap(0x05, &[]);
    let algorithm = wrap(SEQUENCE, &[wrap(OID, SHA1_OID), null].concat());
    let (name, key) = issuer_hashes(subject, &SHA1_FOR_LEGACY_USE_ONLY).unwrap_or_default();
    let fields =
        [algorithm, wrap(OCTET_STRING, &name), wrap(OCTET_STRING, &key), wrap(INTEGER, &subject.serial)];
    let id = wrap(SEQUENCE, &fields.concat());
    let list = wrap(SEQUENCE, &wrap(SEQUENCE, &id));
    wrap(SEQUENCE, &wrap(SEQUENCE, &list))
}

/// The hashes of the issuer's name and key.
fn issuer_hashes(subject: &Subject, algorithm: &'static Algorithm) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut spki = Der::new(&subject.issuer_spki).expect(SEQUENCE)?.inside();
    spki.expect(SEQUENCE)?;
    let key = spki.expect(BIT_STRING)?.bits()?;
    let hash = |bytes: &[u8]| digest(algorithm, bytes).as_ref().to_vec();
    Some((hash(&subject.issuer_name), hash(key)))
}

/// What an answer says.
pub(super) fn read(subject: &Subject, answer: &[u8]) -> Statement {
    let Some(basic) = basic(answer) else { return Statement::Unreadable };
    let Some(whole) = Der::new(basic).expect(SEQUENCE) else { return Statement::Unreadable };
    if !is_authorized(subject, basic, whole).unwrap_or(false) {
        return Statement::Forged;
    }
    let mut said = Statement::Unreadable;
    if let Some(mut responses) = responses(whole) {
        // An answer about other certificates says nothing about this one, whoever signed it.
        said = Statement::Forged;
        while let Some(single) = responses.expect(SEQUENCE) {
            if let Some(statement) = about(subject, single) {
                said = statement;
                break;
            }
        }
    }
    said
}

/// The basic answer in an answer that is one.
fn basic(answer: &[u8]) -> Option<&[u8]> {
    let mut fields = Der::new(answer).expect(SEQUENCE)?.inside();
    let is_success = fields.expect(ENUMERATED)?.content == [0];
    let mut bytes = fields.expect(0xa0)?.inside().expect(SEQUENCE)?.inside();
    let is_basic = bytes.expect(OID)?.content == BASIC;
    let content = bytes.expect(OCTET_STRING)?.content;
    (is_success && is_basic).then_some(content)
}

/// The single answers.
fn responses(basic: Element<'_>) -> Option<Der<'_>> {
    let mut data = basic.inside().expect(SEQUENCE)?.inside();
    data.optional(0xa0);
    // Who answers: a name or a key. What counts is who signed.
    data.any()?;
    data.expect(GENERALIZED_TIME)?;
    Some(data.expect(SEQUENCE)?.inside())
}

/// Whether the issuer signed, or somebody whom the issuer certified for this.
fn is_authorized(subject: &Subject, basic: &[u8], whole: Element<'_>) -> Option<bool> {
    let (message, algorithm, signature) = signature_of(basic)?;
    if verify(&subject.issuer_spki, algorithm, message, signature) {
        return Some(true);
    }
    let mut fields = whole.inside();
    for _ in 0..3 {
        fields.any()?;
    }
    let mut certificates = fields.expect(0xa0)?.inside().expect(SEQUENCE)?.inside();
    for _ in 0..4 {
        let Some(certificate) = certificates.expect(SEQUENCE) else { break };
        if let Some(spki) = delegate(subject, certificate.whole)
            && verify(&spki, algorithm, message, signature)
        {
            return Some(true);
        }
    }
    Some(false)
}

/// The key of somebody who may answer for the issuer: certified by it, for that, and now.
fn delegate(subject: &Subject, certificate: &[u8]) -> Option<Vec<u8>> {
    let (_, read) = X509Certificate::from_der(certificate).ok()?;
    let (message, algorithm, signature) = signature_of(certificate)?;
    let is_certified = verify(&subject.issuer_spki, algorithm, message, signature)
        && read.issuer().as_raw() == subject.issuer_name;
    let answers = read.extended_key_usage().ok().flatten().is_some_and(|usage| usage.value.ocsp_signing);
    let (begins, ends) = (read.validity().not_before.timestamp(), read.validity().not_after.timestamp());
    let holds = begins - SKEW <= subject.now && subject.now <= ends + SKEW;
    (is_certified && answers && holds).then(|| read.public_key().raw.to_vec())
}

/// What a single answer says; none when it is about another certificate.
fn about(subject: &Subject, single: Element<'_>) -> Option<Statement> {
    let mut fields = single.inside();
    let mut id = fields.expect(SEQUENCE)?.inside();
    let algorithm = match id.expect(SEQUENCE)?.inside().expect(OID)?.content {
        SHA1_OID => &SHA1_FOR_LEGACY_USE_ONLY,
        SHA256_OID => &SHA256,
        _ => return None,
    };
    let (name, key) = issuer_hashes(subject, algorithm)?;
    let is_same = id.expect(OCTET_STRING)?.content == name
        && id.expect(OCTET_STRING)?.content == key
        && id.expect(INTEGER)?.content == subject.serial;
    if !is_same {
        return None;
    }
    let status = fields.any()?;
    let said = match status.tag {
        0x80 => Statement::Good,
        0xa1 => Statement::Revoked(status.inside().expect(GENERALIZED_TIME)?.time()?),
        _ => Statement::Unknown,
    };
    let from = fields.expect(GENERALIZED_TIME)?.time()?;
    let until = match fields.optional(0xa0) {
        Some(next) => next.inside().expect(GENERALIZED_TIME)?.time()?,
        None => from.saturating_add(UNSAID),
    };
    let is_current = from - SKEW <= subject.now && subject.now <= until.saturating_add(SKEW);
    Some(if is_current { said } else { Statement::Outdated })
}
