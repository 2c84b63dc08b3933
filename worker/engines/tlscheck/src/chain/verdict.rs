use std::{collections::BTreeSet, net::IpAddr};

use rustls::pki_types::{CertificateDer, TrustAnchor};
use webpki::Error;
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use super::{
    Roots, algorithms, anchor,
    attempt::{Leniency, Material, Time},
    certificate::Certificate,
    longest_lifetime,
    names::names_host,
};

/// Why a certificate is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cause {
    /// It is over.
    Expired,
    /// It has not begun.
    NotYetValid,
    /// Nobody but itself speaks for it.
    SelfSigned,
    /// The path leads to a root that is not believed.
    UntrustedRoot,
    /// A certificate between it and a root was not sent.
    IncompleteChain,
    /// The same, but its issuer says where the missing one is: browsers fetch it, other clients fail.
    IncompleteMendable,
    /// A certificate on the path may not sign others.
    NotACa,
    /// It may sign others, and is used as a server's own.
    CaAsLeaf,
    /// It, or a certificate on the path, is not for servers.
    WrongPurpose,
    /// A certificate on the path may not sign for this name.
    NameConstraint,
    /// A certificate on the path may not have as many below it.
    PathTooLong,
    /// A certificate on the path is over, and no other path is there.
    IssuerExpired,
    /// A certificate on the path has not begun.
    IssuerNotYetValid,
    /// A signature on the path is false.
    BadSignature,
    /// A signature on the path can be forged: MD5 or SHA-1.
    WeakSignature,
    /// A key on the path is too short.
    WeakKey,
    /// A signature or a key that no browser can check.
    UnsupportedAlgorithm,
    /// It is not for the name that was asked for.
    NameMismatch,
    /// Its lifetime is longer than certificates of public roots may have.
    LongLifetime,
    /// It was revoked.
    Revoked,
    /// It cannot be read, or asks for something that nobody understands.
    Malformed,
}

impl Cause {
    /// Its word, such as `self_signed`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::SelfSigned => "self_signed",
            Self::UntrustedRoot => "untrusted_root",
            Self::IncompleteChain => "incomplete_chain",
            Self::IncompleteMendable => "incomplete_mendable",
            Self::NotACa => "not_a_ca",
            Self::CaAsLeaf => "ca_as_leaf",
            Self::WrongPurpose => "wrong_purpose",
            Self::NameConstraint => "name_constraint",
            Self::PathTooLong => "path_too_long",
            Self::IssuerExpired => "issuer_expired",
            Self::IssuerNotYetValid => "issuer_not_yet_valid",
            Self::BadSignature => "bad_signature",
            Self::WeakSignature => "weak_signature",
            Self::WeakKey => "weak_key",
            Self::UnsupportedAlgorithm => "unsupported_algorithm",
            Self::NameMismatch => "name_mismatch",
            Self::LongLifetime => "long_lifetime",
            Self::Revoked => "revoked",
            Self::Malformed => "malformed",
        }
    }

    /// What an error of the search for a path means; none for those that only say that there is no path.
    fn of(error: &Error) -> Option<Self> {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "the enum is not exhaustive; the rest is malformed"
        )]
        Some(match error {
            Error::UnknownIssuer => return None,
            Error::CertExpired { .. } => Self::IssuerExpired,
            Error::CertNotValidYet { .. } => Self::IssuerNotYetValid,
            Error::CaUsedAsEndEntity => Self::CaAsLeaf,
            Error::EndEntityUsedAsCa => Self::NotACa,
            Error::RequiredEkuNotFoundContext(_) | Error::EmptyEkuExtension => Self::WrongPurpose,
            Error::NameConstraintViolation => Self::NameConstraint,
            Error::PathLenConstraintViolated => Self::PathTooLong,
            Error::InvalidSignatureForPublicKey => Self::BadSignature,
            Error::UnsupportedSignatureAlgorithmContext(_)
            | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => Self::UnsupportedAlgorithm,
            _ => Self::Malformed,
        })
    }
}

/// Whether a certificate is believed, and by whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a judgement of its own")]
pub struct Verdict {
    /// What was sent leads to a root that is believed, holds now, and is for the name that was asked for.
    pub trusted: bool,
    /// The same for a browser with these roots, which fetches what is missing.
    pub browser_trusted: bool,
    /// The path leads to a root of browsers.
    pub is_public: bool,
    /// It is for the name that was asked for.
    pub names_host: bool,
    /// Everything that is wrong; empty where it is trusted.
    pub causes: BTreeSet<Cause>,
    /// The path as far as it was found: positions in what was sent, without the leaf and the root.
    pub path: Vec<usize>,
}

