use std::net::SocketAddr;

use crate::{
    chain::{Certificate, Link, Verdict},
    failure::Failure,
    finding::Finding,
    full::Posture,
    handshake::ClientCertificate,
    hello::{Version, suites::Suite},
    revocation::Revocation,
    score::{Profile, Score},
    transparency::Transparency,
};

/// What was found out about one address. What could not be found out is absent, and [`Self::failure`] says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Where it was connected to.
    pub address: SocketAddr,
    /// The name that was asked for.
    pub name: Option<String>,
    /// When, in Unix seconds.
    pub at: i64,
    /// The server's certificate.
    pub certificate: Option<Certificate>,
    /// Everything that was sent, in its order, the server's certificate first.
    pub chain: Vec<Link>,
    /// Whether it is believed.
    pub verdict: Option<Verdict>,
    /// Whether it was revoked.
    pub revocation: Revocation,
    /// Whether logs have it.
    pub transparency: Transparency,
    /// What the first handshake agreed on.
    pub negotiated: Option<Negotiated>,
    /// Whether the server asks its clients for certificates.
    pub client_certificate: ClientCertificate,
    /// Everything that the server takes; in [`crate::Mode::Full`].
    pub posture: Option<Posture>,
    /// What SSL Labs' rules make of it; in [`crate::Mode::Full`].
    pub score: Option<Score>,
    /// The strictest of Mozilla's profiles that it meets; in [`crate::Mode::Full`].
    pub profile: Option<Profile>,
    /// Why there is no certificate, or why the handshake did not end.
    pub failure: Option<Failure>,
    /// Everything that is to be said against the server, the worst first.
    pub findings: Vec<Finding>,
    /// Everything that was asked for was looked at; otherwise the time was over.
    pub is_complete: bool,
}

/// What a handshake agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Negotiated {
    /// The version.
    pub version: Version,
    /// The suite; none in SSL 2.
    pub suite: Option<Suite>,
    /// The protocol inside, if one was agreed on.
    pub alpn: Option<String>,
}

impl Report {
    /// Whether the certificate is over.
    #[must_use]
    pub fn is_expired(&self) -> bool {
        self.certificate.as_ref().is_some_and(|certificate| certificate.not_after < self.at)
    }

    /// When the time to renew begins: see [`crate::renew_from`].
    #[must_use]
    pub fn renew_from(&self, lead: Option<i64>) -> Option<i64> {
        let certificate = self.certificate.as_ref()?;
        Some(crate::renew_from(certificate.not_before, certificate.not_after, lead))
    }

    /// Whether it is to be renewed: the time has come, it was revoked, or its key or signature is weak.
    #[must_use]
    pub fn renewal_due(&self, lead: Option<i64>) -> bool {
        let Some(certificate) = &self.certificate else { return false };
        let from = crate::renew_from(certificate.not_before, certificate.not_after, lead);
        let is_bad =
            self.revocation.is_revoked() || certificate.key.is_weak() || certificate.signature.is_weak();
        crate::renewal_due(from, self.at, is_bad)
    }
}
