use std::net::IpAddr;

use ring::digest::{Algorithm, SHA256, SHA512, digest};
use rustls::pki_types::CertificateDer;
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use crate::{
    chain::{Cause, Evidence, Roots, judge},
    report::Report,
};

/// A TLSA record (RFC 6698). Only records that DNSSEC proves say anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tlsa {
    /// 0 and 1: besides a root of browsers; 2: below this certificate; 3: this certificate.
    pub usage: u8,
    /// 0: the whole certificate; 1: its key.
    pub selector: u8,
    /// 0: as it is; 1: its SHA-256; 2: its SHA-512.
    pub matching: u8,
    /// What it has to be.
    pub data: Vec<u8>,
}

/// What records say of what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TlsaVerdict {
    /// There is no record that can be used.
    Absent,
    /// One of them is met.
    Met,
    /// None of them is: who looks at them refuses the server.
    Missed,
}

/// Judges what a server sent by the records of its port.
#[must_use]
pub fn tlsa(records: &[Tlsa], report: &Report) -> TlsaVerdict {
    let usable = |record: &&Tlsa| record.usage <= 3 && record.selector <= 1 && record.matching <= 2;
    let mut records = records.iter().filter(usable).peekable();
    if records.peek().is_none() {
        return TlsaVerdict::Absent;
    }
    if records.any(|record| record.is_met(report)) { TlsaVerdict::Met } else { TlsaVerdict::Missed }
}

impl Tlsa {
    fn is_met(&self, report: &Report) -> bool {
        let Some((leaf, others)) = report.chain.split_first() else { return false };
        let is_believed = report.verdict.as_ref().is_some_and(|verdict| verdict.trusted);
        match self.usage {
            0 => is_believed && others.iter().any(|link| self.matches(&link.der)),
            1 => is_believed && self.matches(&leaf.der),
            // Neither names nor dates count: the record takes their place (RFC 7671, 5.1).
            3 => self.matches(&leaf.der),
            _ => others.iter().filter(|link| self.matches(&link.der)).any(|link| leads_to(report, &link.der)),
        }
    }

    fn matches(&self, der: &[u8]) -> bool {
        let selected = match self.selector {
            0 => Some(der.to_vec()),
            _ => X509Certificate::from_der(der).ok().map(|(_, read)| read.public_key().raw.to_vec()),
        };
        let hash =
            |algorithm: &'static Algorithm, bytes: &[u8]| digest(algorithm, bytes).as_ref() == self.data;
        selected.is_some_and(|bytes| match self.matching {
            0 => bytes == self.data,
            1 => hash(&SHA256, &bytes),
            _ => hash(&SHA512, &bytes),
        })
    }
}

/// Whether what was sent leads to this certificate, in its time and for the name that was asked for.
fn leads_to(report: &Report, root: &[u8]) -> bool {
    let served: Vec<_> = report.chain.iter().map(|link| CertificateDer::from(link.der.as_slice())).collect();
    let roots = Roots::in_place_of_browsers(&[], &[root.to_vec()]);
    let address: IpAddr = report.address.ip();
    let evidence = Evidence {
        served: &served,
        fetched: &[],
        roots: &roots,
        name: report.name.as_deref(),
        address,
        now: report.at,
    };
    judge(&evidence).is_some_and(|verdict| verdict.causes.iter().all(|cause| *cause == Cause::LongLifetime))
}
