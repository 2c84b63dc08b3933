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

/// Reads what a server says first, below TLS 1.3: the version that it chose, and the certificates that it shows. None
/// when it is no such thing. For fuzzing.
#[must_use]
pub fn read_first_flight(heard: &[u8]) -> Option<(Version, Vec<Vec<u8>>)> {
    let mut inbox = Inbox::default();
    let mut answer: Option<Answer> = None;
    for part in heard.chunks(1000) {
        inbox.push(part);
        while let Some(message) = inbox.next().ok()? {
            match (&mut answer, message) {
                (Some(answer), Message::Handshake(kind, body)) => answer.take(kind, &body),
                (None, Message::Handshake(handshake_type::SERVER_HELLO, body)) => {
                    answer = Answer::read(&body);
                }
                (_, Message::Handshake(..) | Message::Alert(..) | Message::Record(..)) => {}
            }
        }
    }
    answer.map(|answer| (answer.version, answer.chain))
}
