use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{sync::Semaphore, time::Instant};

use crate::{
    Error,
    book::Book,
    dialer::Dialer,
    identity::Identity,
    race::{Race, Verdict},
    recog::Recog,
    tls::Glass,
};

/// The longest that one port takes, from its first connection on.
const DEADLINE: Duration = Duration::from_secs(3);
/// Ports that are talked to at the same time, each on up to four connections.
const PORTS_AT_ONCE: usize = 16;

/// Finds out what runs on open ports. Clones share its limits: 16 ports at once, four connections each.
#[derive(Clone, Debug)]
pub struct Identifier {
    tools: Arc<Tools>,
}

#[derive(Debug)]
struct Tools {
    book: Book,
    glass: Glass,
    recog: Option<Recog>,
    ports: Semaphore,
}

/// What may be put beside what the crate knows.
#[derive(Debug, Default)]
pub struct Extras {
    /// Fingerprints, which name products where the own patterns know none.
    pub recog: Option<Recog>,
    /// Roots in DER that certificates may lead to.
    pub roots: Vec<Vec<u8>>,
}

/// An open port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Where to connect to, and nowhere else.
    pub address: SocketAddr,
    /// How it was asked for: the name for TLS and for requests of pages, if it is a name.
    pub host: String,
}

/// What to find out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Looks {
    /// What the service is.
    pub service: bool,
    /// Whether it speaks TLS, and with which certificate.
    pub tls: bool,
}

impl Looks {
    /// Everything.
    pub const ALL: Self = Self { service: true, tls: true };
}

impl Identifier {
    /// With the patterns of this crate, and the roots that browsers trust.
    ///
    /// # Errors
    /// `Data` when they cannot be read, which a test of this crate rules out.
    pub fn new() -> Result<Self, Error> {
        Self::with(Extras::default())
    }

    /// With more than that.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn with(extras: Extras) -> Result<Self, Error> {
        let (book, glass) = (Book::open()?, Glass::new(&extras.roots));
        let ports = Semaphore::new(PORTS_AT_ONCE);
        Ok(Self { tools: Arc::new(Tools { book, glass, recog: extras.recog, ports }) })
    }

    /// Reads an answer that was recorded elsewhere: `probe` is the name of what was asked, `greeting` for nothing. None
    /// when there is no such probe, or the answer looks like nothing that is known.
    #[must_use]
    pub fn read(&self, probe: &str, answer: &[u8]) -> Option<Identity> {
        let probe = self.tools.book.probe(probe)?;
        let finding = self.tools.book.read(probe, &probe.sent("localhost"), answer)?;
        Some(Verdict::of(finding).into_identity(self.tools.recog.as_ref()))
    }

    /// The names of all probes.
    pub fn probes(&self) -> impl Iterator<Item = &'static str> {
        self.tools.book.probes().iter().map(|probe| probe.name)
    }

    /// Finds out what runs on a port, within three seconds of its turn; an unknown service has no name.
    pub async fn identify(&self, target: &Target, looks: Looks) -> Identity {
        // The semaphore is never closed.
        let _turn = self.tools.ports.acquire().await;
        let Tools { book, glass, recog, .. } = &*self.tools;
        let deadline = Instant::now() + DEADLINE;
        let plain = Dialer { book, glass, target, inside_tls: false, deadline };
        let first = if looks.service { Race::open(plain) } else { Race::for_tls(plain) };
        let verdict = match first.run().await {
            Verdict { tls: Some(tls), .. } if looks.service => {
                Race::open(Dialer { inside_tls: true, ..plain }).run().await.within(tls)
            }
            verdict => verdict,
        };
        verdict.into_identity(recog.as_ref())
    }
}

impl Target {
    /// How requests for a page name the host.
    pub(crate) fn host_header(&self) -> String {
        let is_name = self.host.parse::<std::net::IpAddr>().is_err()
            && self
                .host
                .chars()
                .all(|character| character.is_ascii_alphanumeric() || ".-_".contains(character));
        if is_name && !self.host.is_empty() {
            format!("{}:{}", self.host, self.address.port())
        } else {
            self.address.to_string()
        }
    }
}
