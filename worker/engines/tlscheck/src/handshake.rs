//! A handshake with whoever it is, whose certificates are looked at afterwards.

mod witness;

use std::{net::IpAddr, sync::Arc};

use rustls::{
    ClientConfig,
    client::Resumption,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName},
};
use tokio::{
    io::AsyncReadExt,
    time::{Duration, Instant, timeout_at},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    failure::Failure,
    hello::{Asker, Version, glance},
    wire::Wire,
};
use witness::Witness;

/// How long a server that asked for a certificate may take to say that it misses one.
const SECOND_THOUGHTS: Duration = Duration::from_secs(1);

/// Whether a server asks its clients for certificates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientCertificate {
    /// No.
    #[default]
    NotAsked,
    /// Yes, and it goes on without one.
    Wanted,
    /// Yes, and it does not.
    Required,
}

/// What a handshake shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) staple: Vec<u8>,
    /// An SCT list of the handshake itself.
    pub(crate) scts: Vec<u8>,
    pub(crate) version: Option<Version>,
    pub(crate) suite: Option<u16>,
    pub(crate) alpn: Option<String>,
    pub(crate) client_certificate: ClientCertificate,
    /// What ended it, or kept it from ending.
    pub(crate) failure: Option<Failure>,
}

impl Shown {
    fn failed(failure: Failure) -> Self {
        Self { failure: Some(failure), ..Self::default() }
    }
}

/// Makes handshakes.
#[derive(Clone, Debug)]
pub(crate) struct Handshaker {
    provider: Arc<CryptoProvider>,
}

/// How a handshake with the library ended.
enum End {
    Done(Box<TlsStream<Wire>>),
    /// The other side speaks TLS, but not so; or it may.
    Unfit(Failure),
    /// There is nothing to try again.
    Failed(Failure),
}

impl Handshaker {
    pub(crate) fn new() -> Self {
        Self { provider: Arc::new(rustls::crypto::ring::default_provider()) }
    }

    /// Makes one, first with what is spoken today, and then with what was spoken once.
    pub(crate) async fn look(&self, asker: &Asker<'_>) -> Shown {
        let (shown, end) = self.shake(asker, &[]).await;
        match end {
            End::Unfit(failure) if shown.chain.is_empty() => Self::look_back(asker, failure).await,
            End::Done(mut stream) => second_thoughts(&mut stream, shown, asker.deadline).await,
            End::Unfit(failure) | End::Failed(failure) => Shown { failure: Some(failure), ..shown },
        }
    }

    /// Makes one that offers protocols inside, and gives the connection where it came about.
    pub(crate) async fn open(&self, asker: &Asker<'_>, alpn: &[&str]) -> (Shown, Option<TlsStream<Wire>>) {
        let (shown, end) = self.shake(asker, alpn).await;
        match end {
            End::Done(stream) => (shown, Some(*stream)),
            End::Unfit(_) | End::Failed(_) => (shown, None),
        }
    }

    async fn shake(&self, asker: &Asker<'_>, alpn: &[&str]) -> (Shown, End) {
        let wire = match asker.connect().await {
            Ok(wire) => wire,
            Err(failure) => return (Shown::failed(failure), End::Failed(failure)),
        };
        let witness = Arc::new(Witness::new(&self.provider));
        let Some(config) = self.config(&witness, alpn) else {
            return (Shown::default(), End::Failed(Failure::HandshakeFailed));
        };
        let name = server_name(asker.name(), asker.target.address.ip());
        let connecting = TlsConnector::from(Arc::new(config)).connect(name, wire).into_fallible();
        let connected = timeout_at(asker.until(), connecting).await;
        let mut shown = witness.take();
        let end = match connected {
            Err(_) => End::Failed(Failure::Timeout),
            Ok(Ok(stream)) => {
                let session = stream.get_ref().1;
                shown.version =
                    session.protocol_version().and_then(|version| Version::numbered(version.into()));
                shown.suite = session.negotiated_cipher_suite().map(|suite| suite.suite().into());
                shown.alpn = session.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned());
                End::Done(Box::new(stream))
            }
            Ok(Err((error, wire))) => end_of(&error, &wire),
        };
        if !shown.chain.is_empty() && shown.client_certificate != ClientCertificate::NotAsked {
            // What breaks off here is the other side's answer to a certificate that is none.
            if let End::Unfit(_) | End::Failed(Failure::Reset) = end {
                shown.client_certificate = ClientCertificate::Required;
                return (shown, End::Failed(Failure::ClientCertRequired));
            }
        }
        (shown, end)
    }

    fn config(&self, witness: &Arc<Witness>, alpn: &[&str]) -> Option<ClientConfig> {
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider));
        let builder = builder.with_safe_default_protocol_versions().ok()?;
        let mut config = builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::<Witness>::clone(witness))
            .with_client_cert_resolver(Arc::<Witness>::clone(witness));
        config.resumption = Resumption::disabled();
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        Some(config)
    }

    /// With a hello of our own, for versions and suites that the library does not have.
    async fn look_back(asker: &Asker<'_>, failure: Failure) -> Shown {
        let Ok(answer) = glance(asker).await else { return Shown::failed(failure) };
        let client_certificate =
            if answer.asks_for_certificate { ClientCertificate::Wanted } else { ClientCertificate::NotAsked };
        let failure = answer.chain.is_empty().then_some(Failure::HandshakeFailed);
        Shown {
            chain: answer.chain.into_iter().map(CertificateDer::from).collect(),
            staple: answer.staple,
            scts: answer.scts,
            version: Some(answer.version),
            suite: Some(answer.suite).filter(|_| answer.version != Version::Ssl2),
            alpn: None,
            client_certificate,
            failure,
        }
    }
}

/// What a handshake that did not come about tells of the other side.
fn end_of(error: &std::io::Error, wire: &Wire) -> End {
    let is_of_tls = matches!(wire.opening(), [20..=23, 3, ..]);
    let is_too_much = error.kind() == std::io::ErrorKind::FileTooLarge;
    match wire.opening() {
        _ if is_too_much => End::Failed(Failure::TooMuchData),
        _ if is_of_tls && is_of_library(error) => End::Unfit(Failure::HandshakeFailed),
        _ if is_of_tls => End::Unfit(Failure::of_stream(error)),
        // Old servers hang up on what they do not know; those of SSL 2 answer with its error.
        [] => End::Unfit(Failure::of_stream(error)),
        [0x80, ..] => End::Unfit(Failure::NotTls),
        _ => End::Failed(Failure::NotTls),
    }
}

fn is_of_library(error: &std::io::Error) -> bool {
    error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>()).is_some()
}

/// In TLS 1.3 the client is done first: that a certificate was missing is said after its handshake.
async fn second_thoughts(stream: &mut TlsStream<Wire>, mut shown: Shown, deadline: Instant) -> Shown {
    if shown.client_certificate == ClientCertificate::NotAsked || shown.version != Some(Version::Tls13) {
        return shown;
    }
    let until = deadline.min(Instant::now() + SECOND_THOUGHTS);
    if let Ok(Ok(0) | Err(_)) = timeout_at(until, stream.read(&mut [0; 1])).await {
        shown.client_certificate = ClientCertificate::Required;
        shown.failure = Some(Failure::ClientCertRequired);
    }
    shown
}

fn server_name(name: Option<&str>, address: IpAddr) -> ServerName<'static> {
    let name = name.map(|name| name.trim_end_matches('.').to_owned());
    name.and_then(|name| ServerName::try_from(name).ok()).unwrap_or_else(|| ServerName::from(address))
}
