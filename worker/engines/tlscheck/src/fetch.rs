use std::{fmt::Debug, future::Future, pin::Pin};

/// Asks third parties: responders, lists and issuers whose addresses stand in certificates. Those addresses are written
/// by strangers. Whoever implements this resolves them, refuses what must not be talked to, follows no redirect to
/// anywhere unchecked, and gives up after [`Question::limit`] bytes.
pub trait Fetch: Debug + Send + Sync {
    /// Asks by HTTP: `GET`, or `POST` with a body. Only the body of a 200 is an answer.
    fn fetch<'a>(&'a self, question: Question<'a>) -> Fetching<'a>;
}

/// An answer that is on its way.
pub type Fetching<'a> = Pin<Box<dyn Future<Output = Result<Vec<u8>, Unfetched>> + Send + 'a>>;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question<'a> {
    /// As the certificate has it: hostile input.
    pub url: &'a str,
    /// A question to a responder (`application/ocsp-request`); none to fetch something.
    pub body: Option<&'a [u8]>,
    /// As many bytes as the answer may have.
    pub limit: usize,
}

/// There is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unfetched;
