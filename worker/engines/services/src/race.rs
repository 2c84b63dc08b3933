//! One port: several questions at once, until one of them is answered.

use std::{collections::VecDeque, future::Future, ops::RangeInclusive, pin::Pin, time::Duration};

use futures::{StreamExt, stream::FuturesUnordered};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::{
    book::is_echo,
    dialer::{Answer, Dialer},
    finding::Finding,
    identifier::Target,
    identity::{Identity, Tls},
    printable::{BANNER, printable},
    probe::{Probe, Question},
    recog::Recog,
};

/// Connections at the same time.
const AT_ONCE: usize = 4;
/// What a port's number suggests is asked so long before the rest.
const HEAD_START: Duration = Duration::from_millis(150);
/// How long somebody may take who was not expected to know the answer.
const PATIENCE: Duration = Duration::from_millis(350);
/// The same for TLS and pages, which may be anywhere, and take some work.
const MORE_PATIENCE: Duration = Duration::from_secs(1);
/// The same for protocols whose servers wait for others before they answer.
const MOST_PATIENCE: Duration = Duration::from_millis(1500);
/// For whoever is expected to know: as long as there is.
const ALL_PATIENCE: Duration = Duration::from_secs(3);

/// Ports where printers listen, which print whatever they are sent.
const PRINTERS: RangeInclusive<u16> = 9100..=9107;

/// A port being talked to.
pub(crate) struct Race<'a> {
    dialer: Dialer<'a>,
    waiting: VecDeque<Asking<'a>>,
    running: FuturesUnordered<Running<'a>>,
    /// Before then only what is expected is asked.
    opens: Instant,
    /// Probes that an answer called for, and that are not back yet.
    called: Vec<&'static str>,
    /// Probes that are back.
    back: Vec<&'static str>,
    best: Option<Finding>,
    http_status: Option<u16>,
    /// The first thing that was heard.
    heard: Vec<u8>,
    unreachable: usize,
}

/// A question on its way, which comes back with its answer.
type Running<'a> = Pin<Box<dyn Future<Output = (&'a Probe, Answer)> + Send + 'a>>;

/// A question that waits for its turn.
struct Asking<'a> {
    probe: &'a Probe,
    patience: Duration,
    is_expected: bool,
}

/// What a race came to.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) tls: Option<Tls>,
    /// What TLS shows after the service was asked for it.
    starttls: Option<Tls>,
    finding: Option<Finding>,
    heard: Vec<u8>,
}

impl<'a> Race<'a> {
    /// Asks everything, what suits the port first.
    pub(crate) fn open(dialer: Dialer<'a>) -> Self {
        let port = dialer.target.address.port();
        let probes = dialer.book.probes().iter().filter(|probe| may_ask(probe, &dialer));
        let (expected, rest): (Vec<&Probe>, Vec<&Probe>) = probes.partition(|probe| probe.suits(port));
        let mut race = Self::empty(dialer);
        let first = expected.iter().map(|probe| Asking { probe, patience: ALL_PATIENCE, is_expected: true });
        race.waiting.extend(first);
        if !expected.is_empty() {
            race.opens += HEAD_START;
        }
        let others = rest.into_iter().filter(|probe| !probe.on_call);
        race.waiting.extend(others.map(|probe| Asking {
            probe,
            patience: patience(probe),
            is_expected: false,
        }));
        race
    }

    /// Offers TLS, and nothing else.
    pub(crate) fn for_tls(dialer: Dialer<'a>) -> Self {
        let mut race = Self::empty(dialer);
        let probes = dialer.book.probes().iter().filter(|probe| may_ask(probe, &dialer));
        let tls = probes.filter(|probe| probe.question == Question::Tls);
        race.waiting.extend(tls.map(|probe| Asking { probe, patience: ALL_PATIENCE, is_expected: true }));
        race
    }

    fn empty(dialer: Dialer<'a>) -> Self {
        Self {
            dialer,
            waiting: VecDeque::new(),
            running: FuturesUnordered::new(),
            opens: Instant::now(),
            called: Vec::new(),
            back: Vec::new(),
            best: None,
            http_status: None,
            heard: Vec::new(),
            unreachable: 0,
        }
    }

    /// Runs to the first answer that is good enough, or to the deadline.
    pub(crate) async fn run(mut self) -> Verdict {
        let tls = timeout_at(self.dialer.deadline, self.ask_all()).await.ok().flatten();
        let finding = self.best.map(|best| Finding { http_status: self.http_status, ..best });
        Verdict { tls, starttls: None, finding, heard: self.heard }
    }

    async fn ask_all(&mut self) -> Option<Tls> {
        loop {
            self.start_what_may_start();
            let is_early = Instant::now() < self.opens && !self.waiting.is_empty();
            if self.running.is_empty() {
                return None;
            }
            let (probe, answer) = tokio::select! {
                () = sleep_until(self.opens), if is_early => continue,
                answered = self.running.next() => answered?,
            };
            self.back.push(probe.name);
            self.called.retain(|name| *name != probe.name);
            match answer {
                Answer::Tls(tls) => return Some(tls),
                Answer::Unreachable => self.unreachable += 1,
                Answer::Heard { sent, answer } => self.take(probe, &sent, answer),
            }
            let is_gone = self.unreachable >= AT_ONCE && self.heard.is_empty();
            if is_gone || self.is_settled() {
                return None;
            }
        }
    }

