/// A CAA record (RFC 8659).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caa {
    /// Whoever does not know the tag must not issue.
    pub is_critical: bool,
    /// Such as `issue`.
    pub tag: String,
    /// Such as `letsencrypt.org`.
    pub value: String,
}

/// Whether the issuer of a certificate may issue it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CaaVerdict {
    /// The records restrict nobody.
    Unrestricted,
    /// They name the issuer.
    Permitted,
    /// They do not: the next renewal will fail.
    Forbidden,
    /// They name somebody, and nobody here knows what the issuer calls itself in such records.
    UnknownIssuer,
}

/// What issuers call themselves in CAA records, by what their certificates call them.
const ISSUERS: [(&str, &[&str]); 20] = [
    ("let's encrypt", &["letsencrypt.org"]),
    ("google trust services", &["pki.goog"]),
    (
        "digicert",
        &["digicert.com", "digicert.ne.jp", "rapidssl.com", "geotrust.com", "thawte.com", "symantec.com"],
    ),
    ("sectigo", &["sectigo.com", "comodo.com", "comodoca.com", "usertrust.com", "trust-provider.com"]),
    ("zerossl", &["sectigo.com", "zerossl.com"]),
    ("globalsign", &["globalsign.com"]),
    ("amazon", &["amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"]),
    ("godaddy", &["godaddy.com", "starfieldtech.com"]),
    ("starfield", &["starfieldtech.com", "godaddy.com"]),
    ("entrust", &["entrust.net", "affirmtrust.com"]),
    ("identrust", &["identrust.com"]),
    ("ssl corp", &["ssl.com"]),
    ("buypass", &["buypass.com", "buypass.no"]),
    ("certum", &["certum.pl", "certum.eu"]),
    ("actalis", &["actalis.it"]),
    ("microsoft", &["microsoft.com"]),
    ("harica", &["harica.gr"]),
    ("hellenic academic", &["harica.gr"]),
    ("swisssign", &["swisssign.com", "swisssign.net", "swissign.com"]),
    ("telia", &["telia.com", "telia.fi", "telia.se"]),
];

/// Tags that allow or forbid nothing here, but are known.
const OTHER_TAGS: [&str; 5] = ["iodef", "issuemail", "issuevmc", "contactemail", "contactphone"];

/// Judges by the records of the name and of each name above it, the name's own first; an alias counts as what it leads to.
///
/// `issuer` is who signed the certificate, as it says itself; `is_wildcard` whether a renewal has to be for a pattern.
#[must_use]
pub fn caa(levels: &[Vec<Caa>], issuer: &str, is_wildcard: bool) -> CaaVerdict {
    // The nearest name that has records decides, whatever they say.
    let Some(records) = levels.iter().find(|records| !records.is_empty()) else {
        return CaaVerdict::Unrestricted;
    };
    let is = |record: &Caa, tag: &str| record.tag.eq_ignore_ascii_case(tag);
    let is_known = |record: &Caa| {
        let tags = ["issue", "issuewild"];
        tags.iter().chain(&OTHER_TAGS).any(|tag| is(record, tag))
    };
    if records.iter().any(|record| record.is_critical && !is_known(record)) {
        return CaaVerdict::Forbidden;
    }
    let tag = if is_wildcard && records.iter().any(|it| is(it, "issuewild")) { "issuewild" } else { "issue" };
    let mut allowed =
        records.iter().filter(|record| is(record, tag)).map(|record| issuer_of(&record.value)).peekable();
    if allowed.peek().is_none() {
        return CaaVerdict::Unrestricted;
    }
    let lower = issuer.to_lowercase();
    let mut own =
        ISSUERS.iter().filter(|(name, _)| lower.contains(name)).flat_map(|(_, domains)| *domains).peekable();
    let allowed: Vec<_> = allowed.filter(|domain| !domain.is_empty()).collect();
    if own.peek().is_none() && !allowed.is_empty() {
        return CaaVerdict::UnknownIssuer;
    }
    let is_allowed = own.any(|domain| allowed.iter().any(|other| other.eq_ignore_ascii_case(domain)));
    if is_allowed { CaaVerdict::Permitted } else { CaaVerdict::Forbidden }
}

/// Whom a value names: what stands before its parameters.
fn issuer_of(value: &str) -> &str {
    value.split(';').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(all: &[(&str, &str)]) -> Vec<Caa> {
        let one = |(tag, value): &(&str, &str)| {
            let tag_of = tag.trim_start_matches('!').to_owned();
            Caa { is_critical: tag.starts_with('!'), tag: tag_of, value: (*value).to_owned() }
        };
        all.iter().map(one).collect()
    }

    #[test]
    fn the_nearest_records_decide() {
        use CaaVerdict::{Forbidden, Permitted, UnknownIssuer, Unrestricted};
        let le = "C=US, O=Let's Encrypt, CN=R11";
        for (levels, issuer, is_wildcard, verdict) in [
            (vec![], le, false, Unrestricted),
            (vec![vec![("iodef", "mailto:a@b.example")]], le, false, Unrestricted),
            (vec![vec![("issue", "letsencrypt.org")]], le, false, Permitted),
            (vec![vec![("ISSUE", " LetsEncrypt.org ; accounturi=https://x")]], le, false, Permitted),
            (vec![vec![("issue", "digicert.com")]], le, false, Forbidden),
            (vec![vec![("issue", "digicert.com"), ("issue", "letsencrypt.org")]], le, false, Permitted),
            (vec![vec![("issue", ";")]], le, false, Forbidden),
            (vec![vec![("issue", ";")]], "CN=Nobody", false, Forbidden),
            (vec![vec![("issue", "letsencrypt.org")]], "CN=Nobody", false, UnknownIssuer),
            (vec![vec![], vec![("issue", "digicert.com")]], le, false, Forbidden),
            (vec![vec![("issue", "letsencrypt.org")], vec![("issue", ";")]], le, false, Permitted),
            (vec![vec![("issue", "letsencrypt.org"), ("issuewild", ";")]], le, true, Forbidden),
            (vec![vec![("issue", "letsencrypt.org"), ("issuewild", ";")]], le, false, Permitted),
            (vec![vec![("issuewild", "digicert.com")]], le, false, Unrestricted),
            (vec![vec![("issue", "letsencrypt.org")]], le, true, Permitted),
            (vec![vec![("!new", "x"), ("issue", "letsencrypt.org")]], le, false, Forbidden),
            (vec![vec![("new", "x"), ("issue", "letsencrypt.org")]], le, false, Permitted),
        ] {
            let levels: Vec<_> = levels.iter().map(|level| records(level)).collect();
            assert_eq!(caa(&levels, issuer, is_wildcard), verdict, "{levels:?}");
        }
    }
}
