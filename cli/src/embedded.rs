//! The server inside this process, for commands that name no other.

use crate::failure::Cause;

/// A server and its worker in this process, on a free port of the loopback address, with a data folder that
/// vanishes.
#[derive(Debug)]
pub(crate) struct Embedded {
    /// Where it listens, such as `http://127.0.0.1:41017`.
    pub(crate) url: String,
    /// A key it accepts.
    pub(crate) key: String,
}

impl Embedded {
    /// Starts it; returns when it answers.
    ///
    /// # Errors
    /// When it cannot start.
    #[expect(clippy::unused_async, reason = "the server is not linked yet")]
    pub(crate) async fn start_temporary() -> Result<Self, Cause> {
        Err("not linked yet".into())
    }

    /// Stops it and removes its data.
    #[expect(clippy::unused_async, reason = "the server is not linked yet")]
    pub(crate) async fn stop(self) {
        drop(self);
    }
}
