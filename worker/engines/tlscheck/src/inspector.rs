use std::{future::Future, net::SocketAddr, sync::Arc};

use futures::future::{join, join_all};
use tokio::time::{Instant, timeout_at};

use crate::{
    chain::{self, Evidence, Link, Roots, Verdict},
    failure::Failure,
    fetch::Fetch,
    finding, full,
    handshake::{Handshaker, Shown},
    hello::{Asker, suites::Suite},
    report::{Negotiated, Report},
    revocation::{self, Revocation, Subject},
    score,
    target::{Limits, Mode, Target},
    transparency::{LogList, Transparency},
    wire::Dialer,
};

/// Looks at TLS servers. It knows no job; dropping the future of a look closes its connections.
#[derive(Clone, Debug)]
pub struct Inspector {
    tools: Arc<Tools>,
}

#[derive(Debug)]
struct Tools {
    settings: Settings,
    dialer: Dialer,
    handshaker: Handshaker,
}

/// What an inspector works with.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Whom to believe.
    pub roots: Roots,
    /// How to ask third parties; without it, nobody is asked.
    pub fetch: Option<Arc<dyn Fetch>>,
    /// The logs whose promises count.
    pub logs: LogList,
    /// How long things may take.
    pub limits: Limits,
}

/// What was found out about all addresses of one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameReport {
    /// One for each address, in the order of the addresses.
    pub reports: Vec<Report>,
    /// All addresses that showed a certificate showed the same.
    pub agree: bool,
}

impl Inspector {
    /// With these settings.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let tools = Tools { settings, dialer: Dialer::default(), handshaker: Handshaker::new() };
        Self { tools: Arc::new(tools) }
    }

    /// Looks at one address. It takes no longer than [`Limits::whole`], whatever the other side does.
    ///
    /// `now` is the time that certificates are judged at, in Unix seconds.
    pub async fn inspect(&self, target: &Target, mode: Mode, now: i64) -> Report {
        let Tools { settings, dialer, handshaker } = &*self.tools;
        let deadline = Instant::now() + settings.limits.whole(mode);
        let asker = Asker { dialer, target, limits: &settings.limits, deadline };
        let shown = handshaker.look(&asker).await;
        let speaks_tls = shown.version.is_some() || !shown.chain.is_empty();
        let is_asked = mode == Mode::Full && (speaks_tls || shown.failure == Some(Failure::HandshakeFailed));
        let asking = async { if is_asked { Some(full::look(&asker, handshaker).await) } else { None } };
        let (mut report, posture) = join(self.read(&asker, shown, now), asking).await;
        if let (Some(posture), Some(certificate), Some(verdict)) =
            (&posture, &report.certificate, &report.verdict)
        {
            report.score = score::score(posture, certificate, verdict);
            report.profile = score::profile(posture, certificate);
        }
        report.is_complete &= posture.as_ref().is_none_or(|posture| posture.is_complete);
        report.posture = posture;
        finding::list(&mut report, target);
        report
    }

    /// Looks at all addresses of a name, at once.
    pub async fn inspect_all(
        &self,
        target: &Target,
        addresses: &[SocketAddr],
        mode: Mode,
        now: i64,
    ) -> NameReport {
        let looks = addresses.iter().map(|address| async move {
            let target = Target { address: *address, ..target.clone() };
            self.inspect(&target, mode, now).await
        });
        let reports = join_all(looks).await;
        let mut shown = reports.iter().filter_map(|report| report.certificate.as_ref());
        let agree = match shown.next() {
            Some(first) => shown.all(|other| other.sha256 == first.sha256),
            None => true,
        };
        NameReport { reports, agree }
    }

    /// Reads what was shown, and asks others about it.
    async fn read(&self, asker: &Asker<'_>, shown: Shown, now: i64) -> Report {
        let Settings { roots, fetch, logs, limits } = &self.tools.settings;
        let until = asker.deadline.min(Instant::now() + limits.revocation);
        let links: Vec<_> = shown.chain.iter().map(|der| Link::read(der)).collect();
        let name = asker.name();
        let mut evidence = Evidence {
            served: &shown.chain,
            fetched: &[],
            roots,
            name,
            address: asker.target.address.ip(),
            now,
        };
        let mut verdict = chain::judge(&evidence);
        let mut is_complete = true;
        let mut fetched = Vec::new();
        if let Some(fetch) = fetch.as_deref().filter(|_| verdict.as_ref().is_some_and(is_cut_short)) {
            let found = within(until, chain::missing_issuers(&shown.chain, fetch)).await;
            is_complete &= found.is_some();
            fetched = found.unwrap_or_default();
        }
        if !fetched.is_empty() {
            evidence.fetched = &fetched;
            verdict = chain::judge(&evidence);
        }
        let subject = Subject::find(&evidence);
        let revocation = match &subject {
            Some(subject) => revocation::look(subject, &shown.staple, fetch.as_deref(), until).await,
            None => Revocation::default(),
        };
        if let Some(verdict) = verdict.as_mut().filter(|_| revocation.is_revoked()) {
            verdict.revoke();
        }
        let transparency = subject
            .as_ref()
            .map_or_else(Transparency::default, |subject| logs.check(subject, &shown.scts, now));
        let failure = shown.failure;
        Report {
            address: asker.target.address,
            name: asker.target.name.clone(),
            at: now,
            certificate: links.first().and_then(|link| link.certificate.clone()),
            chain: links,
            verdict,
            revocation,
            transparency,
            negotiated: negotiated(&shown),
            client_certificate: shown.client_certificate,
            posture: None,
            score: None,
            profile: None,
            failure,
            findings: Vec::new(),
            is_complete: is_complete && failure != Some(Failure::Timeout),
        }
    }
}

/// Whether others may know what is missing.
fn is_cut_short(verdict: &Verdict) -> bool {
    use chain::Cause::{IncompleteChain, UntrustedRoot};
    verdict.causes.contains(&IncompleteChain) || verdict.causes.contains(&UntrustedRoot)
}

fn negotiated(shown: &Shown) -> Option<Negotiated> {
    let suite = shown.suite.and_then(Suite::of);
    shown.version.map(|version| Negotiated { version, suite, alpn: shown.alpn.clone() })
}

async fn within<T>(until: Instant, work: impl Future<Output = T>) -> Option<T> {
    timeout_at(until, work).await.ok()
}
