//! Listeners that play servers.

use std::{future::Future, net::SocketAddr, sync::Arc, time::Duration};

use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureAlgorithm, SignatureScheme,
    SupportedProtocolVersion,
    client::danger::HandshakeSignatureValid,
    pki_types::{CertificateDer, UnixTime},
    server::{
        ClientHello, ResolvesServerCert,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
    sign::{CertifiedKey, Signer, SigningKey},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

/// A server on a port of its own; it ends when this is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// One permit for each connection that was taken.
    pub(crate) taken: Arc<Semaphore>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// Plays `part` on every connection.
    pub(crate) async fn play<Part, Playing>(part: Part) -> Self
    where
        Part: Fn(TcpStream) -> Playing + Send + 'static,
        Playing: Future<Output = ()> + Send + 'static,
    {
        Self::play_at("127.0.0.1:0", part).await
    }

    pub(crate) async fn play_at<Part, Playing>(address: &str, part: Part) -> Self
    where
        Part: Fn(TcpStream) -> Playing + Send + 'static,
        Playing: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let taken = Arc::new(Semaphore::new(0));
        let counted = Arc::clone(&taken);
        let task = tokio::spawn(async move {
            let mut parts = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                counted.add_permits(1);
                parts.spawn(part(stream));
            }
        });
        Self { address, taken, task }
    }

    /// TLS with these certificates.
    pub(crate) async fn showing(chain: &[Vec<u8>]) -> Self {
        Self::tls(Tls::new(chain)).await
    }

    pub(crate) async fn tls(tls: Tls) -> Self {
        Self::tls_at("127.0.0.1:0", tls).await
    }

    pub(crate) async fn tls_at(address: &str, tls: Tls) -> Self {
        let acceptor = tls.acceptor();
        Self::play_at(address, move |stream| {
            let acceptor = acceptor.clone();
            async move { finish(acceptor, stream).await }
        })
        .await
    }
}

/// Shakes hands, and then waits for the other side to go.
pub(crate) async fn finish(acceptor: TlsAcceptor, stream: TcpStream) {
    if let Ok(mut stream) = acceptor.accept(stream).await {
        drain(&mut stream).await;
    }
}

/// Reads until the other side goes, for a minute at most.
pub(crate) async fn drain<S: AsyncReadExt + Unpin>(stream: &mut S) {
    let mut rest = [0; 1024];
    let reading = async { while stream.read(&mut rest).await.is_ok_and(|length| length > 0) {} };
    tokio::time::timeout(Duration::from_mins(1), reading).await.ok();
}

/// Says something, then waits for the other side to go.
pub(crate) async fn say(mut stream: TcpStream, bytes: Vec<u8>) {
    stream.write_all(&bytes).await.ok();
    drain(&mut stream).await;
}

/// A server of TLS 1.2 and 1.3. What it signs with is nobody's key: who looks at everybody checks no signatures.
#[derive(Clone)]
pub(crate) struct Tls {
    pub(crate) chain: Vec<Vec<u8>>,
    /// Shown to who asks for a name that begins so.
    pub(crate) others: Vec<(&'static str, Vec<Vec<u8>>)>,
    pub(crate) staple: Vec<u8>,
    pub(crate) versions: Vec<&'static SupportedProtocolVersion>,
    pub(crate) signs: SignatureAlgorithm,
    /// Whether clients are asked for certificates, and must have one.
    pub(crate) asks: Option<bool>,
    pub(crate) alpn: Vec<&'static str>,
}

impl Tls {
    pub(crate) fn new(chain: &[Vec<u8>]) -> Self {
        Self {
            chain: chain.to_vec(),
            others: Vec::new(),
            staple: Vec::new(),
            versions: rustls::ALL_VERSIONS.to_vec(),
            signs: SignatureAlgorithm::ECDSA,
            asks: None,
            alpn: Vec::new(),
        }
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider);
        let builder = builder.with_protocol_versions(&self.versions).unwrap();
        let builder = match self.asks {
            Some(must) => builder.with_client_cert_verifier(Arc::new(Doorman { must })),
            None => builder.with_no_client_auth(),
        };
        let mut config = builder.with_cert_resolver(Arc::new(Wardrobe(self.clone())));
        config.alpn_protocols = self.alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        TlsAcceptor::from(Arc::new(config))
    }
}

struct Wardrobe(Tls);

impl std::fmt::Debug for Wardrobe {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Wardrobe")
    }
}

impl ResolvesServerCert for Wardrobe {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let asked = hello.server_name().unwrap_or_default();
        let other = self.0.others.iter().find(|(name, _)| asked.starts_with(name));
        let chain = other.map_or(&self.0.chain, |(_, chain)| chain);
        let chain = chain.iter().map(|der| CertificateDer::from(der.clone())).collect();
        let mut key = CertifiedKey::new(chain, Arc::new(Nobody(self.0.signs)));
        key.ocsp = Some(self.0.staple.clone()).filter(|staple| !staple.is_empty());
        Some(Arc::new(key))
    }
}

/// Signs anything with nothing.
#[derive(Debug, Clone, Copy)]
struct Nobody(SignatureAlgorithm);

impl SigningKey for Nobody {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let is_rsa = self.0 == SignatureAlgorithm::RSA;
        let wanted =
            if is_rsa { SignatureScheme::RSA_PSS_SHA256 } else { SignatureScheme::ECDSA_NISTP256_SHA256 };
        offered.contains(&wanted).then(|| -> Box<dyn Signer> { Box::new(Scrawl(wanted)) })
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.0
    }
}

#[derive(Debug)]
struct Scrawl(SignatureScheme);

impl Signer for Scrawl {
    fn sign(&self, _message: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(vec![7; 64])
    }

    fn scheme(&self) -> SignatureScheme {
        self.0
    }
}

/// Asks for certificates, and takes any.
#[derive(Debug)]
struct Doorman {
    must: bool,
}

impl ClientCertVerifier for Doorman {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn client_auth_mandatory(&self) -> bool {
        self.must
    }

    fn verify_client_cert(
        &self,
        _leaf: &CertificateDer<'_>,
        _others: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _leaf: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _leaf: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ECDSA_NISTP256_SHA256]
    }
}
