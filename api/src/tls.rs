//! The server's certificate: read from two files at start, and again whenever they change.

use std::{
    io,
    os::unix::fs::MetadataExt,
    path::Path,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use rustls::{
    Error, ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use shared::settings::TlsFiles;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// The certificate that new connections are shown. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Certificate {
    files: TlsFiles,
    loaded: Stamps,
    shown: Arc<RwLock<Arc<CertifiedKey>>>,
}

/// What tells one state of a file from another; `None` for a file that cannot be looked at.
type Stamp = Option<(u64, u64, i64, i64, u64)>;
type Stamps = (Stamp, Stamp);

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.shown.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

impl Certificate {
    /// Reads the files.
    ///
    /// # Errors
    /// Says which setting names a file that is missing, is no PEM, or does not belong to the other.
    pub(crate) fn load(files: TlsFiles) -> io::Result<Self> {
        let loaded = stamps(&files);
        let shown = Arc::new(RwLock::new(Arc::new(read(&files)?)));
        Ok(Self { files, loaded, shown })
    }

    /// What makes encrypted connections of plain ones, by HTTP/2 or HTTP/1.1 as the client likes.
    ///
    /// # Errors
    /// When the cryptography cannot offer the protocol versions asked for.
    pub(crate) fn acceptor(&self) -> io::Result<TlsAcceptor> {
        // Named, since another crate of the process may bring cryptography of its own.
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(self.clone()));
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// Shows new connections what is new in the files, until `stop`. Open ones go on as they are.
    pub(crate) async fn watch(mut self, stop: CancellationToken) {
        let mut last = self.loaded;
        while stop.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
            let files = self.files.clone();
            let Ok(now) = tokio::task::spawn_blocking(move || stamps(&files)).await else { continue };
            // Two files are not written in one moment: they are read once they have come to rest.
            if now == last && now != self.loaded {
                self.loaded = now;
                self.reload().await;
            }
            last = now;
        }
    }

    async fn reload(&self) {
        let files = self.files.clone();
        let read = tokio::task::spawn_blocking(move || read(&files)).await;
        match read.map_err(io::Error::other).flatten() {
            Ok(certificate) => {
                *self.shown.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(certificate);
                tracing::info!("new connections are shown the new certificate");
            }
            Err(error) => tracing::error!(%error, "the new certificate cannot be used; the old one stays"),
        }
    }
}

fn read(files: &TlsFiles) -> io::Result<CertifiedKey> {
    let chain = CertificateDer::pem_file_iter(&files.certificate).and_then(Iterator::collect);
    let chain: Vec<CertificateDer<'static>> =
        chain.map_err(|error| unreadable("VEDETTE_TLS_CERT", &files.certificate, &error))?;
    if chain.is_empty() {
        let place = files.certificate.display();
        return Err(io::Error::other(format!("VEDETTE_TLS_CERT: {place}: holds no certificate in PEM")));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| unreadable("VEDETTE_TLS_KEY", &files.key, &error))?;
    CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(|error| unusable(files, &error))
}

fn unreadable(name: &str, path: &Path, error: &pem::Error) -> io::Error {
    let place = path.display();
    io::Error::other(if let pem::Error::Io(error) = error {
        format!("{name}: {place}: {error}")
    } else if matches!(error, pem::Error::NoItemsFound) {
        format!("{name}: {place}: holds no private key in PEM")
    } else {
        format!("{name}: {place}: is not PEM: {error}")
    })
}

fn unusable(files: &TlsFiles, error: &Error) -> io::Error {
    let (certificate, key) = (files.certificate.display(), files.key.display());
    io::Error::other(if matches!(error, Error::InconsistentKeys(_)) {
        format!("VEDETTE_TLS_KEY: {key}: is not the key of the certificate in {certificate}")
    } else {
        format!("VEDETTE_TLS_CERT and VEDETTE_TLS_KEY: {certificate}, {key}: {error}")
    })
}

fn stamps(files: &TlsFiles) -> Stamps {
    (stamp(&files.certificate), stamp(&files.key))
}

fn stamp(path: &Path) -> Stamp {
    let data = std::fs::metadata(path).ok()?;
    Some((data.dev(), data.ino(), data.ctime(), data.ctime_nsec(), data.size()))
}
