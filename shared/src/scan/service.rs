//! What was found out about an open port by talking to it.

use serde::{Deserialize, Serialize};

/// What runs on a port, as far as it was asked for and could be found out. Stored with the port as JSON.
///
/// Every text is short and has no control characters; all but the names of services come from the other side.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Service {
    /// Such as `ssh`; inside TLS `https` and so on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Such as `OpenSSH`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// As the service says it, such as `9.2p1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The product as a CPE 2.3 name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpe: Option<String>,
    /// The first thing that was heard, at most 500 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub banner: Option<String>,
    /// How sure the service and its product are, 0 to 100.
    pub confidence: u8,
    /// The status of the answer to `GET /`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
    /// What the port tells about the operating system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os: Option<OsHint>,
    /// Set when the port speaks TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
}

/// A hint at the operating system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OsHint {
    /// Such as `Linux`.
    pub family: String,
    /// Such as `Debian`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// 0 to 100.
    pub confidence: u8,
}

/// What one handshake showed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tls {
    /// `TLSv1.2` or `TLSv1.3`; none when the other side speaks only versions that are older.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Of the server, if it showed one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
}

/// A server's certificate, as it was seen during the scan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// The distinguished name.
    pub subject: String,
    /// The distinguished name of who signed it.
    pub issuer: String,
    /// Unix seconds.
    pub not_before: i64,
    /// Unix seconds.
    pub not_after: i64,
    /// Lower-case hexadecimal digits.
    pub sha256: String,
    /// Whether a path led from it to a root that browsers trust.
    pub is_trusted: bool,
    /// Whether it was made out to the host that was asked for.
    pub names_host: bool,
}

/// What the ports of one host tell together: the hint that is surest, where several are as sure the one that most ports
/// give. It is less sure by half of what speaks for another family.
#[must_use]
pub fn os_of<'a>(ports: impl Iterator<Item = &'a Service>) -> Option<OsHint> {
    let hints: Vec<&OsHint> = ports.filter_map(|service| service.os.as_ref()).collect();
    let same = |hint: &OsHint| hints.iter().filter(|other| other.family == hint.family).count();
    let surest = hints.iter().max_by_key(|hint| (hint.confidence, same(hint), hint.name.is_some()))?;
    let others = hints.iter().filter(|hint| hint.family != surest.family);
    let doubt = others.map(|hint| hint.confidence / 2).max().unwrap_or_default();
    Some(OsHint { confidence: surest.confidence.saturating_sub(doubt), ..(*surest).clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(family: &str, confidence: u8) -> Service {
        let os = Some(OsHint { family: family.to_owned(), name: None, confidence });
        Service { os, ..Service::default() }
    }

    #[test]
    fn the_surest_hint_counts_and_then_the_most() {
        let of = |ports: &[Service]| os_of(ports.iter()).map(|os| (os.family, os.confidence));
        let is = |family: &str, confidence| Some((family.to_owned(), confidence));
        assert_eq!(of(&[Service::default()]), None);
        let (linux, windows) = (service("Linux", 80), service("Windows", 80));
        assert_eq!(of(&[linux.clone(), linux.clone()]), is("Linux", 80));
        assert_eq!(of(&[windows, linux.clone(), linux.clone()]), is("Linux", 40));
        assert_eq!(of(&[linux.clone(), linux, service("BSD", 90)]), is("BSD", 50));
    }
}