impl Verdict {
    /// Takes it into account that the certificate was revoked.
    pub(crate) fn revoke(&mut self) {
        self.causes.insert(Cause::Revoked);
        self.trusted = false;
        self.browser_trusted = false;
    }
}

/// What a verdict is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Evidence<'a> {
    /// What was sent, the leaf first.
    pub(crate) served: &'a [CertificateDer<'a>],
    /// Issuers that were not sent, but fetched.
    pub(crate) fetched: &'a [CertificateDer<'a>],
    pub(crate) roots: &'a Roots,
    pub(crate) name: Option<&'a str>,
    pub(crate) address: IpAddr,
    /// Unix seconds.
    pub(crate) now: i64,
}

/// Judges; none where nothing was sent, or the first certificate cannot be read.
pub(crate) fn judge(evidence: &Evidence<'_>) -> Option<Verdict> {
    let (leaf, others) = evidence.served.split_first()?;
    let read = Certificate::read(leaf)?;
    let all: Vec<_> = others.iter().chain(evidence.fetched).cloned().collect();
    let validity: Vec<_> = std::iter::once((read.not_before, read.not_after))
        .chain(all.iter().map(|der| validity_of(der)))
        .collect();
    let sent = Material { leaf, others, validity: &validity, now: evidence.now };
    let mended = Material { others: &all, ..sent };
    let case = Case { evidence, read: &read, sent, mended };
    Some(case.verdict())
}

fn validity_of(der: &[u8]) -> (i64, i64) {
    let read = X509Certificate::from_der(der).ok();
    read.map_or((0, i64::MAX), |(_, read)| {
        (read.validity().not_before.timestamp(), read.validity().not_after.timestamp())
    })
}

/// One certificate with all that belongs to it.
struct Case<'a> {
    evidence: &'a Evidence<'a>,
    read: &'a Certificate,
    sent: Material<'a>,
    mended: Material<'a>,
}

