//! Services that the test plays itself, on loopback: well-behaved ones, hostile ones, and TLS.
#![cfg(test)]

mod datagrams;
mod hostile;
mod play;
mod polite;
mod stop;
mod tls;
