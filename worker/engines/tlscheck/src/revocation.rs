//! Whether a certificate was revoked: by what the server staples, by its issuer's list, by a responder.

mod crl;
mod ocsp;
mod subject;

use futures::future::join;
use tokio::time::{Instant, timeout_at};

use crate::fetch::{Fetch, Question};
pub(crate) use subject::Subject;

/// As large as an answer of a responder may be.
const OCSP: usize = 64 * 1024;
/// As large as a revocation list may be.
const CRL: usize = 8 * 1024 * 1024;
/// As many addresses of lists or responders as are asked.
const URLS: usize = 2;

/// Whether a certificate was revoked. No answer is never a good one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Revocation {
    /// What the server stapled.
    pub staple: Statement,
    /// What the issuer's list says.
    pub crl: Statement,
    /// What a responder says.
    pub ocsp: Statement,
}

/// What all statements together say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nobody said anything that can be believed.
    Unknown,
    /// It stands.
    Good,
    /// It was revoked, at this time in Unix seconds.
    Revoked(i64),
}

/// What one source says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Statement {
    /// There is no such source, or it was not asked.
    #[default]
    NotAsked,
    /// It was asked, and gave no answer.
    NoAnswer,
    /// Its answer cannot be read.
    Unreadable,
    /// Nobody who may speak for the issuer signed it, or it is about something else.
    Forged,
    /// It is of another time.
    Outdated,
    /// It does not know the certificate.
    Unknown,
    /// It stands.
    Good,
    /// It was revoked, at this time in Unix seconds.
    Revoked(i64),
}

impl Revocation {
    /// What all statements say: revoked if one does, good if one does.
    #[must_use]
    pub fn status(&self) -> Status {
        let all = [self.staple, self.crl, self.ocsp];
        let revoked = all
            .iter()
            .find_map(|one| if let Statement::Revoked(at) = one { Some(Status::Revoked(*at)) } else { None });
        let is_good = all.contains(&Statement::Good);
        revoked.unwrap_or(if is_good { Status::Good } else { Status::Unknown })
    }

    /// Whether it was revoked.
    #[must_use]
    pub fn is_revoked(&self) -> bool {
        matches!(self.status(), Status::Revoked(_))
    }
}

/// Reads the staple, and asks the others until `until`.
pub(crate) async fn look(
    subject: &Subject,
    staple: &[u8],
    fetch: Option<&dyn Fetch>,
    until: Instant,
) -> Revocation {
    let staple = if staple.is_empty() { Statement::NotAsked } else { ocsp::read(subject, staple) };
    let Some(fetch) = fetch else { return Revocation { staple, ..Revocation::default() } };
    // A responder would only say again what is stapled.
    let is_said = matches!(staple, Statement::Good | Statement::Revoked(_));
    let responders = if is_said { &[] } else { subject.certificate.ocsp_urls.as_slice() };
    let request = ocsp::request(subject);
    let lists = ask(fetch, &subject.certificate.crl_urls, None, until, |answer| crl::read(subject, answer));
    let responses = ask(fetch, responders, Some(&request), until, |answer| ocsp::read(subject, answer));
    let (crl, ocsp) = join(lists, responses).await;
    Revocation { staple, crl, ocsp }
}

/// Asks one address after the other, until one says something that can be believed.
async fn ask(
    fetch: &dyn Fetch,
    urls: &[String],
    body: Option<&[u8]>,
    until: Instant,
    read: impl Fn(&[u8]) -> Statement,
) -> Statement {
    let mut said = Statement::NotAsked;
    for url in urls.iter().filter(|url| url.starts_with("http://") || url.starts_with("https://")).take(URLS)
    {
        let limit = if body.is_some() { OCSP } else { CRL };
        let fetching = fetch.fetch(Question { url, body, limit });
        said = match timeout_at(until, fetching).await {
            Ok(Ok(answer)) if answer.len() <= limit => read(&answer),
            _ => Statement::NoAnswer,
        };
        if matches!(said, Statement::Good | Statement::Revoked(_)) {
            break;
        }
    }
    said
}

/// Reads an answer of a responder about `leaf`, which `issuer` signed, both in DER: for fuzzing.
#[must_use]
pub fn read_ocsp(leaf: &[u8], issuer: &[u8], answer: &[u8], now: i64) -> Statement {
    Subject::of(leaf, issuer, now).map_or(Statement::Unreadable, |subject| ocsp::read(&subject, answer))
}

/// Reads a revocation list of the issuer of `leaf`, all in DER: for fuzzing.
#[must_use]
pub fn read_crl(leaf: &[u8], issuer: &[u8], list: &[u8], now: i64) -> Statement {
    Subject::of(leaf, issuer, now).map_or(Statement::Unreadable, |subject| crl::read(&subject, list))
}
