use super::{Code, Finding, Severity, finding};
use crate::{
    chain::{Cause, LONGEST_PRIVATE},
    report::Report,
    revocation::Statement,
};

/// How many certificates may be sent that no path needs.
const SPARE: usize = 2;

/// What is to be said against the certificates.
pub(super) fn of_certificate(report: &Report) -> Vec<Finding> {
    let (Some(certificate), Some(verdict)) = (&report.certificate, &report.verdict) else {
        // Something was sent as a certificate that is none.
        let is_unread = !report.chain.is_empty();
        let unread = finding(Severity::Critical, Code::Untrusted(Cause::Malformed), "");
        return is_unread.then_some(unread).into_iter().collect();
    };
    let of_causes = verdict.causes.iter().map(|cause| of_cause(*cause, report));
    let mut findings: Vec<_> = of_causes.collect();
    let mut add = |is_so: bool, severity, code, evidence: String| {
        if is_so {
            findings.push(finding(severity, code, evidence));
        }
    };
    let is_self_signed = verdict.causes.contains(&Cause::SelfSigned);
    let is_long = !verdict.is_public && !is_self_signed && certificate.lifetime() > LONGEST_PRIVATE;
    let days = certificate.lifetime() / 86_400;
    add(is_long, Severity::Low, Code::LongPrivateLifetime, format!("{days} days"));
    let common_name = certificate.common_name.clone().unwrap_or_default();
    let is_nameless = certificate.names.is_empty() && !common_name.is_empty();
    add(is_nameless, Severity::Medium, Code::CommonNameOnly, common_name);
    // The server's own certificate and the root do not count as spare.
    let spare = report.chain.len().saturating_sub(2 + verdict.path.len());
    add(spare > SPARE, Severity::Low, Code::LongChain, format!("{} certificates", report.chain.len()));
    let staple = report.revocation.staple;
    let is_forged = matches!(staple, Statement::Forged | Statement::Unreadable);
    add(is_forged, Severity::High, Code::ForgedStaple, String::new());
    let has_none = certificate.must_staple && staple == Statement::NotAsked;
    add(has_none, Severity::Medium, Code::MissingStaple, String::new());
    let logs = &report.transparency;
    add(logs.has_false(), Severity::High, Code::FalseSct, String::new());
    add(verdict.is_public && logs.scts.is_empty(), Severity::Low, Code::NoSct, String::new());
    add(certificate.key.is_unusual(), Severity::Low, Code::UnusualKey, certificate.key.to_string());
    findings
}

#[expect(clippy::wildcard_enum_match_arm, reason = "all other causes are alike")]
fn of_cause(cause: Cause, report: &Report) -> Finding {
    let certificate = report.certificate.as_ref();
    let severity = match cause {
        Cause::WeakKey if certificate.is_some_and(|it| it.key.rsa_bits() >= 1024) => Severity::High,
        Cause::WeakSignature if certificate.is_none_or(|it| !it.signature.is_broken()) => Severity::High,
        Cause::IncompleteChain | Cause::IncompleteMendable | Cause::LongLifetime => Severity::Medium,
        _ => Severity::Critical,
    };
    let evidence = certificate.map_or_else(String::new, |certificate| match cause {
        Cause::Expired => format!("not after {}", certificate.not_after),
        Cause::NotYetValid => format!("not before {}", certificate.not_before),
        Cause::SelfSigned | Cause::UntrustedRoot | Cause::IncompleteChain | Cause::IncompleteMendable => {
            certificate.issuer.clone()
        }
        Cause::WeakKey => certificate.key.to_string(),
        Cause::WeakSignature => certificate.signature.name.clone(),
        Cause::NameMismatch => report.name.clone().unwrap_or_else(|| report.address.ip().to_string()),
        Cause::LongLifetime => format!("{} days", certificate.lifetime() / 86_400),
        _ => String::new(),
    });
    finding(severity, Code::Untrusted(cause), evidence)
}
