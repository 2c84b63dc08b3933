//! What TLS servers show: their certificates, whether those are believed and for how long, and with what else they
//! protect a connection.
//!
//! An [`Inspector`] is given an address that was resolved and vetted before, and reports what it found there, within a
//! time that is known before, whatever the other side does. It knows no job, no database and no name server, and opens
//! connections to that address only. Third parties that certificates name (revocation lists, responders, missing issuers)
//! are asked through [`Fetch`], which whoever calls brings along.
//!
//! ```no_run
//! use tlscheck::{Inspector, Mode, Settings, Target};
//!
//! # async fn example() {
//! let inspector = Inspector::new(Settings::default());
//! let target = Target::new(Some("localhost"), ([127, 0, 0, 1], 443).into());
//! let now = 1_800_000_000; // Unix seconds
//! let report = inspector.inspect(&target, Mode::Certificate, now).await;
//! if let Some(verdict) = &report.verdict {
//!     println!("trusted: {}, because of {:?}", verdict.trusted, verdict.causes);
//! }
//! println!("failure: {:?}, renewal due: {}", report.failure, report.renewal_due(None));
//! # }
//! ```
//!
//! How it works: a handshake accepts every certificate and keeps what was sent (`handshake`); where the server speaks only
//! what no library does any more, a hello of our own is answered with the certificate all the same (`hello`). Paths are
//! then looked for as `webpki` does, first as they have to be, and where there is none, over everything that a path must
//! not lead over, taking one leniency away at a time: what breaks the path is a cause (`chain`).
//!
//! Reading order: `target`, `inspector`, `report`; `wire` (one connection), `starttls`, `handshake`, `hello`; `chain`,
//! `revocation`, `transparency`, `full`, `score`, `finding`, `renewal`, `records`.

mod bytes;
mod chain;
mod der;
mod failure;
mod fetch;
mod finding;
mod full;
mod handshake;
mod hello;
mod inspector;
mod records;
mod renewal;
mod report;
mod revocation;
mod score;
mod starttls;
mod target;
mod transparency;
mod wire;

pub use chain::{
    AltName, Cause, Certificate, Hash, Key, KeyAlgorithm, Link, Roots, Signature, Verdict, longest_lifetime,
};
pub use failure::Failure;
pub use fetch::{Fetch, Fetching, Question, Unfetched};
pub use finding::{Code, Finding, Severity};
pub use full::{Group, Heartbeat, Hsts, Offered, Posture, Robot};
pub use handshake::ClientCertificate;
pub use hello::{Version, read_first_flight, suites::Suite};
pub use inspector::{Inspector, NameReport, Settings};
pub use records::{Caa, CaaVerdict, Tlsa, TlsaVerdict, caa, tlsa};
pub use renewal::{renew_from, renewal_due};
pub use report::{Negotiated, Report};
pub use revocation::{Revocation, Statement, Status, read_crl, read_ocsp};
pub use score::{Grade, Profile, Score};
pub use starttls::{StartTls, rehearse};
pub use target::{Limits, Mode, Start, Target};
pub use transparency::{LogKind, LogList, NotALogList, Sct, SctStatus, Transparency, read_scts};
