//! Signatures: HMAC-SHA-256 over a text in which every part of a request has its line.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{Header, Request};

/// What is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A request, by its client.
    Header,
    /// An answer, by the server.
    Response,
}

/// The signature of a request or of its answer, which differ in the digest of the body and in `ext`.
pub(super) fn sign(key: &[u8], kind: Kind, header: &Header, request: &Request<'_>, hash: &str) -> Signature {
    let (kind, ext) = match kind {
        Kind::Header => ("header", header.ext.as_deref().unwrap_or_default()),
        Kind::Response => ("response", ""),
    };
    let Request { method, target, host, port } = request;
    let (ts, nonce) = (header.ts, &header.nonce);
    let (method, host) = (method.to_ascii_uppercase(), host.to_ascii_lowercase());
    let ext = ext.replace('\\', r"\\").replace('\n', r"\n");
    let mut text =
        format!("hawk.1.{kind}\n{ts}\n{nonce}\n{method}\n{target}\n{host}\n{port}\n{hash}\n{ext}\n");
    if let Some(app) = &header.app {
        text = format!("{text}{app}\n{}\n", header.dlg.as_deref().unwrap_or_default());
    }
    Signature::of(key, &text)
}

/// The signature under the server's time, so that a client may trust it.
pub(super) fn sign_time(key: &[u8], now: i64) -> Signature {
    Signature::of(key, &format!("hawk.1.ts\n{now}\n"))
}

/// A signature that is still to be compared or written.
pub(super) struct Signature(Option<Hmac<Sha256>>);

impl Signature {
    fn of(key: &[u8], text: &str) -> Self {
        // HMAC takes keys of any length: there is always one.
        Self(Hmac::new_from_slice(key).ok().map(|mac: Hmac<Sha256>| mac.chain_update(text)))
    }

    /// In base64.
    pub(super) fn text(self) -> String {
        self.0.map_or_else(String::new, |mac| STANDARD.encode(mac.finalize().into_bytes()))
    }

    /// Whether it is this one, in a time that does not tell how much of it is right.
    pub(super) fn is(self, text: &str) -> bool {
        let claimed = STANDARD.decode(text).unwrap_or_default();
        self.0.is_some_and(|mac| mac.verify_slice(&claimed).is_ok())
    }
}