    fn start_what_may_start(&mut self) {
        while self.running.len() < AT_ONCE {
            let may_start = Instant::now() >= self.opens || self.running.is_empty();
            let is_next = |asking: &Asking<'_>| asking.is_expected || may_start;
            if !self.waiting.front().is_some_and(is_next) {
                return;
            }
            let Some(Asking { probe, patience, .. }) = self.waiting.pop_front() else { return };
            let dialer = self.dialer;
            self.running.push(Box::pin(async move { (probe, dialer.ask(probe, patience).await) }));
        }
    }

    fn take(&mut self, probe: &'a Probe, sent: &[u8], answer: Vec<u8>) {
        if let Some(finding) = self.dialer.book.read(probe, sent, &answer) {
            self.http_status = self.http_status.or(finding.http_status);
            self.call(&finding.more);
            self.best = Some(match self.best.take() {
                None => finding,
                Some(best) if finding.says_more_than(&best) => Finding { heard: best.heard, ..finding },
                Some(best) => best,
            });
        }
        if self.heard.is_empty() && !is_echo(sent, &answer) {
            self.heard = answer;
        }
    }

    /// Asks what an answer calls for, unless that was asked before, and nothing else any more: other connections would
    /// only be in the way.
    fn call(&mut self, names: &[&'static str]) {
        for name in names {
            let probe = self.dialer.book.probe(name).filter(|probe| may_ask(probe, &self.dialer));
            let Some(probe) = probe.filter(|_| !self.back.contains(name)) else { continue };
            if self.called.is_empty() {
                self.waiting.clear();
                self.running.clear();
            }
            self.called.push(name);
            self.waiting.push_back(Asking { probe, patience: ALL_PATIENCE, is_expected: true });
        }
    }

    /// Whether there is a service, and nothing left to ask about it.
    fn is_settled(&self) -> bool {
        self.called.is_empty() && self.best.as_ref().is_some_and(|best| best.service.is_some())
    }
}

/// Whether a question has a place here: there is no TLS inside TLS, and printers are only listened to.
fn may_ask(probe: &Probe, dialer: &Dialer<'_>) -> bool {
    match probe.question {
        Question::Listen => true,
        Question::Tls if dialer.inside_tls => false,
        Question::Tls | Question::Bytes(_) | Question::Get(_) => !is_printer(dialer.target),
    }
}

/// Whether the number of a port suggests that whatever is said there is printed.
pub(crate) fn is_printer(target: &Target) -> bool {
    PRINTERS.contains(&target.address.port())
}

fn patience(probe: &Probe) -> Duration {
    match probe.question {
        _ if probe.is_slow => MOST_PATIENCE,
        Question::Tls | Question::Get(_) => MORE_PATIENCE,
        Question::Listen | Question::Bytes(_) => PATIENCE,
    }
}

impl Verdict {
    /// What one answer tells, by itself.
    pub(crate) fn of(finding: Finding) -> Self {
        Self { finding: Some(finding), ..Self::default() }
    }

    /// The same, said inside TLS.
    pub(crate) fn within(self, tls: Tls) -> Self {
        Self { tls: Some(tls), ..self }
    }

    /// What an answer by UDP tells; without one, what was heard.
    pub(crate) fn of_datagram(heard: Vec<u8>, finding: Option<Finding>) -> Self {
        Self { finding, heard, ..Self::default() }
    }

    /// The service, if it is known and not inside TLS already.
    pub(crate) fn plain_service(&self) -> Option<&str> {
        self.finding.as_ref().filter(|_| self.tls.is_none())?.service.as_deref()
    }

    /// The same, which goes on inside TLS when it is asked to.
    pub(crate) fn starting(self, starttls: Option<Tls>) -> Self {
        Self { starttls, ..self }
    }

    /// Everything together. Where the own patterns know no product, `recog` is asked.
    pub(crate) fn into_identity(self, recog: Option<&Recog>) -> Identity {
        let Self { tls, starttls, finding, heard } = self;
        let known = finding.is_some();
        let mut finding = finding.unwrap_or_default();
        if let Some(recog) = recog {
            recog.complete(&mut finding);
        }
        let heard = if known { &finding.heard } else { &heard };
        let service = finding.service.map(|name| match &tls {
            Some(_) => inside_tls(&name),
            None => name,
        });
        let is_bare_tls = service.is_none() && tls.is_some();
        Identity {
            service: if is_bare_tls { Some("tls".to_owned()) } else { service },
            product: finding.product,
            version: finding.version,
            cpe: finding.cpe,
            banner: (!heard.is_empty()).then(|| printable(heard, BANNER)),
            confidence: if is_bare_tls { 90 } else { finding.confidence },
            http_status: finding.http_status,
            os: finding.os,
            tls: tls.or(starttls),
        }
    }
}

/// The name that a protocol has inside TLS, where it has one of its own.
fn inside_tls(service: &str) -> String {
    let name = match service {
        "http" => "https",
        "imap" => "imaps",
        "pop3" => "pop3s",
        "smtp" => "smtps",
        "ldap" => "ldaps",
        "ftp" => "ftps",
        "irc" => "ircs",
        "nntp" => "nntps",
        "mqtt" => "mqtts",
        "amqp" => "amqps",
        "sip" => "sips",
        "telnet" => "telnets",
        other => other,
    };
    name.to_owned()
}
