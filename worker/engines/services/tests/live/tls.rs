//! What runs inside TLS, and what the certificate says.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::{
    ServerConfig, SupportedProtocolVersion,
    pki_types::{CertificateDer, PrivateKeyDer},
    version::{TLS12, TLS13},
};
use services::{Extras, Identifier, Identity, Looks};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::TlsAcceptor;

use crate::play::{Service, words};

/// A root and a certificate that it signed.
struct Authority {
    root: CertificateDer<'static>,
    leaf: CertificateDer<'static>,
    key: Vec<u8>,
}

impl Authority {
    fn new(name: &str) -> Self {
        let root_key = KeyPair::generate().unwrap();
        let mut root = CertificateParams::new(Vec::new()).unwrap();
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        root.distinguished_name.push(DnType::CommonName, "A root of the test");
        let signed = root.self_signed(&root_key).unwrap();
        let key = KeyPair::generate().unwrap();
        let mut leaf = CertificateParams::new(vec![name.to_owned()]).unwrap();
        leaf.distinguished_name.push(DnType::CommonName, name);
        let issuer = Issuer::new(root, root_key);
        let leaf = leaf.signed_by(&key, &issuer).unwrap();
        Self { root: signed.der().clone(), leaf: leaf.der().clone(), key: key.serialize_der() }
    }

    fn acceptor(&self, version: &'static SupportedProtocolVersion) -> TlsAcceptor {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config =
            ServerConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
        let key = PrivateKeyDer::try_from(self.key.clone()).unwrap();
        TlsAcceptor::from(Arc::new(
            config.with_no_client_auth().with_single_cert(vec![self.leaf.clone()], key).unwrap(),
        ))
    }
}

/// A page inside TLS.
async fn page(acceptor: TlsAcceptor) -> Service {
    Service::play(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            let mut asked = vec![0; 512];
            let length = stream.read(&mut asked).await.unwrap_or_default();
            if asked[..length].starts_with(b"GET / HTTP/1.1\r\nHost: localhost:") {
                stream.write_all(b"HTTP/1.1 200 OK\r\nServer: lighttpd/1.4.69\r\n\r\n").await.ok();
                stream.shutdown().await.ok();
            }
        }
    })
    .await
}

/// An identifier that believes an authority of the test.
fn trusting(authority: &Authority) -> Identifier {
    let roots = vec![authority.root.to_vec()];
    Identifier::with(Extras { roots, ..Extras::default() }).unwrap()
}

async fn look(identifier: &Identifier, service: &Service, host: &str, looks: Looks) -> Identity {
    identifier.identify(&service.target(host), looks).await
}

#[tokio::test]
async fn what_is_inside_is_told_with_the_certificate() {
    let authority = Authority::new("localhost");
    let service = page(authority.acceptor(&TLS13)).await;
    let identifier = trusting(&authority);
    let identity = look(&identifier, &service, "localhost", Looks::ALL).await;
    assert_eq!(words(&identity), ["https", "lighttpd", "1.4.69"]);
    let tls = identity.tls.unwrap();
    let certificate = tls.certificate.unwrap();
    assert_eq!((tls.version.as_deref(), certificate.subject.as_str()), (Some("TLSv1.3"), "CN=localhost"));
    assert_eq!(certificate.issuer, "CN=A root of the test");
    assert!(certificate.is_trusted && certificate.names_host);
    assert!(certificate.not_before < certificate.not_after && certificate.sha256.len() == 64);
}

#[tokio::test]
async fn an_unknown_root_and_another_name_are_told() {
    let authority = Authority::new("other.example");
    let service = page(authority.acceptor(&TLS12)).await;
    for (identifier, is_trusted) in [(trusting(&authority), true), (Identifier::new().unwrap(), false)] {
        for (host, names_host) in [("localhost", false), ("other.example", true)] {
            let tls =
                look(&identifier, &service, host, Looks { service: false, tls: true }).await.tls.unwrap();
            let certificate = tls.certificate.unwrap();
            assert_eq!((certificate.is_trusted, certificate.names_host), (is_trusted, names_host));
            assert_eq!(tls.version.as_deref(), Some("TLSv1.2"));
        }
    }
}

