//! The HTTP side: dialects, live streams, the server that carries them.
//!
//! `server` is the process, `hub` is how events reach listeners, and each dialect has a room of its own.

mod aip;
mod cybersec;
mod hawk;
mod hub;
mod listener;
mod metrics;
mod peer;
mod request_id;
mod server;
mod site;
mod tls;

pub use server::Server;
