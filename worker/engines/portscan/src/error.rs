use std::{io, time::Duration};

use crate::event::Shortage;

/// Why a scan could not be carried out. What a target does is never an error.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The kernel refused the event queue or the threads that a scan needs.
    #[error("cannot set up the scan")]
    Setup(#[source] io::Error),
    /// The method takes raw sockets, and this process may not use them.
    #[error("no raw sockets, which take the right CAP_NET_RAW")]
    NoRawSockets(#[source] io::Error),
    /// The kernel does not tell what is answered.
    #[error("cannot wait for answers")]
    Wait(#[source] io::Error),
    /// The machine had nothing left for even one connection, all this time.
    #[error("short of {shortage} for {waited:?}")]
    Starved {
        /// What was missing.
        shortage: Shortage,
        /// How long the scan waited for it.
        waited: Duration,
    },
    /// The caller's probes do not ascend.
    #[error("probe {number} does not come after probe {after}")]
    NotAscending {
        /// The number that was not expected.
        number: u64,
        /// The number before it.
        after: u64,
    },
}
