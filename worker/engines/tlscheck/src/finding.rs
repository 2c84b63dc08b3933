//! What is to be said against a server, drawn from what was found out.

mod certificate;
mod posture;

use std::fmt;

use crate::{chain::Cause, failure::Failure, report::Report, starttls::StartTls, target::Target};

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// It protects nobody.
    Critical,
    /// It can be broken.
    High,
    /// It should be better.
    Medium,
    /// It could be better.
    Low,
}

/// Something that is to be said against a server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What it is.
    pub code: Code,
    /// What shows it: dates, names, numbers; may be empty.
    pub evidence: String,
}

/// What there may be to say. The list is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// The certificate is not believed, for this cause.
    Untrusted(Cause),
    /// A private root's certificate lives longer than some systems accept from any root.
    LongPrivateLifetime,
    /// No name in the certificate but the common name, which nobody reads any more.
    CommonNameOnly,
    /// More certificates are sent than lead to a root.
    LongChain,
    /// What is stapled was signed by nobody who may.
    ForgedStaple,
    /// The certificate asks for a staple, and none is sent.
    MissingStaple,
    /// A log is named that never promised anything.
    FalseSct,
    /// A public certificate without a log's promise: browsers refuse it.
    NoSct,
    /// A key that some browsers do not take.
    UnusualKey,
    /// Mail is not protected at all.
    NoStarttls,
    /// Somebody speaks between the promise of TLS and TLS.
    StarttlsInjection,
    /// SSL 2 is taken.
    Ssl2,
    /// SSL 3 is taken.
    Ssl3,
    /// Nothing above TLS 1.1 is taken.
    OldVersionsOnly,
    /// TLS 1.0 or 1.1 is taken besides newer ones.
    OldVersions,
    /// A suite that encrypts nothing.
    NullCipher,
    /// A suite in which nobody shows who they are.
    AnonymousCipher,
    /// A suite that was made weak for export.
    ExportCipher,
    /// A cipher of 56 bits.
    WeakCipher,
    /// No cipher but RC4.
    Rc4Only,
    /// RC4 besides others.
    Rc4,
    /// A cipher with blocks of 64 bits, such as 3DES.
    SmallBlocks,
    /// Keys are agreed on with a prime of less than 2048 bits.
    WeakDh,
    /// No suite keeps secret what was recorded, once the key gets known.
    NoForwardSecrecy,
    /// No suite protects what it encrypts (AEAD).
    NoAead,
    /// What is encrypted is compressed first: CRIME.
    Compression,
    /// Renegotiations are not protected (RFC 5746).
    UnsafeRenegotiation,
    /// Heartbeats are answered with memory.
    Heartbleed,
    /// Answers tell strangers how something was decrypted.
    Robot,
    /// Pages do not ask browsers to come by HTTPS only.
    NoHsts,
    /// They ask for less than half a year.
    ShortHsts,
}

impl Code {
    /// Its word, such as `expired`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Untrusted(cause) => cause.as_str(),
            Self::LongPrivateLifetime => "long_private_lifetime",
            Self::CommonNameOnly => "common_name_only",
            Self::LongChain => "long_chain",
            Self::ForgedStaple => "forged_staple",
            Self::MissingStaple => "missing_staple",
            Self::FalseSct => "false_sct",
            Self::NoSct => "no_sct",
            Self::UnusualKey => "unusual_key",
            Self::NoStarttls => "no_starttls",
            Self::StarttlsInjection => "starttls_injection",
            Self::Ssl2 => "ssl2",
            Self::Ssl3 => "ssl3",
            Self::OldVersionsOnly => "old_versions_only",
            Self::OldVersions => "old_versions",
            Self::NullCipher => "null_cipher",
            Self::AnonymousCipher => "anonymous_cipher",
            Self::ExportCipher => "export_cipher",
            Self::WeakCipher => "weak_cipher",
            Self::Rc4Only => "rc4_only",
            Self::Rc4 => "rc4",
            Self::SmallBlocks => "small_blocks",
            Self::WeakDh => "weak_dh",
            Self::NoForwardSecrecy => "no_forward_secrecy",
            Self::NoAead => "no_aead",
            Self::Compression => "compression",
            Self::UnsafeRenegotiation => "unsafe_renegotiation",
            Self::Heartbleed => "heartbleed",
            Self::Robot => "robot",
            Self::NoHsts => "no_hsts",
            Self::ShortHsts => "short_hsts",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Draws the findings of a report, the worst first.
pub(crate) fn list(report: &mut Report, target: &Target) {
    let mut findings = certificate::of_certificate(report);
    findings.extend(of_start(report, target));
    match &report.posture {
        Some(posture) => findings.extend(posture::of_posture(posture)),
        None => findings.extend(posture::of_negotiated(report)),
    }
    findings.sort();
    findings.dedup();
    report.findings = findings;
}

fn finding(severity: Severity, code: Code, evidence: impl Into<String>) -> Finding {
    Finding { severity, code, evidence: evidence.into() }
}

fn of_start(report: &Report, target: &Target) -> Option<Finding> {
    match report.failure {
        Some(Failure::StarttlsInjection) => Some(finding(Severity::Critical, Code::StarttlsInjection, "")),
        Some(Failure::StarttlsMissing) if target.starttls().is_some_and(StartTls::is_mail) => {
            Some(finding(Severity::Medium, Code::NoStarttls, ""))
        }
        _ => None,
    }
}
