//! Waiting for an event, always with a limit.

use std::future::Future;
use std::time::{Duration, Instant};

/// How long anything that ought to happen at once may take on a busy machine.
pub const SOON: Duration = Duration::from_secs(20);

/// How long a whole scan, with its recovery from a killed process, may take.
pub const LONG: Duration = Duration::from_secs(90);

const PAUSE: Duration = Duration::from_millis(25);

/// Asks again and again until there is an answer.
///
/// # Panics
/// When the limit has passed; the message says what was waited for.
pub async fn until<T>(what: &str, limit: Duration, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(started.elapsed() < limit, "{what}: not within {limit:?}");
        tokio::time::sleep(PAUSE).await;
    }
}

/// Awaits one thing with a limit.
///
/// # Panics
/// When the limit has passed; the message says what was waited for.
pub async fn within<T>(what: &str, limit: Duration, thing: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(limit, thing).await;
    done.unwrap_or_else(|_| panic!("{what}: not within {limit:?}"))
}
