//! Everything that a server takes: versions, suites, groups, and the mistakes of old.

mod groups;
mod heartbeat;
mod page;
mod robot;
mod versions;

use futures::future::{join, join_all, join4};

pub use groups::Group;
pub use page::Hsts;
pub use robot::Robot;
pub use versions::Offered;

use crate::{
    handshake::Handshaker,
    hello::{Asker, Offer, Version, suites::Suite},
};

/// How a server protects connections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Posture {
    /// The versions that it takes, the oldest first, each with its suites.
    pub versions: Vec<Offered>,
    /// The groups that it takes, in its own order as far as it shows one.
    pub groups: Vec<Group>,
    /// The smallest prime that it agrees on keys with, in bits.
    pub dh_bits: Option<usize>,
    /// Protocols inside, of those that were offered: `h2`, `http/1.1`.
    pub alpn: Vec<&'static str>,
    /// Whether it compresses what it encrypts; none where it has nothing below TLS 1.3.
    pub compresses: Option<bool>,
    /// Whether it protects renegotiations (RFC 5746); none where it has nothing below TLS 1.3.
    pub renegotiates_safely: Option<bool>,
    /// Whether it answers heartbeats, and with more than it was sent.
    pub heartbeat: Heartbeat,
    /// Whether its answers tell how it decrypts.
    pub robot: Robot,
    /// What it says of HSTS; none where it serves no pages.
    pub hsts: Option<Hsts>,
    /// Everything was asked; otherwise the time was over, or the server no longer answered.
    pub is_complete: bool,
}

/// What a server does with heartbeats (RFC 6520).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Heartbeat {
    /// It has none.
    #[default]
    Absent,
    /// It has them.
    Present,
    /// It answers with memory that it was never sent: Heartbleed.
    Bleeds,
}

impl Posture {
    /// Every suite that it takes, whatever the version.
    pub fn suites(&self) -> impl Iterator<Item = &Suite> + Clone {
        self.versions.iter().flat_map(|offered| &offered.suites)
    }

    /// Whether it takes this version.
    #[must_use]
    pub fn takes(&self, version: Version) -> bool {
        self.versions.iter().any(|offered| offered.version == version)
    }
}

/// Asks for everything.
pub(crate) async fn look(asker: &Asker<'_>, handshaker: &Handshaker) -> Posture {
    let asks = Version::ALL.map(|version| versions::ask(asker, version));
    let pages = page::look(asker, handshaker);
    let (found, (alpn, hsts)) = join(join_all(asks), pages).await;
    let is_complete = found.iter().all(|found| found.is_complete);
    let versions: Vec<_> = found.into_iter().filter_map(|found| found.offered).collect();
    if !is_complete {
        // Whoever fell silent would only be waited for again.
        return Posture { versions, alpn, hsts, ..Posture::default() };
    }
    let old = versions.iter().rev().find(|offered| is_between(offered.version));
    let (groups, dh_bits, old_ways, robot) = join4(
        groups::ask(asker, &versions),
        groups::dh_bits(asker, &versions),
        old_ways(asker, old),
        robot::ask(asker, old),
    )
    .await;
    let (compresses, renegotiates_safely, heartbeat) = old_ways;
    let is_complete = tokio::time::Instant::now() < asker.deadline;
    Posture {
        versions,
        groups,
        dh_bits,
        alpn,
        compresses,
        renegotiates_safely,
        heartbeat,
        robot,
        hsts,
        is_complete,
    }
}

/// Whether a version has the handshake that TLS 1.3 did away with, and SSL 2 did not have.
fn is_between(version: Version) -> bool {
    (Version::Ssl3..=Version::Tls12).contains(&version)
}

/// Compression, renegotiation and heartbeats, in the highest version that has them.
async fn old_ways(asker: &Asker<'_>, old: Option<&Offered>) -> (Option<bool>, Option<bool>, Heartbeat) {
    let Some(old) = old else { return (None, None, Heartbeat::Absent) };
    let numbers = old.numbers();
    let offer = Offer { compresses: true, ..Offer::new(asker.name(), old.version, &numbers) };
    let answer = asker.ask(&offer, false).await.ok();
    let compresses = answer.as_ref().map(|answer| answer.compresses);
    // SSL 3 is asked without extensions, and cannot say it.
    let says = answer.map(|answer| answer.extensions.contains(&0xff01));
    (compresses, says.filter(|_| old.version > Version::Ssl3), heartbeat::ask(asker, old).await)
}
