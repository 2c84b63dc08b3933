use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{sync::Semaphore, time::Instant};

use crate::{
    Error,
    book::Book,
    datagrams::Datagrams,
    dialer::Dialer,
    identity::{Identity, Tls},
    race::{Race, Verdict, is_printer},
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
    /// Whether it speaks TLS, at once or when asked to, and with which certificate.
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
        let book = &self.tools.book;
        let probe = book.probe(probe).or_else(|| book.datagram(probe))?;
        let finding = book.read(probe, &probe.sent("localhost"), answer)?;
        Some(Verdict::of(finding).into_identity(self.tools.recog.as_ref()))
    }

    /// The names of all probes; one that is asked by TCP and by UDP may be there twice.
    pub fn probes(&self) -> impl Iterator<Item = &'static str> {
        self.tools.book.probes().iter().chain(self.tools.book.datagrams()).map(|probe| probe.name)
    }

    /// Finds out what runs on a port, within three seconds of its turn; an unknown service has no name.
    pub async fn identify(&self, target: &Target, looks: Looks) -> Identity {
        // The semaphore is never closed.
        let _turn = self.tools.ports.acquire().await;
        let Tools { book, glass, recog, .. } = &*self.tools;
        let deadline = Instant::now() + DEADLINE;
        let plain = Dialer { book, glass, target, inside_tls: false, deadline };
        if !looks.service {
            return tls_only(plain).await.into_identity(None);
        }
        let verdict = match Race::open(plain).run().await {
            Verdict { tls: Some(tls), .. } => {
                Race::open(Dialer { inside_tls: true, ..plain }).run().await.within(tls)
            }
            verdict => {
                let tls = starttls(plain, &verdict).await;
                verdict.starting(tls)
            }
        };
        verdict.into_identity(recog.as_ref())
    }

    /// Finds out what runs on a UDP port that is open, within three seconds of its turn.
    pub async fn identify_datagrams(&self, target: &Target) -> Identity {
        // The semaphore is never closed.
        let _turn = self.tools.ports.acquire().await;
        let Tools { book, recog, .. } = &*self.tools;
        let (heard, finding) =
            Datagrams { book, target, deadline: Instant::now() + DEADLINE }.ask_all().await;
        Verdict::of_datagram(heard, finding).into_identity(recog.as_ref())
    }
}

/// What TLS shows, and nothing of the service.
async fn tls_only(dialer: Dialer<'_>) -> Verdict {
    let verdict = Race::for_tls(dialer).run().await;
    if verdict.tls.is_some() || is_printer(dialer.target) {
        return verdict;
    }
    let verdict = Race::open(dialer).run().await;
    Verdict::default().starting(starttls(dialer, &verdict).await)
}

/// What TLS shows where the service goes on inside it when it is asked to.
async fn starttls(dialer: Dialer<'_>, found: &Verdict) -> Option<Tls> {
    let service = found.plain_service().filter(|_| !is_printer(dialer.target))?;
    dialer.upgrade(dialer.book.upgrade(service)?).await
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
