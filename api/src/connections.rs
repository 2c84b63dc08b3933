//! Serves connections, by HTTP/1.1 or HTTP/2 as each of them begins, and has them end well.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::ConnectInfo, http::Request};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tower::ServiceExt;

use crate::listener::Connection;

/// The longest head of a request, in bytes. A connection has a buffer of this size for as long as it lives, streams, too.
const HEAD_BYTES: usize = 8192;

/// The connections that are served.
#[derive(Debug)]
pub(crate) struct Connections {
    app: Router,
    head: Duration,
    builder: Builder<TokioExecutor>,
    graceful: GracefulShutdown,
}

impl Connections {
    /// `head` is how long a client may take over the head of a request, and how long a connection may rest between two.
    pub(crate) fn new(app: Router, head: Duration) -> Self {
        let mut builder = Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(head).max_buf_size(HEAD_BYTES);
        builder.http2().enable_connect_protocol();
        Self { app, head, builder, graceful: GracefulShutdown::new() }
    }

    /// Serves one more, in a task of its own.
    pub(crate) fn serve(&self, connection: Connection, peer: SocketAddr) {
        let (head, has_asked) = (self.head, Arc::new(AtomicBool::new(false)));
        let asked = has_asked.clone();
        let app = self.app.clone().map_request(move |mut request: Request<_>| {
            asked.store(true, Ordering::Relaxed);
            request.extensions_mut().insert(ConnectInfo(peer));
            request
        });
        let io = TokioIo::new(connection);
        let served = self.builder.serve_connection_with_upgrades(io, TowerToHyperService::new(app));
        let served = self.graceful.watch(served.into_owned());
        tokio::spawn(async move {
            tokio::select! {
                ended = served => if let Err(error) = ended {
                    tracing::debug!(%peer, error, "a connection broke");
                },
                () = silence(&has_asked, head) => tracing::debug!(%peer, "a client took too long over its first request"),
            }
        });
    }

    /// Lets every connection answer what has begun; returns when all have ended.
    pub(crate) async fn end(self) {
        self.graceful.shutdown().await;
    }
}

/// Ends when a connection has been open for so long without a request. The head of later ones is timed by hyper, which
/// does not yet watch while it finds out which HTTP is spoken.
async fn silence(has_asked: &AtomicBool, head: Duration) {
    tokio::time::sleep(head).await;
    if has_asked.load(Ordering::Relaxed) {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use axum::{
        extract::{WebSocketUpgrade, ws::WebSocket},
        routing::get,
    };
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
        time::{sleep, timeout},
    };

    use super::*;
    use crate::listener::Listener;

    const HEAD: Duration = Duration::from_millis(300);
    const LIMIT: Duration = Duration::from_secs(20);
    const GET: &str = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";

    async fn listen(mut socket: WebSocket) {
        while let Some(Ok(_)) = socket.recv().await {}
    }

    /// A connection to a server that answers at once, late, or by a WebSocket.
    async fn dial() -> TcpStream {
        let slow = async || {
            sleep(HEAD * 3).await;
            "late"
        };
        let upgrade = async |upgrade: WebSocketUpgrade| upgrade.on_upgrade(listen);
        let app = Router::new()
            .route("/", get(async || "at once"))
            .route("/slow", get(slow))
            .route("/socket", get(upgrade));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, mut listener) = (listener.local_addr().unwrap(), Listener::new(listener, None));
        tokio::spawn(async move {
            let connections = Connections::new(app, HEAD);
            loop {
                let (connection, peer) = listener.accept().await;
                connections.serve(connection, peer);
            }
        });
        TcpStream::connect(address).await.unwrap()
    }

    /// Everything until the server closes.
    async fn rest(stream: &mut TcpStream) -> String {
        let mut received = Vec::new();
        timeout(LIMIT, stream.read_to_end(&mut received)).await.unwrap().unwrap();
        String::from_utf8(received).unwrap()
    }

    #[tokio::test]
    async fn whoever_takes_too_long_over_a_head_is_cut() {
        let begun = format!("{GET}GET / HT");
        for (sent, answered) in [
            ("", false),
            ("P", false),
            ("PRI * HTTP/2.0\r\n\r", false),
            ("GET / HTTP/1.1\r\nhost: local", false),
            (GET, true),
            (&begun, true),
        ] {
            let mut stream = dial().await;
            stream.write_all(sent.as_bytes()).await.unwrap();
            let received = rest(&mut stream).await;
            assert_eq!(received.contains("at once"), answered, "{sent:?}: {received:?}");
        }
    }

    #[tokio::test]
    async fn an_answer_and_a_websocket_may_take_longer() {
        let mut stream = dial().await;
        stream.write_all(GET.replace("/ ", "/slow ").as_bytes()).await.unwrap();
        assert!(rest(&mut stream).await.contains("late"));
        let mut socket = dial().await;
        let upgrade = "GET /socket HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                       sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        socket.write_all(upgrade.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(LIMIT, socket.read_u8()).await.unwrap().unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 101"));
        sleep(HEAD * 3).await;
        // A ping with an empty mask, and its pong.
        socket.write_all(&[0x89, 0x80, 0, 0, 0, 0]).await.unwrap();
        let mut pong = [0; 2];
        timeout(LIMIT, socket.read_exact(&mut pong)).await.unwrap().unwrap();
        assert_eq!(pong, [0x8a, 0]);
    }
}
