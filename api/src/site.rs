//! What every handler can reach.

use std::{ops::Deref, sync::Arc};

use shared::{core::Core, settings::Web};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{hub::Hub, metrics::Metrics, seats::Seats};

/// The running server as its handlers see it. Clones share it, and are small: every stream has some.
#[derive(Clone, Debug)]
pub(crate) struct Site(Arc<Parts>);

/// What there is of it.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) core: Core,
    pub(crate) hub: Hub,
    /// How many streams are open.
    pub(crate) seats: Seats,
    /// What is counted for the operator.
    pub(crate) metrics: Metrics,
    /// How clients reach it; `listen` is the address that was bound.
    pub(crate) web: Web,
    /// When it started.
    pub(crate) started: Instant,
    /// Cancelled when the server stops: streams end then.
    pub(crate) stop: CancellationToken,
}

impl Site {
    /// Starts what follows the bell. `web.listen` is the address that was bound.
    pub(crate) fn start(core: Core, web: Web) -> Self {
        let metrics = Metrics::new(core.clone());
        let hub = Hub::start(core.clone(), metrics.clone());
        let seats = Seats::new(core.limits.streams);
        let (started, stop) = (Instant::now(), CancellationToken::new());
        Self(Arc::new(Parts { core, hub, seats, metrics, web, started, stop }))
    }

    /// The address that it listens on, as a URL.
    pub(crate) fn own_url(&self) -> String {
        format!("{}://{}", self.web.scheme(), self.web.listen)
    }
}

impl Deref for Site {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::path::Path;

    use axum::{
        Router,
        body::{Body, to_bytes},
        extract::Request,
    };
    use serde_json::Value;
    use shared::{
        clock::Clock,
        settings::{Mode, Settings},
    };

    use tower::ServiceExt;

    use super::*;

    /// The status and the body that a dialect's guard answers with where a handler panics.
    pub(crate) async fn answer_to_a_fault(guarded: fn(Router<Site>) -> Router<Site>) -> (u16, Value) {
        let folder = tempfile::tempdir().unwrap();
        let faulty = Router::new().fallback(async || -> () { panic!("as the test wants it") });
        let router = guarded(faulty).with_state(site(folder.path(), &[]).await);
        let response = router.oneshot(Request::new(Body::empty())).await.unwrap();
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), 10_000).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    /// A site on a database in this folder, with a clock that stands still.
    pub(crate) async fn site(folder: &Path, settings: &[(&str, &str)]) -> Site {
        let look_up = |name: &str| {
            settings.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        let settings = Settings::read(Mode::Embedded(folder), &look_up).unwrap();
        let core = Core::open(&settings).await.unwrap();
        core.store.migrate().await.unwrap();
        let core = Core { clock: Clock::fixed("2026-03-01T12:00:00Z".parse().unwrap()), ..core };
        Site::start(core, settings.web)
    }
}
