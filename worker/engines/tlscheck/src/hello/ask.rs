use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{Instant, timeout_at},
};

use super::{Answer, Inbox, Offer, Version, handshake_type, messages::Message, ssl2, suites};
use crate::{
    failure::Failure,
    starttls::{self, Host},
    target::{Limits, Target},
    wire::{Dialer, Wire},
};

/// Asks one target.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asker<'a> {
    pub(crate) dialer: &'a Dialer,
    pub(crate) target: &'a Target,
    pub(crate) limits: &'a Limits,
    /// When everything must be over.
    pub(crate) deadline: Instant,
}

/// Why an offer was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The server said so, with an alert of this number.
    Alert(u8),
    /// There was no answer that says anything.
    Failed(Failure),
}

impl Asker<'_> {
    pub(crate) fn name(&self) -> Option<&str> {
        self.target.name.as_deref()
    }

    /// Connects, and talks until TLS may begin.
    pub(crate) async fn connect(&self) -> Result<Wire, Failure> {
        let mut wire = self.dialer.dial(self.target.address, self.limits, self.deadline).await?;
        if let Some(kind) = self.target.starttls() {
            let host = Host { name: self.name(), port: self.target.address.port() };
            starttls::upgrade(&mut wire, kind, host, self.deadline, self.limits.answer).await?;
            wire.forget();
        }
        Ok(wire)
    }

    /// When an answer that is asked for now must be there.
    pub(crate) fn until(&self) -> Instant {
        self.deadline.min(Instant::now() + self.limits.answer)
    }

    /// Offers, and hears the ServerHello, or with `whole` everything up to where the client would go on.
    pub(crate) async fn ask(&self, offer: &Offer<'_>, whole: bool) -> Result<Answer, Refusal> {
        let mut wire = self.connect().await.map_err(Refusal::Failed)?;
        let mut inbox = Inbox::default();
        self.ask_on(&mut wire, &mut inbox, offer, whole).await
    }

    /// The same on a connection that stands already.
    pub(crate) async fn ask_on(
        &self,
        wire: &mut Wire,
        inbox: &mut Inbox,
        offer: &Offer<'_>,
        whole: bool,
    ) -> Result<Answer, Refusal> {
        let until = self.until();
        send(wire, &offer.encode(&random()), until).await.map_err(Refusal::Failed)?;
        let mut answer: Option<Answer> = None;
        loop {
            let message = match hear(wire, inbox, until).await {
                Ok(message) => message,
                // What came is an answer, even if it breaks off.
                Err(failure) => return answer.ok_or(Refusal::Failed(failure)),
            };
            if let Message::Alert(2, what) = message {
                return answer.ok_or(Refusal::Alert(what));
            }
            let Message::Handshake(kind, body) = message else { continue };
            answer = Some(take(answer, kind, &body).ok_or(Refusal::Failed(Failure::NotTls))?);
            let is_last = |answer: &Answer| !whole || answer.version == Version::Tls13 || answer.is_done;
            if let Some(answer) = answer.take_if(|answer| is_last(answer)) {
                return Ok(answer);
            }
        }
    }

    /// Asks in the manner of SSL 2.
    pub(crate) async fn ask_ssl2(&self) -> Result<ssl2::Hello, Refusal> {
        let mut wire = self.connect().await.map_err(Refusal::Failed)?;
        let until = self.until();
        let mut challenge = [0; 16];
        challenge.copy_from_slice(random().split_at(16).0);
        send(&mut wire, &ssl2::client_hello(&challenge), until).await.map_err(Refusal::Failed)?;
        let mut heard = Vec::new();
        loop {
            read_some(&mut wire, &mut heard, until).await.map_err(Refusal::Failed)?;
            match ssl2::server_hello(&heard) {
                Ok(Some(hello)) => return Ok(hello),
                Ok(None) => {}
                Err(()) => return Err(Refusal::Failed(Failure::NotTls)),
            }
        }
    }
}

/// Adds a message to what was answered before; none where it has no place there.
fn take(answer: Option<Answer>, kind: u8, body: &[u8]) -> Option<Answer> {
    match answer {
        None if kind == handshake_type::SERVER_HELLO => Answer::read(body),
        None => None,
        Some(mut answer) => {
            answer.take(kind, body);
            Some(answer)
        }
    }
}

/// Looks at the certificates of a server that speaks only what the library does not.
pub(crate) async fn glance(asker: &Asker<'_>) -> Result<Answer, Refusal> {
    let mut refusal = Refusal::Failed(Failure::HandshakeFailed);
    let with = |version| suites::chunks().into_iter().map(move |chunk| (version, chunk));
    let offers = with(Version::Tls12).chain(with(Version::Ssl3).take(2));
    for (version, chunk) in offers {
        match asker.ask(&Offer::new(asker.name(), version, &chunk), true).await {
            Ok(answer) => return Ok(answer),
            // Whoever does not answer at all would not answer the next offer either.
            Err(Refusal::Failed(Failure::Timeout)) => return Err(Refusal::Failed(Failure::Timeout)),
            Err(other) => refusal = other,
        }
    }
    let hello = asker.ask_ssl2().await.map_err(|_| refusal)?;
    let mut answer = Answer::read(&[&[0, 2][..], &[0; 36]].concat()).ok_or(refusal)?;
    answer.chain = std::iter::once(hello.certificate).filter(|der| !der.is_empty()).collect();
    Ok(answer)
}

/// Bytes that nobody foresees; without a source of them, bytes that somebody does, which only this engine would mind.
fn random() -> [u8; 64] {
    let mut bytes = [0x5a; 64];
    ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes).unwrap_or_default();
    bytes
}

pub(crate) async fn send(wire: &mut Wire, bytes: &[u8], until: Instant) -> Result<(), Failure> {
    let sending = timeout_at(until, wire.write_all(bytes)).await.map_err(|_| Failure::Timeout)?;
    sending.map_err(|error| Failure::of_stream(&error))
}

/// The next message.
pub(crate) async fn hear(wire: &mut Wire, inbox: &mut Inbox, until: Instant) -> Result<Message, Failure> {
    loop {
        if let Some(message) = inbox.next().map_err(|_| Failure::NotTls)? {
            return Ok(message);
        }
        let mut bytes = Vec::new();
        read_some(wire, &mut bytes, until).await?;
        inbox.push(&bytes);
    }
}

async fn read_some(wire: &mut Wire, heard: &mut Vec<u8>, until: Instant) -> Result<(), Failure> {
    let read = timeout_at(until, wire.read_buf(heard)).await.map_err(|_| Failure::Timeout)?;
    match read {
        Ok(0) => Err(Failure::Reset),
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::of_stream(&error)),
    }
}
