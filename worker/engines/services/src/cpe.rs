//! Names of products as the Common Platform Enumeration writes them.

/// `cpe:2.3:a:vendor:product:version:*:*:*:*:*:*:*`. `name` is `vendor:product`.
pub(crate) fn application(name: &str, version: Option<&str>) -> String {
    let version = version.map_or_else(|| "*".to_owned(), quoted);
    format!("cpe:2.3:a:{name}:{version}:*:*:*:*:*:*:*")
}

/// Quotes what has a meaning in the formatted string (NISTIR 7695, 6.2).
fn quoted(version: &str) -> String {
    let mut text = String::new();
    for character in version.to_ascii_lowercase().replace(' ', "_").chars() {
        if !(character.is_ascii_alphanumeric() || matches!(character, '.' | '-' | '_')) {
            text.push('\\');
        }
        text.push(character);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_quoted() {
        assert_eq!(
            application("openbsd:openssh", Some("9.2p1")),
            "cpe:2.3:a:openbsd:openssh:9.2p1:*:*:*:*:*:*:*"
        );
        assert_eq!(application("isc:bind", Some("9.18+x:1")), r"cpe:2.3:a:isc:bind:9.18\+x\:1:*:*:*:*:*:*:*");
        assert_eq!(application("redis:redis", None), "cpe:2.3:a:redis:redis:*:*:*:*:*:*:*:*");
    }
}
