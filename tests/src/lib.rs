//! The end-to-end harness: private Postgres and Redis servers, whole services in processes of their own, and clients
//! that speak verbs of the domain.
//!
//! Everything here dials and listens on loopback only. Whatever goes wrong ends the test with a panic that says what
//! was expected; the logs of every process of the service are then shown.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::print_stderr,
    reason = "a harness stops its test by panicking, and a JSON value without a key is null"
)]

pub mod answer;
pub mod attempts;
pub mod authority;
pub mod browser;
pub mod client;
pub mod deployment;
pub mod follow;
pub mod frames;
pub mod golden;
pub mod greeters;
pub mod hawk;
pub mod listeners;
pub mod namespace;
pub mod pair;
pub mod parting;
pub mod place;
pub mod postgres;
pub mod process;
pub mod proxy;
pub mod raw;
pub mod redis;
pub mod sample;
pub mod scan;
pub mod schema;
pub mod servers;
pub mod service;
pub mod shape;
pub mod skip;
pub mod source;
pub mod wait;
pub mod wanderer;
pub mod websocket;

pub use client::{Client, Session};
pub use pair::Pair;
pub use scan::Scan;
pub use service::TestService;
