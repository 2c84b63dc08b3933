//! The HTTP server: bind, serve, stop.

use std::{io, net::SocketAddr, time::Duration};

use axum::{Router, middleware, serve::ListenerExt};
use shared::core::Core;
use tokio::{
    net::{TcpListener, TcpStream},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use crate::{cybersec, hub::Hub, request_id, site::Site};

/// Milliseconds after which a client that takes nothing of what it was sent is gone.
const STALLED_MS: u32 = 30_000;

/// A bound server.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    site: Site,
}

impl Server {
    /// Binds `listen`; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address is taken or not this machine's.
    pub async fn bind(core: Core, listen: SocketAddr, public_url: Option<String>) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let hub = Hub::start(core.clone());
        let site = Site { core, hub, public_url, address, started: Instant::now(), stop };
        Ok(Self { listener, address, site })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop`; then ends streams, answers what has begun, and returns within `drain`.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn run(self, stop: CancellationToken, drain: Duration) -> io::Result<()> {
        let streams = self.site.stop.clone();
        let app = router(self.site);
        let told = stop.clone();
        let graceful = async move {
            told.cancelled().await;
            streams.cancel();
        };
        let listener = self.listener.tap_io(|connection| {
            if let Err(error) = prepare(connection) {
                tracing::debug!(%error, "a connection is used as it is");
            }
        });
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        let serve = axum::serve(listener, app).with_graceful_shutdown(graceful);
        tokio::select! {
            ended = serve.into_future() => ended,
            () = async { stop.cancelled().await; tokio::time::sleep(drain).await } => Ok(()),
        }
    }
}

/// Sends small frames at once, and has the system cut a connection whose client takes nothing for [`STALLED_MS`]: a
/// stream that is not read would otherwise be kept, full buffers and all, for as long as the client's machine is up.
fn prepare(connection: &TcpStream) -> io::Result<()> {
    connection.set_nodelay(true)?;
    Ok(rustix::net::sockopt::set_tcp_user_timeout(connection, STALLED_MS)?)
}

fn router(site: Site) -> Router {
    cybersec::router(site).layer(middleware::from_fn(request_id::name))
}
