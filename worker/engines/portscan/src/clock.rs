use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};

static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Time since some moment of this process: one clock for all its scans, as they may share a budget.
pub(crate) fn now() -> Duration {
    ORIGIN.elapsed()
}
