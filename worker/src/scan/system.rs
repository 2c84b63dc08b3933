//! What a port tells about the operating system, by what it says and by how it answers.

use portscan::System;
use services::OsHint;

/// Joins what a service says with how its port answers. Where both mean one family, that is surer than either; where they
/// do not, the surer one counts, less half of what speaks against it.
pub(super) fn join(said: Option<OsHint>, seen: Option<System>) -> Option<OsHint> {
    let shape = seen.map(|System { family, confidence }| OsHint {
        family: family.to_owned(),
        name: None,
        confidence,
    });
    let (Some(said), Some(shape)) = (said.clone(), shape.clone()) else { return said.or(shape) };
    if said.family == shape.family {
        return Some(OsHint { confidence: both(said.confidence, shape.confidence), ..said });
    }
    let (surer, other) = if said.confidence >= shape.confidence { (said, shape) } else { (shape, said) };
    Some(OsHint { confidence: surer.confidence - other.confidence / 2, ..surer })
}

/// The confidence in what two witnesses say who know nothing of each other: that not both are wrong. Never all of it.
fn both(one: u8, other: u8) -> u8 {
    let doubt = |confidence: u8| u16::from(100 - confidence.min(100));
    let sure = 100 - doubt(one) * doubt(other) / 100;
    u8::try_from(sure).unwrap_or(100).min(99)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(family: &str, confidence: u8) -> OsHint {
        OsHint { family: family.to_owned(), name: Some("Debian".to_owned()), confidence }
    }

    fn joined(
        said: Option<OsHint>,
        seen: Option<(&'static str, u8)>,
    ) -> Option<(String, Option<String>, u8)> {
        let seen = seen.map(|(family, confidence)| System { family, confidence });
        join(said, seen).map(|os| (os.family, os.name, os.confidence))
    }

    #[test]
    fn agreement_is_surer_and_conflict_less_sure() {
        let debian = || Some(said("Linux", 90));
        let is = |family: &str, name: Option<&str>, confidence| {
            Some((family.to_owned(), name.map(str::to_owned), confidence))
        };
        assert_eq!(joined(None, None), None);
        assert_eq!(joined(debian(), None), is("Linux", Some("Debian"), 90));
        assert_eq!(joined(None, Some(("Linux", 80))), is("Linux", None, 80));
        assert_eq!(joined(debian(), Some(("Linux", 80))), is("Linux", Some("Debian"), 98));
        assert_eq!(joined(Some(said("Linux", 100)), Some(("Linux", 80))), is("Linux", Some("Debian"), 99));
        assert_eq!(joined(debian(), Some(("Windows", 80))), is("Linux", Some("Debian"), 50));
        assert_eq!(joined(Some(said("Linux", 50)), Some(("Windows", 80))), is("Windows", None, 55));
    }
}
