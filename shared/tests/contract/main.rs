//! The contract of the storage, of the bell and of the counts: what holds on both kinds of each, whatever happens at the
//! same time.
//!
//! Each story is a function over a [`stage::Stage`], told on SQLite and on Postgres. The clock stands still until a
//! story moves it.
#![cfg(test)]

#[macro_use]
mod stage;

mod allowance;
mod bell;
mod cancel;
mod claim;
mod database;
mod deletion;
mod feed;
mod fencing;
mod finish;
mod give_back;
mod grants;
mod history;
mod identity;
mod interleaving;
mod invariants;
mod key_claims;
mod limit;
mod list;
mod migrations;
mod queries;
mod race;
mod redis;
mod report;
mod rights;
mod scanner;
mod secret;
mod services;
mod signers;
mod split;
mod stored;
mod submit;
mod sweep;
mod time_limit;
mod turns;
