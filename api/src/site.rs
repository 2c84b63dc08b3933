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
