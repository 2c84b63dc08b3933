//! What every handler can reach.

use std::sync::Arc;

use shared::{core::Core, settings::Web};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::hub::Hub;

/// The running server as its handlers see it. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) core: Core,
    pub(crate) hub: Hub,
    /// How clients reach it; `listen` is the address that was bound.
    pub(crate) web: Arc<Web>,
    /// When it started.
    pub(crate) started: Instant,
    /// Cancelled when the server stops: streams end then.
    pub(crate) stop: CancellationToken,
}

impl Site {
    /// The address that it listens on, as a URL.
    pub(crate) fn own_url(&self) -> String {
        format!("{}://{}", self.web.scheme(), self.web.listen)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::path::Path;

    use shared::{
        clock::Clock,
        settings::{Mode, Settings},
    };

    use super::*;

    /// A site on a database in this folder, with a clock that stands still.
    pub(crate) async fn site(folder: &Path, settings: &[(&str, &str)]) -> Site {
        let look_up = |name: &str| {
            settings.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        let settings = Settings::read(Mode::Embedded(folder), &look_up).unwrap();
        let core = Core::open(&settings).await.unwrap();
        core.store.migrate().await.unwrap();
        let core = Core { clock: Clock::fixed("2026-03-01T12:00:00Z".parse().unwrap()), ..core };
        let (hub, web) = (Hub::start(core.clone()), Arc::new(settings.web));
        Site { core, hub, web, started: Instant::now(), stop: CancellationToken::new() }
    }
}
