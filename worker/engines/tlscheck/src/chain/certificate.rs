use std::net::IpAddr;

use ring::digest::{SHA256, digest};
use x509_parser::{
    certificate::X509Certificate,
    der_parser::oid,
    extensions::{AccessDescription, DistributionPointName, GeneralName, ParsedExtension},
    prelude::FromDer,
    x509::X509Name,
};

use super::key::{Key, Signature};
use crate::bytes::hex;

/// As much of any text of a certificate as is told.
const TEXT: usize = 256;

/// What a certificate says. Texts are cut at 256 characters, and their control characters are escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact that is asked for by itself")]
pub struct Certificate {
    /// SHA-256 of the whole, in hexadecimal.
    pub sha256: String,
    /// SHA-256 of the public key (`SubjectPublicKeyInfo`), in hexadecimal.
    pub spki_sha256: String,
    /// The serial number in hexadecimal.
    pub serial: String,
    /// Whose it is.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// The first common name of the subject. No client has looked at it for years.
    pub common_name: Option<String>,
    /// All names that it is valid for.
    pub names: Vec<AltName>,
    /// From when on it is valid, in Unix seconds.
    pub not_before: i64,
    /// Until when it is valid, in Unix seconds.
    pub not_after: i64,
    /// Its public key.
    pub key: Key,
    /// How it is signed.
    pub signature: Signature,
    /// Whether it may sign others.
    pub is_ca: bool,
    /// Whether subject and issuer are the same.
    pub is_self_issued: bool,
    /// Whether it may be used by servers.
    pub serves: bool,
    /// Whether it asks for an OCSP staple (RFC 7633).
    pub must_staple: bool,
    /// Where its issuer's certificate is.
    pub issuer_urls: Vec<String>,
    /// Where responders answer for it.
    pub ocsp_urls: Vec<String>,
    /// Where revocation lists are.
    pub crl_urls: Vec<String>,
}

/// A name in a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AltName {
    /// A host name, or a pattern that begins with `*.`.
    Dns(String),
    /// An address.
    Ip(IpAddr),
    /// A name of another kind, such as an e-mail address.
    Other(String),
}

/// One of the served certificates, in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// As it was sent, in DER if it is a certificate at all.
    pub der: Vec<u8>,
    /// SHA-256 of the whole, in hexadecimal.
    pub sha256: String,
    /// What it says; none where it cannot be read.
    pub certificate: Option<Certificate>,
}

impl Link {
    /// Reads one.
    #[must_use]
    pub fn read(der: &[u8]) -> Self {
        let sha256 = hex(digest(&SHA256, der).as_ref());
        Self { der: der.to_vec(), sha256, certificate: Certificate::read(der) }
    }
}

impl Certificate {
    /// Reads one in DER; none when it is not one.
    #[must_use]
    pub fn read(der: &[u8]) -> Option<Self> {
        let (_, x509) = X509Certificate::from_der(der).ok()?;
        let common_name = x509.subject().iter_common_name().next();
        let mut read = Self {
            sha256: hex(digest(&SHA256, der).as_ref()),
            spki_sha256: hex(digest(&SHA256, x509.public_key().raw).as_ref()),
            serial: hex(x509.raw_serial()),
            subject: named(x509.subject()),
            issuer: named(x509.issuer()),
            common_name: common_name.and_then(|name| name.as_str().ok()).map(text),
            names: Vec::new(),
            not_before: x509.validity().not_before.timestamp(),
            not_after: x509.validity().not_after.timestamp(),
            key: Key::of(x509.public_key()),
            signature: Signature::of(&x509.signature_algorithm),
            is_ca: x509.is_ca(),
            is_self_issued: x509.subject().as_raw() == x509.issuer().as_raw(),
            serves: true,
            must_staple: false,
            issuer_urls: Vec::new(),
            ocsp_urls: Vec::new(),
            crl_urls: Vec::new(),
        };
        for extension in x509.extensions() {
            read.take(extension.parsed_extension());
            // RFC 7633: a list of TLS extensions, of which status_request is number 5.
            let is_features = extension.oid == oid!(1.3.6.1.5.5.7.1.24);
            read.must_staple |= is_features && extension.value.windows(3).any(|field| field == [2, 1, 5]);
        }
        Some(read)
    }

    fn take(&mut self, extension: &ParsedExtension<'_>) {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "the other extensions say nothing that is asked here"
        )]
        match extension {
            ParsedExtension::SubjectAlternativeName(names) => {
                self.names = names.general_names.iter().map(AltName::of).collect();
            }
            ParsedExtension::ExtendedKeyUsage(usage) => self.serves = usage.server_auth || usage.any,
            ParsedExtension::AuthorityInfoAccess(access) => {
                access.iter().for_each(|description| self.take_access(description));
            }
            ParsedExtension::CRLDistributionPoints(points) => {
                let names = points.iter().filter_map(|point| point.distribution_point.as_ref());
                self.crl_urls.extend(names.flat_map(urls));
            }
            _ => {}
        }
    }

    fn take_access(&mut self, description: &AccessDescription<'_>) {
        let GeneralName::URI(url) = &description.access_location else { return };
        if description.access_method == oid!(1.3.6.1.5.5.7.48.1) {
            self.ocsp_urls.push(text(url));
        } else if description.access_method == oid!(1.3.6.1.5.5.7.48.2) {
            self.issuer_urls.push(text(url));
        }
    }

    /// How long it is valid in all, in seconds. RFC 5280 counts both ends in.
    #[must_use]
    pub fn lifetime(&self) -> i64 {
        self.not_after.saturating_sub(self.not_before).saturating_add(1)
    }
}

impl AltName {
    #[expect(clippy::wildcard_enum_match_arm, reason = "no other kind is a name of a server")]
    fn of(name: &GeneralName<'_>) -> Self {
        match name {
            GeneralName::DNSName(name) => Self::Dns(text(name)),
            GeneralName::IPAddress(bytes) => {
                match (<[u8; 4]>::try_from(*bytes), <[u8; 16]>::try_from(*bytes)) {
                    (Ok(v4), _) => Self::Ip(v4.into()),
                    (_, Ok(v6)) => Self::Ip(v6.into()),
                    _ => Self::Other(format!("address {}", hex(bytes))),
                }
            }
            other => Self::Other(text(&other.to_string())),
        }
    }
}

fn urls(name: &DistributionPointName<'_>) -> Vec<String> {
    let DistributionPointName::FullName(names) = name else { return Vec::new() };
    names.iter().filter_map(url).collect()
}

fn url(name: &GeneralName<'_>) -> Option<String> {
    if let GeneralName::URI(url) = name { Some(text(url)) } else { None }
}

fn named(name: &X509Name<'_>) -> String {
    text(&name.to_string())
}

/// What may be shown of a stranger's text.
pub(crate) fn text(text: &str) -> String {
    let shown = text.chars().take(TEXT);
    shown.fold(String::new(), |mut shown, character| {
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
        shown
    })
}
