//! A port scan on plain threads: a plan of addresses in, open ports and checkpoints out.
//!
//! By connections and datagrams it needs no right beyond opening sockets; by single TCP packets it needs raw ones. It knows
//! no job and no database, and keeps its memory and its open files within bounds whatever the size of the plan. [`scan()`]
//! is the heart of it:
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
//! `wire` (what tries a port) with `kernel` (by connections), `raw` (by raw packets, whose answers have a `shape`) and `udp` (by datagrams). `discovery` and
//! `tar_pit` are scans of a few ports, for what the ports of a host cannot tell one by one.

mod budget;
mod clock;
mod desk;
mod discovery;
mod doubts;
mod eagerness;
mod error;
mod event;
mod files;
mod host_budget;
mod kernel;
mod ledger;
mod loss;
mod pace;
mod paths;
mod permutation;
mod probe;
mod raw;
mod sample;
mod scan;
#[cfg(test)]
mod scripted;
mod settings;
mod shape;
mod slots;
mod socket;
mod stop;
mod tar_pit;
mod throttle;
mod traffic;
mod udp;
mod waiting;
mod window;
mod wire;
mod worker;

pub use budget::Budget;
pub use discovery::find_hosts;
pub use error::Error;
pub use event::{Degraded, Event, Shortage, Summary, Tally};
pub use host_budget::HostBudget;
pub use permutation::Permutation;
pub use probe::{Probe, State};
pub use raw::can_send_raw;
pub use scan::scan;
pub use settings::{Method, Settings};
pub use shape::{Shape, System};
pub use stop::Stop;
pub use tar_pit::opens_every_port;
