//! What is told of a certificate.

use ring::digest::{SHA256, digest};
use tlscheck::{AltName, KeyAlgorithm, Version};

use crate::{
    key::Key,
    look::{look, private},
    mint::{Authority, DAY, Mint, NOW},
    play::{Server, Tls},
};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

#[tokio::test]
async fn everything_that_it_says() {
    let lab = Authority::new();
    let key = Key::p384();
    let mint = Mint {
        dns: vec!["a.example".into(), "*.b.example".into()],
        ips: vec!["127.0.0.1".parse().unwrap(), "::1".parse().unwrap()],
        ocsp_url: Some("http://ocsp.example/".into()),
        issuer_url: Some("http://issuer.example/".into()),
        crl_url: Some("http://crl.example/".into()),
        more: vec![("1.3.6.1.5.5.7.1.24", false, vec![0x30, 3, 2, 1, 5])],
        ..Mint::leaf("a.example")
    };
    let leaf = lab.issue_for(&mint, &key);
    let server = Server::showing(&[leaf.clone(), lab.intermediate.clone()]).await;
    let report = look(private(&[&lab.root]), &server, Some("a.example")).await;
    let told = report.certificate.unwrap();
    assert_eq!(told.sha256, hex(digest(&SHA256, &leaf).as_ref()));
    assert_eq!(told.spki_sha256, hex(digest(&SHA256, &key.spki()).as_ref()));
    assert_eq!(told.serial, hex(&mint.serial));
    assert_eq!((told.subject.as_str(), told.issuer.as_str()), ("CN=a.example", "CN=Intermediate of the Lab"));
    let dns = |name: &str| AltName::Dns(name.to_owned());
    let ip = |text: &str| AltName::Ip(text.parse().unwrap());
    assert_eq!(told.names, [dns("a.example"), dns("*.b.example"), ip("127.0.0.1"), ip("::1")]);
    assert_eq!((told.not_before, told.not_after), (NOW - 30 * DAY, NOW + 60 * DAY));
    assert_eq!((told.key.algorithm, told.key.bits), (KeyAlgorithm::Ec("P-384".into()), 384));
    assert_eq!(told.signature.name, "ecdsa-with-SHA256");
    assert!(!told.is_ca && !told.is_self_issued && told.serves && told.must_staple);
    assert_eq!(told.ocsp_urls, ["http://ocsp.example/"]);
    assert_eq!(told.issuer_urls, ["http://issuer.example/"]);
    assert_eq!(told.crl_urls, ["http://crl.example/"]);
    let chain: Vec<_> = report.chain.iter().map(|link| link.sha256.clone()).collect();
    assert_eq!(chain, [told.sha256, hex(digest(&SHA256, &lab.intermediate).as_ref())]);
    assert_eq!(report.negotiated.unwrap().version, Version::Tls13);
    assert!(report.is_complete);
}

#[tokio::test]
async fn hostile_texts_are_cut_and_escaped() {
    let lab = Authority::new();
    let subject = format!("\u{1b}[31mred\n{}", "x".repeat(1000));
    let server = Server::showing(&lab.chain(&Mint { subject, ..Mint::leaf("a.example") })).await;
    let report = look(private(&[&lab.root]), &server, Some("a.example")).await;
    let told = report.certificate.unwrap();
    assert!(!told.subject.contains(char::is_control) && told.subject.len() < 300, "{}", told.subject);
    assert!(told.subject.starts_with("CN=\\u{1b}[31mred\\n"));
}

#[tokio::test]
async fn what_is_no_certificate_is_told_so() {
    let server = Server::showing(&[b"no certificate".to_vec()]).await;
    let report = look(private(&[]), &server, Some("a.example")).await;
    assert_eq!(crate::look::codes(&report), ["malformed"]);
    assert!(report.certificate.is_none() && report.chain.len() == 1);
}

#[tokio::test]
async fn addresses_of_a_name_may_disagree() {
    let lab = Authority::new();
    let chain = lab.chain(&Mint::leaf("a.example"));
    let first = Server::tls_at("127.0.0.1:0", Tls::new(&chain)).await;
    let port = first.address.port();
    let second = Server::tls_at(&format!("127.0.0.2:{port}"), Tls::new(&chain)).await;
    let other = lab.chain(&Mint::leaf("a.example"));
    let third = Server::tls_at(&format!("127.0.0.3:{port}"), Tls::new(&other)).await;
    let silent = std::net::SocketAddr::from(([127, 0, 0, 4], port));
    let inspector = tlscheck::Inspector::new(private(&[&lab.root]));
    let target = tlscheck::Target::new(Some("a.example"), first.address);
    for (addresses, agree) in [
        (vec![first.address, second.address], true),
        (vec![first.address, second.address, third.address], false),
        (vec![first.address, silent], true),
        (vec![silent], true),
    ] {
        let told = inspector.inspect_all(&target, &addresses, tlscheck::Mode::Certificate, NOW).await;
        assert_eq!(told.agree, agree, "{addresses:?}");
        let shown: Vec<_> = told.reports.iter().map(|report| report.address).collect();
        assert_eq!(shown, addresses);
        for report in told.reports {
            let is_silent = report.address == silent;
            assert_eq!(report.certificate.is_none(), is_silent);
            assert_eq!(report.failure, is_silent.then_some(tlscheck::Failure::Refused));
        }
    }
}

#[tokio::test]
async fn renewal_is_due_by_lifetime_and_at_once_when_weak() {
    let lab = Authority::new();
    for (mint, key, due) in [
        (Mint::leaf("a.example").valid(-59, 31), Key::p256(), false),
        (Mint::leaf("a.example").valid(-61, 29), Key::p256(), true),
        (Mint::leaf("a.example").valid(-1, 89), Key::rsa(1024), true),
    ] {
        let server = Server::showing(&[lab.issue_for(&mint, &key), lab.intermediate.clone()]).await;
        let report = look(private(&[&lab.root]), &server, Some("a.example")).await;
        assert_eq!(report.renewal_due(None), due);
        assert_eq!(report.renew_from(None), Some(mint.until - 30 * DAY));
        assert!(!report.is_expired());
    }
}
