use ring::digest::{SHA256, digest};
use rustls::pki_types::alg_id::{ECDSA_SHA256, RSA_PKCS1_SHA256};

use super::{LogKind, LogList};
use crate::{
    bytes::{Reader, hex, put16, put24},
    chain::verify,
    der::{Der, OCTET_STRING, OID, SEQUENCE, wrap},
    revocation::Subject,
};

/// 1.3.6.1.4.1.11129.2.4.2
const SCT_LIST: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x02];
/// As many promises as are looked at.
const PROMISES: usize = 32;

/// A log's promise to show a certificate to everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sct {
    /// The log's number in hexadecimal.
    pub log_id: String,
    /// The log's name, where it is known.
    pub log: Option<String>,
    /// How the log is read, where it is known.
    pub kind: Option<LogKind>,
    /// When, in Unix milliseconds.
    pub at_ms: u64,
    /// Whether it is true.
    pub status: SctStatus,
}

/// Whether a promise is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SctStatus {
    /// The log made it.
    Valid,
    /// The log never made it for this certificate.
    False,
    /// The log made it, for a time that has not come.
    FromFuture,
    /// Nobody here knows the log.
    UnknownLog,
    /// It cannot be checked: of another version, or the issuer's key is not known.
    Unchecked,
}

/// The list of promises in a certificate.
pub(super) fn embedded(der: &[u8]) -> Option<Vec<u8>> {
    let mut extensions = extensions(tbs(der)?)?;
    while let Some(extension) = extensions.expect(SEQUENCE) {
        let mut fields = extension.inside();
        if fields.expect(OID)?.content == SCT_LIST {
            fields.optional(0x01);
            let value = fields.expect(OCTET_STRING)?;
            return Some(value.inside().expect(OCTET_STRING)?.content.to_vec());
        }
    }
    None
}

/// The part of a certificate that is signed, whole.
fn tbs(der: &[u8]) -> Option<&[u8]> {
    Some(Der::new(der).expect(SEQUENCE)?.inside().expect(SEQUENCE)?.whole)
}

fn extensions(tbs: &[u8]) -> Option<Der<'_>> {
    let mut fields = Der::new(tbs).expect(SEQUENCE)?.inside();
    loop {
        let field = fields.any()?;
        if field.tag == 0xa3 {
            return Some(field.inside().expect(SEQUENCE)?.inside());
        }
    }
}

/// What a log signs of a precertificate: the issuer's key, and the certificate without the promises.
pub(super) fn precertificate_entry(subject: &Subject) -> Option<Vec<u8>> {
    let mut fields = Der::new(tbs(&subject.der)?).expect(SEQUENCE)?.inside();
    let mut content = Vec::new();
    while !fields.is_empty() {
        let field = fields.any()?;
        if field.tag == 0xa3 {
            content.extend(wrap(0xa3, &without_promises(field.inside().expect(SEQUENCE)?.inside())?));
        } else {
            content.extend(field.whole);
        }
    }
    let mut entry = vec![0, 1];
    entry.extend(digest(&SHA256, &subject.issuer_spki).as_ref());
    put24(&mut entry, &wrap(SEQUENCE, &content));
    Some(entry)
}

fn without_promises(mut extensions: Der<'_>) -> Option<Vec<u8>> {
    let mut kept = Vec::new();
    while !extensions.is_empty() {
        let extension = extensions.expect(SEQUENCE)?;
        if extension.inside().expect(OID)?.content != SCT_LIST {
            kept.extend(extension.whole);
        }
    }
    Some(wrap(SEQUENCE, &kept))
}

/// What a log signs of a whole certificate.
pub(super) fn certificate_entry(der: &[u8]) -> Vec<u8> {
    let mut entry = vec![0, 0];
    put24(&mut entry, der);
    entry
}

/// Reads promises, and checks each against what the log must have signed.
pub(super) fn read_list(list: &[u8], entry: Option<&[u8]>, logs: &LogList, now: i64) -> Vec<Sct> {
    let mut promises = Reader::new(Reader::new(list).vec16().unwrap_or_default());
    let mut read = Vec::new();
    while let Some(promise) = promises.vec16().filter(|_| read.len() < PROMISES) {
        read.extend(read_one(promise, entry, logs, now));
    }
    read
}

fn read_one(promise: &[u8], entry: Option<&[u8]>, logs: &LogList, now: i64) -> Option<Sct> {
    let mut reader = Reader::new(promise);
    let version = reader.u8()?;
    let id = reader.take(32)?;
    let at_ms = reader.u64()?;
    let extensions = reader.vec16()?;
    let algorithm = reader.u16()?;
    let signature = reader.vec16()?;
    let log = logs.find(id);
    let status = match (log, entry) {
        (None, _) => SctStatus::UnknownLog,
        (Some(_), None) => SctStatus::Unchecked,
        _ if version != 0 => SctStatus::Unchecked,
        (Some(log), Some(entry)) => {
            let mut message = vec![version, 0];
            message.extend(at_ms.to_be_bytes());
            message.extend(entry);
            put16(&mut message, extensions);
            let algorithm = match algorithm {
                0x0403 => ECDSA_SHA256,
                0x0401 => RSA_PKCS1_SHA256,
                _ => return None,
            };
            let is_true = verify(&log.key, algorithm.as_ref(), &message, signature);
            let is_future = i64::try_from(at_ms / 1000).unwrap_or(i64::MAX) > now.saturating_add(300);
            match (is_true, is_future) {
                (false, _) => SctStatus::False,
                (true, true) => SctStatus::FromFuture,
                (true, false) => SctStatus::Valid,
            }
        }
    };
    let (name, kind) = (log.map(|log| log.name.clone()), log.map(|log| log.kind));
    Some(Sct { log_id: hex(id), log: name, kind, at_ms, status })
}
