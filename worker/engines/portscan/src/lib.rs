//! A TCP port scan on plain threads: a plan of addresses in, open ports and checkpoints out.
//!
//! By connections it needs no right beyond opening sockets; by SYN packets it needs raw ones. It knows no job and no database, and keeps its memory and its open files
//! within bounds whatever the size of the plan. [`scan()`] is the whole of it:
//!
//! ```
//! use portscan::{Probe, Settings, Stop, scan};
//!
//! let plan = (1..=100_u16).map(|port| Probe {
//!     number: u64::from(port),
//!     address: ([127, 0, 0, 1], port).into(),
//! });
//! let summary = scan(&Settings::fast(), plan, &Stop::new(), |_| {})?;
//! assert_eq!(summary.tally.total(), 100);
//! # Ok::<(), portscan::Error>(())
//! ```
//!
//! Reading order: `scan` (the threads), `desk` and `ledger` (who does what, and what is settled), `worker` (one
//! thread's loop) with `slots`, `window` and `doubts`, `traffic` (what all threads learn) with `paths`, `loss` and `throttle`, then
//! `wire` (what tries a port) with `kernel` (by connections) and `syn` (by raw packets).

mod budget;
mod clock;
mod desk;
mod doubts;
mod eagerness;
mod error;
mod event;
mod files;
mod kernel;
mod ledger;
mod loss;
mod pace;
mod paths;
mod permutation;
mod probe;
mod sample;
mod scan;
#[cfg(test)]
mod scripted;
mod settings;
mod slots;
mod socket;
mod stop;
mod syn;
mod throttle;
mod traffic;
mod window;
mod wire;
mod worker;

pub use budget::Budget;
pub use error::Error;
pub use event::{Degraded, Event, Shortage, Summary, Tally};
pub use permutation::Permutation;
pub use probe::{Probe, State};
pub use scan::scan;
pub use settings::{Method, Settings};
pub use stop::Stop;
pub use syn::can_send_raw;
