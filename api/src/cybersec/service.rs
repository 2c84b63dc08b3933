//! What was found out about a port, as results and events show it.

use chrono::DateTime;
use serde::Serialize;
use shared::scan::service::{Certificate, OsHint, Service};

use super::wire::seconds;

/// The fields of a port that talking to it fills. All are null where nothing was learnt.
#[derive(Debug, Default, Serialize)]
pub(super) struct Identified {
    service: Option<String>,
    product: Option<String>,
    version: Option<String>,
    cpe: Option<String>,
    banner: Option<String>,
    confidence: Option<u8>,
    http_status: Option<u16>,
    tls_version: Option<String>,
    certificate: Option<ShownCertificate>,
    os: Option<Os>,
}

#[derive(Debug, Serialize)]
struct ShownCertificate {
    subject: String,
    issuer: String,
    not_before: Option<String>,
    not_after: Option<String>,
    sha256: String,
    trusted: bool,
    names_host: bool,
}

/// A hint at the operating system. Its family is `unknown` where nothing told it.
#[derive(Debug, Serialize)]
pub(super) struct Os {
    family: String,
    name: Option<String>,
    confidence: u8,
}

impl From<Service> for Identified {
    fn from(service: Service) -> Self {
        let tls = service.tls.unwrap_or_default();
        Self {
            confidence: service.name.is_some().then_some(service.confidence),
            service: service.name,
            product: service.product,
            version: service.version,
            cpe: service.cpe,
            banner: service.banner,
            http_status: service.http_status,
            tls_version: tls.version,
            certificate: tls.certificate.map(ShownCertificate::from),
            os: service.os.map(Os::from),
        }
    }
}

impl From<Certificate> for ShownCertificate {
    fn from(certificate: Certificate) -> Self {
        // A certificate may name years that no calendar here has.
        let time = |unix| DateTime::from_timestamp(unix, 0).map(seconds);
        Self {
            subject: certificate.subject,
            issuer: certificate.issuer,
            not_before: time(certificate.not_before),
            not_after: time(certificate.not_after),
            sha256: certificate.sha256,
            trusted: certificate.is_trusted,
            names_host: certificate.names_host,
        }
    }
}

impl From<OsHint> for Os {
    fn from(hint: OsHint) -> Self {
        Self { family: hint.family, name: hint.name, confidence: hint.confidence }
    }
}

impl Os {
    /// What is shown where nothing is known.
    pub(super) fn unknown() -> Self {
        Self { family: "unknown".to_owned(), name: None, confidence: 0 }
    }
}
