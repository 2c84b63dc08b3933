//! Logging: lines on standard error, filtered by `VEDETTE_LOG`.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Starts logging. `filter` is in the syntax of `tracing`, such as `info` or `worker=debug`; an unreadable one means
/// `info`.
pub fn start(filter: &str) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    if lines.try_init().is_err() {
        tracing::debug!("logging was started before");
    }
}
