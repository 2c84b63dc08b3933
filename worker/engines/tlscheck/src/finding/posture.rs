use super::{Code, Finding, Severity, finding};
use crate::{
    full::{Heartbeat, Posture, Robot},
    hello::{Version, suites::Suite},
    report::Report,
};

/// As long as HSTS should hold, in seconds.
const LONG: u64 = 180 * 86_400;

/// What the first handshake shows already: it offers everything that is usual, and the server took the best of it.
pub(super) fn of_negotiated(report: &Report) -> Vec<Finding> {
    let Some(negotiated) = &report.negotiated else { return Vec::new() };
    let mut findings = Vec::new();
    match negotiated.version {
        Version::Ssl2 => findings.push(finding(Severity::Critical, Code::Ssl2, "")),
        Version::Ssl3 => findings.push(finding(Severity::Critical, Code::Ssl3, "")),
        Version::Tls10 | Version::Tls11 => {
            findings.push(finding(Severity::High, Code::OldVersionsOnly, negotiated.version.as_str()));
        }
        Version::Tls12 | Version::Tls13 => {}
    }
    findings.extend(negotiated.suite.iter().flat_map(|suite| of_suites(&[suite])));
    findings
}

/// What is to be said against everything that a server takes.
pub(super) fn of_posture(posture: &Posture) -> Vec<Finding> {
    let suites: Vec<&Suite> = posture.suites().collect();
    let mut findings = of_versions(posture);
    findings.extend(of_suites(&suites));
    findings.extend(of_all(posture, &suites));
    findings
}

fn of_versions(posture: &Posture) -> Vec<Finding> {
    let takes = |version| posture.takes(version);
    let old: Vec<_> = [Version::Tls10, Version::Tls11].into_iter().filter(|it| takes(*it)).collect();
    let names = old.iter().map(|version| version.as_str()).collect::<Vec<_>>().join(", ");
    let is_new = takes(Version::Tls12) || takes(Version::Tls13);
    let only = (Severity::High, Code::OldVersionsOnly);
    let besides = (Severity::Medium, Code::OldVersions);
    let (severity, code) = if is_new { besides } else { only };
    let rows = [
        (takes(Version::Ssl2), Severity::Critical, Code::Ssl2, String::new()),
        (takes(Version::Ssl3), Severity::Critical, Code::Ssl3, String::new()),
        (!old.is_empty(), severity, code, names),
    ];
    rows.into_iter()
        .filter(|row| row.0)
        .map(|(_, severity, code, names)| finding(severity, code, names))
        .collect()
}

/// Suites that are so make a finding.
type Row<'a> = (Severity, Code, &'a dyn Fn(&Suite) -> bool);

/// What is to be said against suites, wherever they were seen.
fn of_suites(suites: &[&Suite]) -> Vec<Finding> {
    let is_other = |suite: &Suite| !suite.is_export && !suite.is_anonymous;
    let rc4_only = suites.len() > 1 && suites.iter().all(|suite| suite.is_rc4);
    let rows: [Row<'_>; 6] = [
        (Severity::Critical, Code::NullCipher, &|suite| suite.bits == 0),
        (Severity::Critical, Code::AnonymousCipher, &|suite| suite.is_anonymous),
        (Severity::Critical, Code::ExportCipher, &|suite| suite.is_export),
        (Severity::Critical, Code::WeakCipher, &|suite| is_other(suite) && (1..112).contains(&suite.bits)),
        (Severity::High, Code::Rc4, &|suite| is_other(suite) && suite.is_rc4 && !rc4_only),
        (Severity::High, Code::SmallBlocks, &|suite| {
            is_other(suite) && suite.has_small_blocks && suite.bits >= 112
        }),
    ];
    let mut findings: Vec<_> = rows
        .into_iter()
        .filter_map(|(severity, code, is_so)| {
            let names = suites.iter().filter(|suite| is_so(suite)).map(|suite| suite.name);
            let shown = names.collect::<std::collections::BTreeSet<_>>();
            let evidence = shown.iter().copied().take(8).collect::<Vec<_>>().join(", ");
            (!shown.is_empty()).then(|| finding(severity, code, evidence))
        })
        .collect();
    if rc4_only {
        findings.push(finding(Severity::Critical, Code::Rc4Only, ""));
    }
    findings
}

fn of_all(posture: &Posture, suites: &[&Suite]) -> Vec<Finding> {
    let has_suites = !suites.is_empty();
    let secret = suites.iter().any(|suite| suite.is_forward_secret && !suite.is_anonymous);
    let dh = posture.dh_bits.filter(|bits| *bits < 2048);
    let dh_severity = if dh.is_some_and(|bits| bits < 1024) { Severity::Critical } else { Severity::High };
    let hsts = posture.hsts;
    let age = hsts.and_then(|hsts| hsts.max_age).unwrap_or_default();
    let has_rc4_only = has_suites && suites.iter().all(|suite| suite.is_rc4);
    let has_weak_only = has_suites && suites.iter().all(|suite| suite.bits < 112 || suite.is_anonymous);
    // Where all is weak, the better is not missed by itself.
    let is_judged = has_suites && !has_rc4_only && !has_weak_only;
    let rows = [
        (dh.is_some(), dh_severity, Code::WeakDh, dh.map(|bits| format!("{bits} bits")).unwrap_or_default()),
        (is_judged && !secret, Severity::Medium, Code::NoForwardSecrecy, String::new()),
        (is_judged && !suites.iter().any(|suite| suite.is_aead), Severity::Low, Code::NoAead, String::new()),
        (posture.compresses == Some(true), Severity::High, Code::Compression, String::new()),
        (
            posture.renegotiates_safely == Some(false),
            Severity::Medium,
            Code::UnsafeRenegotiation,
            String::new(),
        ),
        (posture.heartbeat == Heartbeat::Bleeds, Severity::Critical, Code::Heartbleed, String::new()),
        (posture.robot == Robot::Oracle, Severity::Critical, Code::Robot, String::new()),
        (hsts.is_some() && age == 0, Severity::Medium, Code::NoHsts, String::new()),
        ((1..LONG).contains(&age), Severity::Low, Code::ShortHsts, format!("{age} seconds")),
    ];
    rows.into_iter()
        .filter(|row| row.0)
        .map(|(_, severity, code, text)| finding(severity, code, text))
        .collect()
}
