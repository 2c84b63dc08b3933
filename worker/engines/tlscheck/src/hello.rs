//! Our own ClientHello, and what comes as its answer: for versions and suites that no library speaks any more, and for
//! questions that none asks.

mod answer;
mod ask;
mod messages;
mod offer;
pub(crate) mod ssl2;
pub(crate) mod suites;

pub(crate) use answer::{Answer, KeyExchange};
pub(crate) use ask::{Asker, Refusal, glance, hear, send};
pub(crate) use messages::{Inbox, Message, handshake_type};
pub use offer::Version;
pub(crate) use offer::{Offer, groups};
