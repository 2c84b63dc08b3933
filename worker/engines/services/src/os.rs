//! What banners tell about the operating system.

use crate::identity::OsHint;

/// Words that distributions and systems put into banners, lower case, with their family and name.
const WORDS: [(&str, &str, Option<&str>); 26] = [
    ("raspbian", "Linux", Some("Raspbian")),
    ("debian", "Linux", Some("Debian")),
    ("deb", "Linux", Some("Debian")),
    ("ubuntu", "Linux", Some("Ubuntu")),
    ("centos", "Linux", Some("CentOS")),
    ("almalinux", "Linux", Some("AlmaLinux")),
    ("rocky", "Linux", Some("Rocky Linux")),
    ("red hat", "Linux", Some("Red Hat Enterprise Linux")),
    ("rhel", "Linux", Some("Red Hat Enterprise Linux")),
    ("fedora", "Linux", Some("Fedora")),
    ("suse", "Linux", Some("SUSE")),
    ("alpine", "Linux", Some("Alpine")),
    ("amazon linux", "Linux", Some("Amazon Linux")),
    ("gentoo", "Linux", Some("Gentoo")),
    ("freebsd", "BSD", Some("FreeBSD")),
    ("openbsd", "BSD", Some("OpenBSD")),
    ("netbsd", "BSD", Some("NetBSD")),
    ("darwin", "macOS", Some("macOS")),
    ("macos", "macOS", Some("macOS")),
    ("win64", "Windows", Some("Windows")),
    ("win32", "Windows", Some("Windows")),
    ("microsoft", "Windows", Some("Windows")),
    ("windows", "Windows", Some("Windows")),
    ("routeros", "Network equipment", Some("RouterOS")),
    ("mikrotik", "Network equipment", Some("RouterOS")),
    ("linux", "Linux", None),
];

/// The system of a signature: `Family Name`, with `_` for a space in the family.
pub(crate) fn written(text: &'static str) -> OsHint {
    let (family, name) = text.split_once(' ').unwrap_or((text, ""));
    OsHint {
        family: family.replace('_', " "),
        name: (!name.is_empty()).then(|| name.to_owned()),
        confidence: 85,
    }
}

/// The system that a text of the service names, if it names one.
pub(crate) fn told(text: &[u8]) -> Option<OsHint> {
    let text = String::from_utf8_lossy(text).to_ascii_lowercase();
    let (_, family, name) = WORDS.iter().find(|(word, ..)| contains_word(&text, word))?;
    let confidence = if name.is_some() { 90 } else { 80 };
    Some(OsHint { family: (*family).to_owned(), name: name.map(str::to_owned), confidence })
}

/// Whether the word begins and ends where letters do: `deb12u3` has `deb`, `debug` has not.
fn contains_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(start, _)| {
        let before = text.get(..start).and_then(|head| head.chars().next_back());
        let after = text.get(start + word.len()..).and_then(|tail| tail.chars().next());
        !before.is_some_and(char::is_alphabetic) && !after.is_some_and(char::is_alphabetic)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_are_words_of_their_own() {
        let name = |text: &str| told(text.as_bytes()).map(|os| (os.family, os.name.unwrap_or_default()));
        assert_eq!(name("Debian-2+deb12u3"), Some(("Linux".to_owned(), "Debian".to_owned())));
        assert_eq!(name("9.18.24-1-deb12u2"), Some(("Linux".to_owned(), "Debian".to_owned())));
        assert_eq!(name("Apache/2.4.57 (Win64)"), Some(("Windows".to_owned(), "Windows".to_owned())));
        assert_eq!(name("(linux)"), Some(("Linux".to_owned(), String::new())));
        assert_eq!(name("a debug build of Alpinemail"), None);
    }
}
