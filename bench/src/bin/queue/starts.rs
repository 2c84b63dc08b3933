//! The job that does nothing, and who hears of its starts.

use std::{sync::OnceLock, time::Instant};

use futures::future::BoxFuture;
use tokio::sync::mpsc;
use worker::{Outcome, Work};

/// One start of a job in this process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    pub(crate) at: Instant,
    pub(crate) attempt: i64,
}

/// A worker takes a plain function, so what it tells is told through here.
static LISTENER: OnceLock<mpsc::UnboundedSender<Start>> = OnceLock::new();

/// Hears of every start from now on; there is one listener in a process.
pub(crate) fn listen() -> mpsc::UnboundedReceiver<Start> {
    let (sender, starts) = mpsc::unbounded_channel();
    LISTENER.get_or_init(|| sender);
    starts
}

/// Tells of the start, and is done.
pub(crate) fn perform(work: Work) -> BoxFuture<'static, Outcome> {
    Box::pin(async move {
        tell(&work);
        Outcome::Done
    })
}

/// Tells of the start, and never ends.
pub(crate) fn hold(work: Work) -> BoxFuture<'static, Outcome> {
    Box::pin(async move {
        tell(&work);
        std::future::pending().await
    })
}

fn tell(work: &Work) {
    let start = Start { at: Instant::now(), attempt: work.claim.attempt };
    // A listener that has gone has all it wanted.
    LISTENER.get().map_or(Ok(()), |listener| listener.send(start)).unwrap_or_default();
}
