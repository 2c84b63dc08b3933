//! What RFC 6455 asks of a server, case by case, on a socket that holds to no rule: each has one right answer, with one
//! right close code.
#![cfg(test)]

mod closing;
mod control;
mod fragments;
mod framing;
mod text;

use vedette_tests::deployment::OWNER_KEY;
use vedette_tests::frames::{CLOSE, LAST, Lawless, Sent, TEXT, close_payload, frame};
use vedette_tests::{Pair, TestService};

/// A stream on which nothing comes by itself.
const PATH: &str = "/ws/events?event=complete";
const ASK: &[u8] = br#"{"type":"ping"}"#;

/// Bytes, and what they are answered with.
struct Case {
    what: String,
    bytes: Vec<u8>,
    answers: Vec<Answer>,
    /// Whether each byte is sent by itself.
    in_bytes: bool,
}

/// One answer. After all but [`Answer::Close`] the connection goes on.
#[derive(Clone, Debug, PartialEq)]
enum Answer {
    /// The message that answers [`ASK`].
    Alive,
    /// The message that the message before was not understood.
    NotUnderstood,
    /// A pong with this payload.
    Pong(Vec<u8>),
    /// A close frame with this code, and the end of the connection.
    Close(Option<u16>),
}

use Answer::{Alive, Close, NotUnderstood, Pong};

impl Case {
    fn new(what: impl Into<String>, frames: &[Vec<u8>], answers: impl Into<Vec<Answer>>) -> Case {
        Case { what: what.into(), bytes: frames.concat(), answers: answers.into(), in_bytes: false }
    }

    /// Ends with this close code.
    fn ends(what: impl Into<String>, frames: &[Vec<u8>], code: u16) -> Case {
        Case::new(what, frames, [Close(Some(code))])
    }

    fn byte_by_byte(self) -> Case {
        Case { in_bytes: true, what: format!("{}, byte by byte", self.what), ..self }
    }

    /// What is wrong with how it is answered.
    async fn fault(&self, address: &str) -> Option<String> {
        let mut socket = Lawless::open(address, PATH, OWNER_KEY).await;
        let position = socket.next().await;
        assert!(matches!(&position, Sent::Text(said) if said["type"] == "position"), "{position:?}");
        let piece = if self.in_bytes { 1 } else { self.bytes.len().max(1) };
        for bytes in self.bytes.chunks(piece) {
            socket.send(bytes).await;
        }
        for expected in &self.answers {
            let sent = socket.next().await;
            if read(&sent).as_ref() != Some(expected) {
                return Some(format!("{}: {sent:?}, not {expected:?}", self.what));
            }
        }
        let last = match self.answers.last() {
            Some(Close(_)) => socket.next().await,
            _ => good_end(&mut socket).await,
        };
        (last != Sent::Gone).then(|| format!("{}: {last:?} where nothing was to come", self.what))
    }
}

/// What comes behind a good end: of a socket that still answers, and takes its leave in good order.
async fn good_end(socket: &mut Lawless) -> Sent {
    socket.send(&frame(LAST | TEXT, ASK)).await;
    let alive = socket.next().await;
    if read(&alive) != Some(Alive) {
        return alive;
    }
    socket.send(&frame(LAST | CLOSE, &close_payload(1000, b""))).await;
    let closed = socket.next().await;
    if closed == Sent::Close(Some(1000)) { socket.next().await } else { closed }
}

fn read(sent: &Sent) -> Option<Answer> {
    match sent {
        Sent::Text(said) if said["type"] == "pong" => Some(Alive),
        Sent::Text(said) if said["error"]["code"] == "VALIDATION_ERROR" => Some(NotUnderstood),
        Sent::Pong(payload) => Some(Pong(payload.clone())),
        Sent::Close(code) => Some(Close(*code)),
        Sent::Text(_) | Sent::Ping(_) | Sent::Gone => None,
    }
}

#[tokio::test]
async fn every_case_has_its_answer() {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let tables = [framing::cases(), control::cases(), fragments::cases(), text::cases(), closing::cases()];
    let cases: Vec<Case> = tables.into_iter().flatten().collect();
    assert!(cases.len() >= 100, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        wrong.extend(case.fault(service.address()).await);
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
