//! What every handler can reach.

use std::net::SocketAddr;

use axum::http::{HeaderMap, header::HOST};
use shared::core::Core;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::hub::Hub;

/// The running server as its handlers see it. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) core: Core,
    pub(crate) hub: Hub,
    /// How clients reach the server, where the operator said so.
    pub(crate) public_url: Option<String>,
    /// Where the server listens.
    pub(crate) address: SocketAddr,
    /// When it started.
    pub(crate) started: Instant,
    /// Cancelled when the server stops: streams end then.
    pub(crate) stop: CancellationToken,
}

impl Site {
    /// The address that clients reach the server by, such as `http://localhost:8000`: as configured, else as this
    /// request called it.
    pub(crate) fn base_url(&self, headers: &HeaderMap) -> String {
        if let Some(url) = &self.public_url {
            return url.clone();
        }
        let host = headers.get(HOST).and_then(|host| host.to_str().ok()).filter(|host| is_host(host));
        host.map_or_else(|| format!("http://{}", self.address), |host| format!("http://{host}"))
    }
}

/// Whether the text may stand in a URL that is sent back.
fn is_host(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".:-_[]".contains(&byte))
}
