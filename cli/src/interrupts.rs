//! Ctrl-C and SIGTERM: the first asks, the second leaves.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::exit::Exit;

/// How long the second signal waits for an orderly end before the process is ended anyway.
const LAST_GRACE: Duration = Duration::from_millis(500);

/// The two presses of Ctrl-C, as things that can be waited for.
#[derive(Debug)]
pub(crate) struct Interrupts {
    first: CancellationToken,
    second: CancellationToken,
}

impl Interrupts {
    /// Takes over SIGINT and SIGTERM for the rest of the process.
    ///
    /// # Errors
    /// When the system refuses a signal handler.
    pub(crate) fn listen() -> io::Result<Self> {
        let interrupt = signal(SignalKind::interrupt())?;
        let terminate = signal(SignalKind::terminate())?;
        let interrupts = Self { first: CancellationToken::new(), second: CancellationToken::new() };
        let (first, second) = (interrupts.first.clone(), interrupts.second.clone());
        tokio::spawn(count(interrupt, terminate, [first, second]));
        Ok(interrupts)
    }

    /// Waits for the first signal; at once when it came already.
    pub(crate) async fn first(&self) {
        self.first.cancelled().await;
    }

    /// Waits for the second signal.
    pub(crate) async fn second(&self) {
        self.second.cancelled().await;
    }
}

/// Passes the signals on; after the last it ends the process, should a blocked write keep it from ending.
async fn count(mut interrupt: Signal, mut terminate: Signal, presses: [CancellationToken; 2]) {
    for press in presses {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        press.cancel();
    }
    tokio::time::sleep(LAST_GRACE).await;
    std::process::exit(Exit::Interrupted.code().into());
}
