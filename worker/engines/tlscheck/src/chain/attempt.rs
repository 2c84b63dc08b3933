use std::time::Duration;

use rustls::pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, Error, ExtendedKeyUsageValidator, KeyPurposeIdIter, KeyUsage};

use super::algorithms;

/// What a path may lead over that a believed one may not: to see what is wrong with a path besides this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Leniency {
    /// Certificates may be over, or not have begun.
    pub(super) time: Time,
    /// Signatures may be of another time.
    pub(super) signatures: bool,
    /// Certificates may be for anything.
    pub(super) purpose: bool,
}

/// When a path is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Time {
    /// Now.
    Now,
    /// Now, or when the leaf's validity begins or ends.
    OfLeaf,
    /// At any time that one of the certificates names.
    Any,
}

impl Leniency {
    pub(super) const NONE: Self = Self { time: Time::Now, signatures: false, purpose: false };
    pub(super) const ALL: Self = Self { time: Time::Any, signatures: true, purpose: true };
}

/// What a path is built from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Material<'a> {
    pub(super) leaf: &'a CertificateDer<'a>,
    /// Whatever else there is.
    pub(super) others: &'a [CertificateDer<'a>],
    /// When each of all these begins and ends, the leaf first.
    pub(super) validity: &'a [(i64, i64)],
    /// Unix seconds.
    pub(super) now: i64,
}

impl Material<'_> {
    /// Looks for a path; where it leads over `others` is told by their positions.
    pub(super) fn path(&self, anchors: &[TrustAnchor<'_>], leniency: Leniency) -> Result<Vec<usize>, Error> {
        let mut first = None;
        for time in self.times(leniency.time) {
            match self.path_at(time, anchors, leniency) {
                Ok(path) => return Ok(path),
                Err(error) => first = first.or(Some(error)),
            }
        }
        Err(first.unwrap_or(Error::UnknownIssuer))
    }

    fn path_at(
        &self,
        time: i64,
        anchors: &[TrustAnchor<'_>],
        leniency: Leniency,
    ) -> Result<Vec<usize>, Error> {
        let leaf = EndEntityCert::try_from(self.leaf)?;
        let old;
        let algorithms = if leniency.signatures {
            old = algorithms::any();
            old.as_slice()
        } else {
            algorithms::SOUND
        };
        let time = UnixTime::since_unix_epoch(Duration::from_secs(time.try_into().unwrap_or_default()));
        let usage = Purpose { is_any: leniency.purpose };
        let path = leaf.verify_for_usage(algorithms, anchors, self.others, time, usage, None, None)?;
        let position = |der: &[u8]| self.others.iter().position(|other| other.as_ref() == der);
        let links = path.intermediate_certificates().map(|link| position(link.der().as_ref()));
        Ok(links.flatten().collect())
    }

    fn times(&self, time: Time) -> Vec<i64> {
        let Some((begins, ends)) = self.validity.first().copied() else { return vec![self.now] };
        let clamped = self.now.min(ends).max(begins);
        match time {
            Time::Now => vec![self.now],
            Time::OfLeaf => vec![clamped],
            Time::Any => {
                let of_others = self.validity.iter().skip(1).flat_map(|(begins, ends)| [*begins, *ends]);
                let inside = of_others.filter(|time| (begins..=ends).contains(time));
                std::iter::once(clamped).chain(inside.take(16)).collect()
            }
        }
    }
}

/// For servers, or for anything.
#[derive(Clone, Copy, Debug)]
struct Purpose {
    is_any: bool,
}

impl ExtendedKeyUsageValidator for Purpose {
    fn validate(&self, purposes: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        if self.is_any { Ok(()) } else { KeyUsage::server_auth().validate(purposes) }
    }
}
