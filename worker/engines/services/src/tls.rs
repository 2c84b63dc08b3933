//! A glance at TLS: a handshake with whoever it is, whose certificate is looked at afterwards.

mod certificate;

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::identity::{Certificate, Tls};

/// What handshakes are made with.
#[derive(Clone, Debug)]
pub(crate) struct Glass {
    provider: Arc<CryptoProvider>,
    roots: Arc<RootCertStore>,
}

/// How a handshake went.
#[derive(Debug)]
pub(crate) enum Handshake {
    /// To its end.
    Done(Box<TlsStream<TcpStream>>, Tls),
    /// Broken off by somebody who speaks TLS.
    Refused(Tls),
    /// Whoever answered does not speak TLS.
    Foreign,
}

impl Glass {
    /// Believes the roots of browsers, and `more` in DER.
    pub(crate) fn new(more: &[Vec<u8>]) -> Self {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        roots.add_parsable_certificates(more.iter().map(|der| CertificateDer::from(der.as_slice())));
        Self { provider: Arc::new(rustls::crypto::ring::default_provider()), roots: Arc::new(roots) }
    }

    /// Makes a handshake that accepts every certificate.
    pub(crate) async fn look(&self, stream: TcpStream, host: &str, address: IpAddr) -> Handshake {
        let name = ServerName::try_from(host.to_owned()).unwrap_or_else(|_| ServerName::from(address));
        let witness = Arc::new(Witness { glass: self.clone(), seen: Mutex::default() });
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider));
        let Ok(builder) = builder.with_safe_default_protocol_versions() else { return Handshake::Foreign };
        let verifier: Arc<dyn ServerCertVerifier> = witness.clone();
        let config = builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
        let connected = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
        let certificate = witness.seen.lock().unwrap_or_else(PoisonError::into_inner).take();
        match connected {
            Ok(stream) => {
                let version = stream.get_ref().1.protocol_version();
                let version = version.and_then(|version| version.as_str()).map(|text| text.replace('_', "."));
                Handshake::Done(Box::new(stream), Tls { version, certificate })
            }
            Err(error) if certificate.is_some() || is_of_tls(&error) => {
                Handshake::Refused(Tls { version: None, certificate })
            }
            Err(_) => Handshake::Foreign,
        }
    }
}

/// Whether only somebody who speaks TLS can have caused this error.
fn is_of_tls(error: &std::io::Error) -> bool {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
    matches!(cause, Some(rustls::Error::AlertReceived(_) | rustls::Error::PeerIncompatible(_)))
}

/// Accepts everything, and remembers the certificate.
#[derive(Debug)]
struct Witness {
    glass: Glass,
    seen: Mutex<Option<Certificate>>,
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chain = certificate::Chain { leaf, others, name, now };
        let seen = chain.read(&self.glass.roots, &self.glass.provider);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = seen;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        // Nothing is verified, so that old ones do no harm, and servers that know no others can be looked at.
        let mut schemes = self.glass.provider.signature_verification_algorithms.supported_schemes();
        schemes.extend([SignatureScheme::RSA_PKCS1_SHA1, SignatureScheme::ECDSA_SHA1_Legacy]);
        schemes
    }
}
