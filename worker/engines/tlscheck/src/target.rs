use std::{net::SocketAddr, time::Duration};

use crate::starttls::StartTls;

/// What to look at: one address, which was resolved and vetted before. Nothing is resolved again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The name that is asked for and that the certificate has to have; none to ask for the address itself.
    pub name: Option<String>,
    /// Where to connect to, and nowhere else.
    pub address: SocketAddr,
    /// How TLS begins.
    pub start: Start,
}

/// How TLS begins on a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// As is usual on the port.
    #[default]
    ByPort,
    /// At once.
    Direct,
    /// After a dialogue in plain text.
    Plain(StartTls),
}

/// How much to find out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The certificate, its path, its revocation and its transparency: one connection where all is well.
    Certificate,
    /// That, and which versions, suites and groups the server takes, and how its configuration is to be judged.
    Full,
}

/// How long things may take, and how much may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Until a connection stands.
    pub connect: Duration,
    /// Until an answer is there: a handshake, a reply in plain text.
    pub answer: Duration,
    /// The whole of a target in [`Mode::Certificate`].
    pub certificate: Duration,
    /// The whole of a target in [`Mode::Full`].
    pub full: Duration,
    /// What is asked of third parties about one certificate: revocation lists, responders, missing issuers.
    pub revocation: Duration,
    /// Bytes that are read from one connection.
    pub bytes: usize,
    /// Connections to one address at the same time, whichever targets they serve.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(5),
            certificate: Duration::from_secs(15),
            full: Duration::from_mins(1),
            revocation: Duration::from_secs(2),
            bytes: 256 * 1024,
            connections: 5,
        }
    }
}

impl Limits {
    /// What one target may take in all.
    #[must_use]
    pub fn whole(&self, mode: Mode) -> Duration {
        match mode {
            Mode::Certificate => self.certificate,
            Mode::Full => self.full,
        }
    }
}

impl Target {
    /// TLS as is usual on the port of `address`.
    #[must_use]
    pub fn new(name: Option<&str>, address: SocketAddr) -> Self {
        Self { name: name.map(str::to_owned), address, start: Start::ByPort }
    }

    /// The dialogue before the handshake, if there is one.
    #[must_use]
    pub fn starttls(&self) -> Option<StartTls> {
        match self.start {
            Start::ByPort => StartTls::by_port(self.address.port()),
            Start::Direct => None,
            Start::Plain(kind) => Some(kind),
        }
    }

    /// Whether pages can be asked for: TLS from the start, on a port that usually serves nothing else.
    pub(crate) fn may_serve_pages(&self) -> bool {
        const OTHERS: [u16; 12] = [465, 563, 636, 853, 989, 990, 992, 993, 994, 995, 5061, 8883];
        self.starttls().is_none() && !OTHERS.contains(&self.address.port())
    }
}
