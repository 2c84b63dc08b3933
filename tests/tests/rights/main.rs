//! Who may do what: every route for every kind of caller, sessions, and how fast a change of rights is felt.
#![cfg(test)]

mod audit;
mod command;
mod matrix;
mod revocation;
mod routes;
mod session;
