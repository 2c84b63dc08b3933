//! Certificate Transparency: what logs promised about a certificate, and whether they did (RFC 6962).

mod logs;
mod sct;

pub use logs::{LogKind, LogList, NotALogList};
pub use sct::{Sct, SctStatus};

use crate::revocation::Subject;

/// What logs promised about a certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transparency {
    /// Their promises, in the order in which they came.
    pub scts: Vec<Sct>,
}

impl Transparency {
    /// How many promises of known logs are true.
    #[must_use]
    pub fn valid(&self) -> usize {
        self.scts.iter().filter(|sct| sct.status == SctStatus::Valid).count()
    }

    /// Whether a known log never made one of the promises.
    #[must_use]
    pub fn has_false(&self) -> bool {
        self.scts.iter().any(|sct| sct.status == SctStatus::False)
    }
}

impl LogList {
    /// Checks the promises in the certificate, and those of the handshake.
    pub(crate) fn check(&self, subject: &Subject, of_handshake: &[u8], now: i64) -> Transparency {
        let embedded = sct::embedded(&subject.der).unwrap_or_default();
        let precertificate = sct::precertificate_entry(subject);
        let certificate = Some(sct::certificate_entry(&subject.der));
        let inside = sct::read_list(&embedded, precertificate.as_deref(), self, now);
        let outside = sct::read_list(of_handshake, certificate.as_deref(), self, now);
        Transparency { scts: inside.into_iter().chain(outside).collect() }
    }
}

/// Reads a list of promises, and checks them against a precertificate of these bytes: for fuzzing.
#[must_use]
pub fn read_scts(list: &[u8], entry: &[u8], logs: &LogList, now: i64) -> Vec<Sct> {
    sct::read_list(list, Some(entry), logs, now)
}
