//! Where connections come in, plain or under TLS.

use std::{io, net::SocketAddr, time::Duration};

use axum::serve;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_util::either::Either;

/// Milliseconds after which a client that takes nothing of what it was sent is gone.
const STALLED_MS: u32 = 30_000;
/// How long a client may take to agree on the encryption.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Clients that agree on it at any moment; more wait in the system's queue.
const MOST_HANDSHAKES: usize = 1024;

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
            Some(acceptor) => Self::Tls(Handshakes { listener, acceptor, begun: JoinSet::new() }),
        }
    }
}

impl serve::Listener for Listener {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        match self {
            Self::Plain(listener) => {
                let (stream, peer) = serve::Listener::accept(listener).await;
                (Either::Left(stream), peer)
            }
            Self::Tls(handshakes) => {
                let (stream, peer) = handshakes.accept().await;
                (Either::Right(stream), peer)
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Plain(listener) | Self::Tls(Handshakes { listener, .. }) => listener.local_addr(),
        }
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
                    self.begun.spawn(shake_hands(self.acceptor.clone(), stream, peer));
                }
            }
        }
    }
}

async fn shake_hands(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    peer: SocketAddr,
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
pub(crate) fn prepare(connection: &Connection) -> io::Result<()> {
    let stream = match connection {
        Either::Left(stream) => stream,
        Either::Right(stream) => stream.get_ref().0,
    };
    stream.set_nodelay(true)?;
    Ok(rustix::net::sockopt::set_tcp_user_timeout(stream, STALLED_MS)?)
}
