//! Whether the server can work.

use axum::{extract::State, http::StatusCode};
use serde::Serialize;
use shared::{
    bell::{Bell, Workers},
    scan::Ability::{Connections, RawPackets},
};

use super::envelope::Reply;
use crate::site::Site;

#[derive(Debug, Serialize)]
pub(super) struct Health {
    status: &'static str,
    version: &'static str,
    uptime_seconds: u64,
    components: Components,
}

#[derive(Debug, Serialize)]
struct Components {
    database: &'static str,
    redis: &'static str,
    worker: &'static str,
    /// Whether scans of type `syn` are taken, and by whom; if not, why.
    syn_scan: &'static str,
}

/// Asks every part for a sign of life. Without a worker the server still takes requests, so it is only degraded.
pub(super) async fn health(State(site): State<Site>) -> Reply<Health> {
    let bell = &site.core.bell;
    let database = word(site.core.store.ping().await.is_ok());
    let redis = match bell {
        Bell::Embedded(_) => "embedded",
        Bell::Redis(_) => word(bell.ping().await.is_ok()),
    };
    let (worker, syn_scan) = match bell.workers().await {
        None => ("missing", "unavailable: there is no worker"),
        Some(Workers { best: Connections, .. }) => {
            ("healthy", "unavailable: no worker has the right CAP_NET_RAW")
        }
        Some(Workers { all: Connections, .. }) => {
            ("healthy", "limited: some workers lack the right CAP_NET_RAW")
        }
        Some(Workers { all: RawPackets, .. }) => ("healthy", "healthy"),
    };
    let down = database == "unavailable" || redis == "unavailable";
    let (code, status) = match (down, worker) {
        (true, _) => (StatusCode::SERVICE_UNAVAILABLE, "unhealthy"),
        (false, "missing") => (StatusCode::OK, "degraded"),
        (false, _) => (StatusCode::OK, "healthy"),
    };
    Reply(
        code,
        Health {
            status,
            version: env!("CARGO_PKG_VERSION"),
            uptime_seconds: site.started.elapsed().as_secs(),
            components: Components { database, redis, worker, syn_scan },
        },
    )
}

fn word(alive: bool) -> &'static str {
    if alive { "healthy" } else { "unavailable" }
}