impl Case<'_> {
    fn verdict(&self) -> Verdict {
        let Evidence { roots, name, address, .. } = self.evidence;
        let public = self.mended.path(roots.browsers(), Leniency::ALL).is_ok();
        let mut causes = self.of_leaf(public);
        let strict = self.sent.path(roots.all(), Leniency::NONE);
        let path = match &strict {
            Ok(path) => path.clone(),
            Err(error) => self.explain(error, &mut causes),
        };
        if !names_host(&self.read.names, *name, *address) {
            causes.insert(Cause::NameMismatch);
        }
        let mendable = causes.len() == 1 && causes.contains(&Cause::IncompleteMendable);
        Verdict {
            trusted: strict.is_ok() && causes.is_empty(),
            browser_trusted: causes.is_empty() || mendable,
            is_public: public,
            names_host: !causes.contains(&Cause::NameMismatch),
            causes,
            path,
        }
    }

    /// What is wrong with the leaf by itself.
    fn of_leaf(&self, is_public: bool) -> BTreeSet<Cause> {
        let Certificate { not_before, not_after, key, signature, .. } = self.read;
        let now = self.evidence.now;
        let long = is_public && self.read.lifetime() > longest_lifetime(*not_before);
        [
            (*not_after < now, Cause::Expired),
            (*not_before > now, Cause::NotYetValid),
            (key.is_weak(), Cause::WeakKey),
            (signature.is_weak(), Cause::WeakSignature),
            (!self.read.serves, Cause::WrongPurpose),
            (long, Cause::LongLifetime),
        ]
        .into_iter()
        .filter_map(|(is_so, cause)| is_so.then_some(cause))
        .collect()
    }

    /// Finds out why there is no path, and how far one leads.
    fn explain(&self, error: &Error, causes: &mut BTreeSet<Cause>) -> Vec<usize> {
        if self.is_self_signed() {
            causes.insert(Cause::SelfSigned);
            return Vec::new();
        }
        let roots = self.evidence.roots.all();
        let (material, anchors, missing) = match self.mended.path(roots, Leniency::ALL) {
            Ok(_) if self.sent.path(roots, Leniency::ALL).is_err() => {
                (self.mended, roots.to_vec(), Some(Cause::IncompleteMendable))
            }
            Ok(_) => (self.sent, roots.to_vec(), None),
            Err(Error::UnknownIssuer) => {
                let (anchors, cause) = self.stand_in();
                (self.mended, anchors, Some(cause))
            }
            Err(other) => {
                causes.extend(Cause::of(&other));
                return Vec::new();
            }
        };
        causes.extend(missing);
        let Ok(path) = material.path(&anchors, Leniency::ALL) else {
            // Without even a stand-in for the root: the leaf came alone, or what came with it does not belong to it.
            causes.extend(Cause::of(error).filter(|cause| *cause == Cause::Malformed));
            return Vec::new();
        };
        self.without_each(&material, &anchors, causes);
        path
    }

    /// Takes each leniency away by itself: where no path is left then, it was needed.
    fn without_each(
        &self,
        material: &Material<'_>,
        anchors: &[TrustAnchor<'_>],
        causes: &mut BTreeSet<Cause>,
    ) {
        let all = Leniency::ALL;
        // That the leaf itself is over is known already; so is what it is for.
        if let Err(error) = material.path(anchors, Leniency { time: Time::OfLeaf, ..all }) {
            causes.extend(Cause::of(&error));
        }
        if material.path(anchors, Leniency { purpose: false, ..all }).is_err() {
            causes.insert(Cause::WrongPurpose);
        }
        if material.path(anchors, Leniency { signatures: false, ..all }).is_err() {
            let path = material.path(anchors, all).unwrap_or_default();
            causes.extend(self.weakness(material, &path));
        }
    }

    /// Which weakness makes a path need old signatures.
    fn weakness(&self, material: &Material<'_>, path: &[usize]) -> Vec<Cause> {
        let links = path.iter().filter_map(|at| material.others.get(*at));
        let read: Vec<_> = links.filter_map(|der| Certificate::read(der)).collect();
        let mut causes = Vec::new();
        if self.read.signature.is_weak() || read.iter().any(|link| link.signature.is_weak()) {
            causes.push(Cause::WeakSignature);
        }
        if read.iter().any(|link| link.key.is_weak()) {
            causes.push(Cause::WeakKey);
        }
        if causes.is_empty() {
            causes.push(Cause::UnsupportedAlgorithm);
        }
        causes
    }

    fn is_self_signed(&self) -> bool {
        let leaf = self.sent.leaf;
        let spki = X509Certificate::from_der(leaf).ok().map(|(_, read)| read.public_key().raw.to_vec());
        self.read.is_self_issued && spki.is_some_and(|spki| algorithms::is_signed_by(leaf, &spki))
    }

    /// What may stand in for the root that is not there, and what its absence is called.
    ///
    /// A root that was sent or fetched, and is not believed, is an untrusted one. Where the path ends before any root,
    /// nobody can know what is missing. A server that sends only its own certificate has usually forgotten the others;
    /// one that sends others has usually sent all but the root, as it should. Names that say which it is are believed.
    fn stand_in(&self) -> (Vec<TrustAnchor<'static>>, Cause) {
        let anchors_of = |is_one: &dyn Fn(&Certificate) -> bool| -> Vec<_> {
            let read =
                self.mended.others.iter().filter(|der| Certificate::read(der).is_some_and(|it| is_one(&it)));
            read.filter_map(|der| anchor(der)).collect()
        };
        let leads_to = |anchors: &[TrustAnchor<'_>]| self.mended.path(anchors, Leniency::ALL).is_ok();
        let roots = anchors_of(&|read| read.is_self_issued);
        if leads_to(&roots) {
            return (roots, Cause::UntrustedRoot);
        }
        let any = anchors_of(&|_| true);
        let missing = if leads_to(&any) { self.top_issuer(&any) } else { self.read.issuer.clone() };
        let lower = missing.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        let is_root = if leads_to(&any) {
            !says(&["intermediate", "issuing", "sub ca", "subordinate"])
        } else {
            says(&["root"])
        };
        (any, if is_root { Cause::UntrustedRoot } else { Cause::IncompleteChain })
    }

    /// Who signed the certificate that the path ends with.
    fn top_issuer(&self, anchors: &[TrustAnchor<'_>]) -> String {
        let path = self.mended.path(anchors, Leniency::ALL).unwrap_or_default();
        let last = path.last().and_then(|at| self.mended.others.get(*at));
        let below = last
            .and_then(|der| Certificate::read(der))
            .map_or_else(|| self.read.issuer.clone(), |link| link.issuer);
        let read = self.mended.others.iter().filter_map(|der| Certificate::read(der));
        // The one that stood in for the root is the issuer of the last one of the path.
        read.into_iter().find(|link| link.subject == below).map_or(below, |link| link.issuer)
    }
}
