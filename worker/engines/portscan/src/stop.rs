use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// A flag that ends a scan; its clones are the same flag.
///
/// ```
/// let stop = portscan::Stop::new();
/// stop.clone().stop();
/// assert!(stop.is_stopped());
/// ```
#[derive(Debug, Clone, Default)]
pub struct Stop {
    raised: Arc<AtomicBool>,
}

impl Stop {
    /// A flag that is not raised yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the scans that hold this flag return within 100 ms, all their sockets closed. There is no way back.
    pub fn stop(&self) {
        self.raised.store(true, Ordering::Relaxed);
    }

    /// Whether [`stop`](Self::stop) was called.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.raised.load(Ordering::Relaxed)
    }
}
