//! A second opinion on paths: OpenSSL's.

use std::{path::Path, process::Command};

use tlscheck::Certificate;

use crate::mint::NOW;

/// Whether OpenSSL sees this in another way, and well: it takes a CA's certificate for a server's own and the common name
/// for a name, which browsers do not, and counts the last second of a certificate out, which RFC 5280 counts in.
pub(crate) fn sees_otherwise(certificate: &Certificate) -> bool {
    certificate.is_ca || certificate.names.is_empty() || certificate.not_after == NOW
}

/// Whether OpenSSL believes the first of `chain` for `name`, by the others and `root`, when the lab is.
pub(crate) fn believes(root: &[u8], chain: &[Vec<u8>], name: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let write = |file: &str, certificates: &[Vec<u8>]| {
        let path = folder.path().join(file);
        std::fs::write(&path, certificates.iter().map(|der| pem(der)).collect::<String>()).unwrap();
        path
    };
    let root = write("root.pem", &[root.to_vec()]);
    let leaf = write("leaf.pem", &chain[..1]);
    let others = write("others.pem", &chain[1..]);
    let mut verify = Command::new("openssl");
    let time = NOW.to_string();
    verify.args([
        "verify",
        "-attime",
        &time,
        "-purpose",
        "sslserver",
        "-auth_level",
        "2",
        "-no-CApath",
        "-no-CAstore",
    ]);
    verify.args(["-verify_hostname", name]).args([Path::new("-CAfile"), &root]);
    if chain.len() > 1 {
        verify.args([Path::new("-untrusted"), &others]);
    }
    verify.arg(leaf).output().expect("the command openssl is there").status.success()
}

fn pem(der: &[u8]) -> String {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let text = BASE64_STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}
