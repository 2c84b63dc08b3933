//! Revocation lists (RFC 5280, 5).

use x509_parser::{
    der_parser::oid,
    extensions::{DistributionPointName, GeneralName, IssuingDistributionPoint, ParsedExtension},
    prelude::FromDer,
    revocation_list::CertificateRevocationList,
};

use super::{Statement, Subject};
use crate::chain::{signature_of, verify};

/// Clocks differ, in seconds.
const SKEW: i64 = 300;

/// What a list says about a certificate.
pub(super) fn read(subject: &Subject, list: &[u8]) -> Statement {
    let Ok((_, read)) = CertificateRevocationList::from_der(list) else { return Statement::Unreadable };
    let is_signed = signature_of(list).is_some_and(|(message, algorithm, signature)| {
        verify(&subject.issuer_spki, algorithm, message, signature)
    });
    if !is_signed || read.issuer().as_raw() != subject.issuer_name || !covers(&read, subject) {
        return Statement::Forged;
    }
    let from = read.last_update().timestamp() - SKEW;
    let until = read.next_update().map_or(i64::MAX, |time| time.timestamp().saturating_add(SKEW));
    if !(from..=until).contains(&subject.now) {
        return Statement::Outdated;
    }
    let mut revoked = read.iter_revoked_certificates();
    let found = revoked.find(|entry| same_number(entry.raw_serial(), &subject.serial));
    found.map_or(Statement::Good, |entry| Statement::Revoked(entry.revocation_date.timestamp()))
}

/// Whether a list speaks of server certificates of this certificate's part.
fn covers(list: &CertificateRevocationList<'_>, subject: &Subject) -> bool {
    list.extensions().iter().all(|extension| {
        if let ParsedExtension::IssuingDistributionPoint(part) = extension.parsed_extension() {
            return is_part_of(part, subject);
        }
        // A list of changes, or what nobody here knows: it would say less than it seems to.
        let is_number = extension.oid == oid!(2.5.29.20) || extension.oid == oid!(2.5.29.35);
        !extension.critical || is_number
    })
}

fn is_part_of(part: &IssuingDistributionPoint<'_>, subject: &Subject) -> bool {
    let is_of_others = part.only_contains_ca_certs || part.only_contains_attribute_certs || part.indirect_crl;
    let is_here = match &part.distribution_point {
        Some(DistributionPointName::FullName(names)) => names.iter().any(|name| {
            let GeneralName::URI(url) = name else { return false };
            subject.certificate.crl_urls.iter().any(|known| known == url)
        }),
        Some(DistributionPointName::NameRelativeToCRLIssuer(_)) => false,
        None => true,
    };
    !is_of_others && part.only_some_reasons.is_none() && is_here
}

/// Numbers in DER may have a zero in front, which some leave out.
fn same_number(one: &[u8], other: &[u8]) -> bool {
    fn digits(number: &[u8]) -> &[u8] {
        let zeros = number.iter().take_while(|byte| **byte == 0).count();
        number.get(zeros..).unwrap_or_default()
    }
    digits(one) == digits(other)
}
