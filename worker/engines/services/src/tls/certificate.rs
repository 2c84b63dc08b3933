//! What a certificate says, and whether it holds.

use std::fmt::Write;

use rustls::{
    RootCertStore,
    client::{verify_server_cert_signed_by_trust_anchor, verify_server_name},
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};
use sha2::{Digest, Sha256};
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use crate::{
    identity::Certificate,
    printable::{BANNER, printable},
};

/// What a server showed, and the name it was asked by.
#[derive(Debug)]
pub(super) struct Chain<'a> {
    pub(super) leaf: &'a CertificateDer<'a>,
    pub(super) others: &'a [CertificateDer<'a>],
    pub(super) name: &'a ServerName<'a>,
    pub(super) now: UnixTime,
}

impl Chain<'_> {
    /// Reads and judges; nothing when the certificate is none.
    pub(super) fn read(&self, roots: &RootCertStore, provider: &CryptoProvider) -> Option<Certificate> {
        let (_, read) = X509Certificate::from_der(self.leaf).ok()?;
        let parsed = ParsedCertificate::try_from(self.leaf).ok();
        let algorithms = provider.signature_verification_algorithms.all;
        let path = |leaf: &ParsedCertificate<'_>| {
            verify_server_cert_signed_by_trust_anchor(leaf, roots, self.others, self.now, algorithms).is_ok()
        };
        Some(Certificate {
            subject: printable(read.subject().to_string().as_bytes(), BANNER),
            issuer: printable(read.issuer().to_string().as_bytes(), BANNER),
            not_before: read.validity().not_before.timestamp(),
            not_after: read.validity().not_after.timestamp(),
            sha256: hex(&Sha256::digest(self.leaf)),
            is_trusted: parsed.as_ref().is_some_and(path),
            names_host: parsed.as_ref().is_some_and(|leaf| verify_server_name(leaf, self.name).is_ok()),
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        write!(text, "{byte:02x}").unwrap_or_default();
        text
    })
}
