use std::collections::BTreeSet;

use rustls::pki_types::CertificateDer;
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use super::certificate::Certificate;
use crate::fetch::{Fetch, Question};

/// As many issuers as are fetched for one certificate.
const HOPS: usize = 4;
/// As large as a certificate may be.
const CERTIFICATE: usize = 64 * 1024;

/// Fetches the issuers that a server did not send, from where the certificates say, as browsers do.
pub(crate) async fn missing_issuers(
    served: &[CertificateDer<'_>],
    fetch: &dyn Fetch,
) -> Vec<CertificateDer<'static>> {
    let mut fetched: Vec<CertificateDer<'static>> = Vec::new();
    let mut asked: BTreeSet<String> = BTreeSet::new();
    let Some(leaf) = served.first() else { return fetched };
    let mut top = ascend(leaf, served);
    for _ in 0..HOPS {
        let Some(read) = Certificate::read(&top).filter(|read| !read.is_self_issued) else { break };
        let Some(url) = read.issuer_urls.into_iter().find(|url| asked.insert(url.clone())) else { break };
        let question = Question { url: &url, body: None, limit: CERTIFICATE };
        let Ok(answer) = fetch.fetch(question).await else { break };
        let Some(der) = der_of(&answer) else { break };
        top = CertificateDer::from(der);
        fetched.push(top.clone());
    }
    fetched
}

/// Follows issuers by name as far as they were sent.
fn ascend(leaf: &CertificateDer<'_>, served: &[CertificateDer<'_>]) -> CertificateDer<'static> {
    let mut top = leaf.clone().into_owned();
    for _ in 0..served.len() {
        let next = {
            let Ok((_, read)) = X509Certificate::from_der(&top) else { break };
            let issuer = read.issuer().as_raw();
            let signs = |der: &&CertificateDer<'_>| {
                X509Certificate::from_der(der).is_ok_and(|(_, other)| other.subject().as_raw() == issuer)
            };
            served.iter().find(signs).cloned().map(CertificateDer::into_owned)
        };
        match next {
            Some(next) if next != top => top = next,
            _ => break,
        }
    }
    top
}

/// A certificate in DER, or in PEM where a server has it so.
fn der_of(answer: &[u8]) -> Option<Vec<u8>> {
    if answer.starts_with(b"-----") {
        let (_, pem) = x509_parser::pem::parse_x509_pem(answer).ok()?;
        return Some(pem.contents);
    }
    X509Certificate::from_der(answer).is_ok().then(|| answer.to_vec())
}