#[tokio::test]
async fn who_wants_tls_says_so_in_plain_text() {
    let authority = Authority::new("localhost");
    let acceptor = authority.acceptor(&TLS13);
    let service = Service::play(move |stream| serve_either(stream, acceptor.clone())).await;
    let identity = look(&Identifier::new().unwrap(), &service, "localhost", Looks::ALL).await;
    assert_eq!(words(&identity), ["imaps", "Dovecot imapd", "-"]);
}

/// Mail to who begins with TLS, a refusal to everybody else.
async fn serve_either(mut stream: TcpStream, acceptor: TlsAcceptor) {
    let mut first = [0; 1];
    stream.peek(&mut first).await.ok();
    if first != [0x16] {
        let refusal = "HTTP/1.1 400 Bad Request\r\nServer: nginx/1.22.1\r\n\r\n\
                       The plain HTTP request was sent to HTTPS port";
        stream.write_all(refusal.as_bytes()).await.ok();
        return;
    }
    let Ok(mut stream) = acceptor.accept(stream).await else { return };
    stream.write_all(b"* OK [CAPABILITY IMAP4rev1] Dovecot (Debian) ready.\r\n").await.ok();
    let mut rest = [0; 512];
    while stream.read(&mut rest).await.is_ok_and(|length| length > 0) {}
}

#[tokio::test]
async fn old_tls_is_told_without_a_version() {
    // A fatal alert: protocol_version.
    let service = Service::answering(b"\x16\x03\x01", b"\x15\x03\x01\x00\x02\x02\x46").await;
    let identity = look(&Identifier::new().unwrap(), &service, "localhost", Looks::ALL).await;
    assert_eq!(words(&identity), ["tls", "-", "-"]);
    assert_eq!(identity.tls, Some(services::Tls::default()));
}

#[tokio::test]
async fn a_port_without_tls_is_told_so() {
    let service = Service::greeting(b"SSH-2.0-x\r\n").await;
    let identity =
        look(&Identifier::new().unwrap(), &service, "localhost", Looks { service: false, tls: true }).await;
    assert_eq!(identity, Identity::default());
}

/// Mail, which goes on inside TLS when it is asked to.
async fn mail(acceptor: TlsAcceptor) -> Service {
    Service::play(move |mut stream| {
        let acceptor = acceptor.clone();
        async move {
            if goes_on(&mut stream).await {
                acceptor.accept(stream).await.ok();
            }
        }
    })
    .await
}

/// The part before TLS: one answer to each question, if those are the right ones.
async fn goes_on(stream: &mut TcpStream) -> bool {
    let greeting: (&[u8], &[u8]) = (b"", b"220 mail.test ESMTP Postfix\r\n");
    let hello: (&[u8], &[u8]) =
        (b"EHLO vedette.invalid\r\n", b"250-mail.test\r\n250-STARTTLS\r\n250 HELP\r\n");
    let start: (&[u8], &[u8]) = (b"STARTTLS\r\n", b"220 go on\r\n");
    for (question, answer) in [greeting, hello, start] {
        let mut asked = vec![0; question.len()];
        if stream.read_exact(&mut asked).await.is_err() || asked != question {
            return false;
        }
        stream.write_all(answer).await.ok();
    }
    true
}

#[tokio::test]
async fn a_service_that_goes_on_inside_tls_is_looked_at_there() {
    let authority = Authority::new("localhost");
    let service = mail(authority.acceptor(&TLS13)).await;
    let identifier = trusting(&authority);
    let identity = look(&identifier, &service, "localhost", Looks::ALL).await;
    assert_eq!(words(&identity), ["smtp", "Postfix smtpd", "-"]);
    let tls = identity.tls.unwrap();
    assert_eq!(tls.version.as_deref(), Some("TLSv1.3"));
    let certificate = tls.certificate.unwrap();
    assert!(certificate.is_trusted && certificate.names_host);
    let only_tls = look(&identifier, &service, "localhost", Looks { service: false, tls: true }).await;
    assert_eq!(only_tls.tls.unwrap().certificate.unwrap().subject, "CN=localhost");
}

#[tokio::test]
async fn a_service_that_does_not_go_on_inside_tls_has_none() {
    let service = Service::greeting(b"220 mail.test ESMTP Postfix\r\n").await;
    let identity = service.identity().await;
    assert_eq!(words(&identity), ["smtp", "Postfix smtpd", "-"]);
    assert_eq!(identity.tls, None);
}
