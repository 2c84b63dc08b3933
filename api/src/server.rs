//! The HTTP server: bind, serve, stop.

use std::{io, net::SocketAddr, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    middleware,
    response::Response,
};
use shared::{core::Core, identity, settings::Web};
use tokio::{net::TcpListener, time::timeout};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::{
    aip, chad, chenist, connections::Connections, cybersec, keychest, listener::Listener, metrics, peer,
    request_id, site::Site, tls::Certificate, unread,
};

/// How long a client may take over the head of a request, and how long a connection may rest between two.
const HEAD: Duration = Duration::from_secs(30);

/// A bound server.
#[derive(Debug)]
pub struct Server {
    listener: Listener,
    certificate: Option<Certificate>,
    site: Site,
}

impl Server {
    /// Binds the address that `web` names; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address is taken or not this machine's, or TLS is asked for and its files cannot be used.
    pub async fn bind(core: Core, mut web: Web) -> io::Result<Self> {
        let certificate = web.tls.clone().map(Certificate::load).transpose()?;
        let acceptor = certificate.as_ref().map(Certificate::acceptor).transpose()?;
        let listener = TcpListener::bind(web.listen).await;
        let listener = listener.map_err(|error| unheard(web.listen, &error))?;
        web.listen = listener.local_addr()?;
        tokio::spawn(identity::follow_changes(core.clone()));
        Ok(Self { listener: Listener::new(listener, acceptor), certificate, site: Site::start(core, web) })
    }

    /// Where it listens, such as `http://127.0.0.1:8000`.
    #[must_use]
    pub fn url(&self) -> String {
        self.site.own_url()
    }

    /// Serves until `stop`; then ends streams, answers what has begun, and returns within `drain`.
    pub async fn run(mut self, stop: CancellationToken, drain: Duration) {
        let streams = self.site.stop.clone();
        if let Some(certificate) = self.certificate {
            tokio::spawn(certificate.watch(stop.clone()));
        }
        let connections = Connections::new(router(self.site), HEAD);
        while let Some((connection, peer)) = stop.run_until_cancelled(self.listener.accept()).await {
            connections.serve(connection, peer);
        }
        drop(self.listener);
        streams.cancel();
        // Whoever has not ended by then is cut with the process.
        drop(timeout(drain, connections.end()).await);
    }
}

/// Names the address that cannot be listened on.
fn unheard(address: SocketAddr, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("listening on {address}: {error}"))
}

fn router(site: Site) -> Router {
    let recognised = middleware::from_fn_with_state(site.clone(), peer::recognise);
    let metrics = site.metrics.clone();
    let counted = |router: Router, dialect: &'static str| {
        router.layer(middleware::from_fn_with_state((metrics.clone(), dialect), metrics::count))
    };
    let dialects = Dialects {
        aip: counted(aip::router(site.clone()), "aip"),
        keychest: counted(keychest::router(site.clone()), "keychest"),
        chad: counted(chad::router(site.clone()), "chad"),
        chenist: counted(chenist::router(site.clone()), "chenist"),
        cybersec: counted(cybersec::router(site), "cybersec"),
    };
    Router::new()
        .fallback(answer)
        .with_state(dialects)
        .layer(middleware::from_fn(unread::take_rest))
        .layer(recognised)
        .layer(middleware::from_fn(request_id::name))
}

/// Each with its own answer to what it does not know.
#[derive(Clone)]
struct Dialects {
    aip: Router,
    keychest: Router,
    chad: Router,
    chenist: Router,
    /// Whatever is nobody's is theirs, too.
    cybersec: Router,
}

impl Dialects {
    fn of(self, path: &str) -> Router {
        if aip::owns(path) {
            self.aip
        } else if keychest::owns(path) {
            self.keychest
        } else if chad::owns(path) {
            self.chad
        } else if chenist::owns(path) {
            self.chenist
        } else {
            self.cybersec
        }
    }
}

async fn answer(State(dialects): State<Dialects>, request: Request) -> Response {
    let dialect = dialects.of(request.uri().path());
    let Ok(response) = dialect.oneshot(request).await;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The dialects that say a path is theirs.
    fn owners(path: &str) -> Vec<&'static str> {
        let said = [
            ("aip", aip::owns(path)),
            ("keychest", keychest::owns(path)),
            ("chad", chad::owns(path)),
            ("chenist", chenist::owns(path)),
        ];
        said.into_iter().filter_map(|(dialect, owns)| owns.then_some(dialect)).collect()
    }

    #[test]
    fn a_path_is_of_one_dialect() {
        let aip = ["/v2", "/v2/", "/v2/agents", "/help/hawk", "/help/hawk/", "/help/hawk/self-test"];
        let keychest = ["/api", "/api/", "/api/ping", "/api/v1.0", "/api/v1.0/", "/api/v1.0/nothing"];
        let chad = ["/api/api-keys", "/api/api-keys/x/y", "/api/external/alerts", "/api/auth/login"];
        let chenist = ["/v1", "/v1/", "/v1/security/assessments"];
        let owned = [("aip", &aip[..]), ("keychest", &keychest), ("chad", &chad), ("chenist", &chenist)];
        for (dialect, paths) in owned {
            for path in paths {
                assert_eq!(owners(path), [dialect], "{path}");
            }
        }
        for path in [
            "/",
            "/v10",
            "/v20/agents",
            "/help",
            "/help/hawks",
            "/api/v1",
            "/api/v1/scans",
            "/api/v1.1/user",
            "/api/pings",
            "/api/api-keys2",
            "/api//rules",
        ] {
            assert!(owners(path).is_empty(), "{path}");
        }
    }
}
