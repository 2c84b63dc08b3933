//! What the served certificates say, and whether they lead to a root that is believed.

mod algorithms;
mod attempt;
mod certificate;
mod key;
mod lifetime;
mod mend;
mod names;
mod verdict;

pub(crate) use algorithms::{signature_of, verify};
pub use certificate::{AltName, Certificate, Link};
pub use key::{Hash, Key, KeyAlgorithm, Signature};
pub(crate) use lifetime::LONGEST_PRIVATE;
pub use lifetime::longest_lifetime;
pub(crate) use mend::missing_issuers;
pub use verdict::{Cause, Verdict};
pub(crate) use verdict::{Evidence, judge};

use rustls::pki_types::{CertificateDer, TrustAnchor};

/// Whom to believe.
#[derive(Clone, Debug)]
pub struct Roots {
    browsers: Vec<TrustAnchor<'static>>,
    /// Those of browsers, then those of the caller.
    all: Vec<TrustAnchor<'static>>,
}

impl Default for Roots {
    fn default() -> Self {
        Self::new(&[])
    }
}

impl Roots {
    /// The roots that browsers believe, as Mozilla lists them, and `more` in DER; what is no certificate is left out.
    #[must_use]
    pub fn new(more: &[Vec<u8>]) -> Self {
        Self::of(webpki_roots::TLS_SERVER_ROOTS.to_vec(), more)
    }

    /// `browsers` in DER in place of the roots of browsers, and `more`.
    #[must_use]
    pub fn in_place_of_browsers(browsers: &[Vec<u8>], more: &[Vec<u8>]) -> Self {
        Self::of(browsers.iter().filter_map(|der| anchor(der)).collect(), more)
    }

    fn of(browsers: Vec<TrustAnchor<'static>>, more: &[Vec<u8>]) -> Self {
        let mut all = browsers.clone();
        all.extend(more.iter().filter_map(|der| anchor(der)));
        Self { browsers, all }
    }

    pub(crate) fn browsers(&self) -> &[TrustAnchor<'static>] {
        &self.browsers
    }

    pub(crate) fn all(&self) -> &[TrustAnchor<'static>] {
        &self.all
    }
}

/// What makes a root of a certificate.
pub(crate) fn anchor(der: &[u8]) -> Option<TrustAnchor<'static>> {
    let der = CertificateDer::from(der);
    webpki::anchor_from_trusted_cert(&der).ok().map(|anchor| anchor.to_owned())
}
