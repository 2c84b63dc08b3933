//! Servers that speak only what no library does any more still show their certificates.

use tlscheck::{Failure, Version};

use crate::{
    look::{codes, look, private},
    mint::{Authority, Mint},
    puppet::Puppet,
};

const NAME: &str = "old.example";

#[tokio::test]
async fn certificates_come_whatever_is_spoken() {
    let lab = Authority::new();
    let chain = lab.chain(&Mint::leaf(NAME));
    let puppet = || Puppet::new(&chain);
    let usual = vec![0x002f, 0x0035];
    for (case, puppet, version, expected) in [
        ("SSL 2", Puppet { versions: vec![2], ..puppet() }, Version::Ssl2, vec!["incomplete_chain", "ssl2"]),
        (
            "SSL 3",
            Puppet { versions: vec![0x0300], suites: usual.clone(), ..puppet() },
            Version::Ssl3,
            vec!["ssl3"],
        ),
        (
            "TLS 1.0",
            Puppet { versions: vec![0x0301], suites: usual.clone(), ..puppet() },
            Version::Tls10,
            vec!["old_versions_only"],
        ),
        (
            "TLS 1.1",
            Puppet { versions: vec![0x0302], suites: usual.clone(), ..puppet() },
            Version::Tls11,
            vec!["old_versions_only"],
        ),
        (
            "rude",
            Puppet { versions: vec![0x0301], suites: usual, is_rude: true, ..puppet() },
            Version::Tls10,
            vec!["old_versions_only"],
        ),
        ("AES in CBC", Puppet { suites: vec![0x003d], ..puppet() }, Version::Tls12, vec![]),
        ("RC4", Puppet { suites: vec![0x0005], ..puppet() }, Version::Tls12, vec!["rc4"]),
        ("NULL", Puppet { suites: vec![0x0002], ..puppet() }, Version::Tls12, vec!["null_cipher"]),
        (
            "export",
            Puppet { suites: vec![0x0003], versions: vec![0x0301], ..puppet() },
            Version::Tls10,
            vec!["export_cipher", "old_versions_only"],
        ),
        ("DES", Puppet { suites: vec![0x0009], ..puppet() }, Version::Tls12, vec!["weak_cipher"]),
        ("Camellia", Puppet { suites: vec![0xc07d], ..puppet() }, Version::Tls12, vec![]),
        (
            "easily choked",
            Puppet { suites: vec![0x0035], most_suites: 45, ..puppet() },
            Version::Tls12,
            vec![],
        ),
    ] {
        let server = puppet.play().await;
        let report = look(private(&[&lab.root]), &server, Some(NAME)).await;
        assert_eq!(report.failure, None, "{case}");
        assert_eq!(report.certificate.as_ref().unwrap().common_name.as_deref(), Some(NAME), "{case}");
        assert_eq!(report.negotiated.as_ref().unwrap().version, version, "{case}");
        assert_eq!(codes(&report), expected, "{case}");
    }
}

#[tokio::test]
async fn who_shows_nobody_has_no_certificate() {
    let server = Puppet { suites: vec![0x0018, 0x0034], ..Puppet::new(&[]) }.play().await;
    let report = look(private(&[]), &server, Some(NAME)).await;
    assert_eq!(report.failure, Some(Failure::HandshakeFailed));
    assert_eq!(codes(&report), ["anonymous_cipher"]);
    assert!(report.certificate.is_none() && report.verdict.is_none());
}
