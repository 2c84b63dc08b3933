//! Where connections come in, plain or under TLS.

mod crowd;

use std::{io, net::SocketAddr, time::Duration};

use axum::serve;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_util::either::Either;

use self::crowd::{Crowd, Place};

/// Milliseconds after which a client that takes nothing of what it was sent is gone.
const STALLED_MS: u32 = 30_000;
/// How long a client may take to agree on the encryption.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Clients that agree on it at any moment; more wait in the system's queue.
const MOST_HANDSHAKES: usize = 1024;
/// Of them those of one address; more are cut.
const MOST_OF_ONE: usize = 128;

/// A connection that requests can be read from.
pub(crate) type Connection = Either<TcpStream, TlsStream<TcpStream>>;

/// What the server listens with.
#[derive(Debug)]
pub(crate) enum Listener {
    /// Without encryption.
    Plain(TcpListener),
    /// With TLS on every connection.
    Tls(Handshakes),
}

/// Connections on their way from the listener to the server. Dropping it drops them.
pub(crate) struct Handshakes {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    crowd: Crowd,
    begun: JoinSet<Option<(TlsStream<TcpStream>, SocketAddr)>>,
}

impl std::fmt::Debug for Handshakes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handshakes").field("listener", &self.listener).finish_non_exhaustive()
    }
}

impl Listener {
    pub(crate) fn new(listener: TcpListener, acceptor: Option<TlsAcceptor>) -> Self {
        match acceptor {
            None => Self::Plain(listener),
            Some(acceptor) => {
                let (crowd, begun) = (Crowd::default(), JoinSet::new());
                Self::Tls(Handshakes { listener, acceptor, crowd, begun })
            }
        }
    }

    /// The next connection, and who is at its other end.
    pub(crate) async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (connection, peer) = match self {
            Self::Plain(listener) => {
                let (stream, peer) = serve::Listener::accept(listener).await;
                (Either::Left(stream), peer)
            }
            Self::Tls(handshakes) => {
                let (stream, peer) = handshakes.accept().await;
                (Either::Right(stream), peer)
            }
        };
        if let Err(error) = prepare(&connection) {
            tracing::debug!(%error, "a connection is used as it is");
        }
        (connection, peer)
    }
}

impl Handshakes {
    /// The next connection whose handshake is done, in whatever order: a slow client holds up nobody but itself.
    async fn accept(&mut self) -> (TlsStream<TcpStream>, SocketAddr) {
        loop {
            tokio::select! {
                Some(ended) = self.begun.join_next() => {
                    if let Ok(Some(connection)) = ended {
                        return connection;
                    }
                }
                (stream, peer) = serve::Listener::accept(&mut self.listener),
                    if self.begun.len() < MOST_HANDSHAKES =>
                {
                    if let Some(place) = self.crowd.enter(peer.ip().into(), MOST_OF_ONE) {
                        self.begun.spawn(shake_hands(self.acceptor.clone(), stream, peer, place));
                    } else {
                        tracing::debug!(%peer, "too many handshakes of one address");
                    }
                }
            }
        }
    }
}

async fn shake_hands(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    peer: SocketAddr,
    _place: Place,
) -> Option<(TlsStream<TcpStream>, SocketAddr)> {
    match timeout(HANDSHAKE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => return Some((stream, peer)),
        Ok(Err(error)) => tracing::debug!(%peer, %error, "no TLS with this client"),
        Err(_) => tracing::debug!(%peer, "a client took too long over its handshake"),
    }
    None
}

/// Sends small frames at once, and has the system cut a connection whose client takes nothing for [`STALLED_MS`]: a
/// stream that is not read would otherwise be kept, full buffers and all, for as long as the client's machine is up.
fn prepare(connection: &Connection) -> io::Result<()> {
    let stream = match connection {
        Either::Left(stream) => stream,
        Either::Right(stream) => stream.get_ref().0,
    };
    stream.set_nodelay(true)?;
    Ok(rustix::net::sockopt::set_tcp_user_timeout(stream, STALLED_MS)?)
}

#[cfg(test)]
mod tests {
    use std::{path::Path, sync::Arc};

    use rcgen::{CertifiedKey, generate_simple_self_signed};
    use rustls::{ClientConfig, RootCertStore, crypto::ring};
    use shared::settings::TlsFiles;
    use tokio_rustls::TlsConnector;

    use super::*;
    use crate::tls::Certificate;

    /// A server's side and a client's.
    fn encryption(folder: &Path) -> (TlsAcceptor, TlsConnector) {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let files = TlsFiles { certificate: folder.join("server.pem"), key: folder.join("server.key") };
        std::fs::write(&files.certificate, cert.pem()).unwrap();
        std::fs::write(&files.key, signing_key.serialize_pem()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(cert.der().clone()).unwrap();
        let client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        (Certificate::load(files).unwrap().acceptor().unwrap(), TlsConnector::from(Arc::new(client)))
    }

    async fn dial(
        address: SocketAddr,
        connector: Option<TlsConnector>,
    ) -> Either<TcpStream, tokio_rustls::client::TlsStream<TcpStream>> {
        let stream = TcpStream::connect(address).await.unwrap();
        let Some(connector) = connector else { return Either::Left(stream) };
        Either::Right(connector.connect("localhost".try_into().unwrap(), stream).await.unwrap())
    }

    #[tokio::test]
    async fn connections_are_alike_with_and_without_tls() {
        let folder = tempfile::tempdir().unwrap();
        let (acceptor, connector) = encryption(folder.path());
        for acceptor in [None, Some(acceptor)] {
            let is_encrypted = acceptor.is_some();
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let mut listener = Listener::new(listener, acceptor);
            let client = tokio::spawn(dial(address, is_encrypted.then(|| connector.clone())));
            let (connection, _) = listener.accept().await;
            let stream = match &connection {
                Either::Left(stream) => stream,
                Either::Right(stream) => stream.get_ref().0,
            };
            assert_eq!(matches!(connection, Either::Right(_)), is_encrypted);
            assert!(stream.nodelay().unwrap());
            assert_eq!(rustix::net::sockopt::tcp_user_timeout(stream).unwrap(), STALLED_MS);
            drop(client.await.unwrap());
        }
    }
}
