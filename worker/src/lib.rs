//! The worker: takes up shards of jobs and works them with the engines.
//!
//! `runner` is the process, `doorbell` and `leases` are how shards come and are kept, `kinds` lists what a worker
//! can do, and each kind has a room of its own.

mod doorbell;
mod finisher;
mod kinds;
mod leases;
mod outcome;
mod resolver;
mod runner;
mod scan;

pub use kinds::perform;
pub use outcome::Outcome;
pub use resolver::Resolver;
pub use runner::{Perform, Work, announce, check, run, run_with};
pub use scan::Rates;
