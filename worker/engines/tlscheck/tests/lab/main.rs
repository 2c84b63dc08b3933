//! Servers of every kind on loopback, with certificates of the lab's own making, and what has to be found out of each.
#![cfg(test)]

mod certificates;
mod dane;
mod der;
mod hostile;
mod key;
mod look;
mod mint;
mod old;
mod openssl;
mod paths;
mod plain;
mod play;
mod puppet;
mod revoked;
mod spoken;
mod whole;
