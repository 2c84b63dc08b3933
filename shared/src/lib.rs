//! The core of Vedette: the domain, its storage, its queue and its events. Knows no HTTP and no scan engine.
//!
//! Read `job` first: it is the life of a job, and everything else is there for it.

pub mod audit;
pub mod bell;
pub mod clock;
pub mod core;
pub mod error;
pub mod event;
pub mod id;
pub mod identity;
pub mod invalid;
pub mod job;
pub mod limit;
pub mod log;
pub mod ports;
pub mod process;
pub mod scan;
pub mod settings;
pub mod store;
pub mod target;
pub mod target_policy;
