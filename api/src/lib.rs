//! The HTTP side: dialects, live streams, the server that carries them.
//!
//! `server` is the process, `hub` is how events reach listeners, and each dialect has a room of its own.

mod aip;
mod caller;
mod chad;
mod chenist;
mod connections;
mod cors;
mod cybersec;
mod hawk;
mod hub;
mod json;
mod keychest;
mod listener;
mod metrics;
mod patience;
mod peer;
mod public_id;
mod rate_headers;
mod request_id;
mod seats;
mod server;
mod site;
mod time;
mod tls;
mod unread;

pub use server::Server;
