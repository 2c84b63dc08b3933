//! Hostile bytes as text that is safe to store and to show.

use std::fmt::Write;

/// The longest banner, in bytes.
pub(crate) const BANNER: usize = 500;
/// The longest name of a product or version.
pub(crate) const NAME: usize = 100;

/// The bytes as one line of at most `limit` bytes: UTF-8 where it is, everything that is no letter, digit or printable
/// ASCII as `\n` or `\x1b`.
pub(crate) fn printable(bytes: &[u8], limit: usize) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if !push(&mut text, limit, &escaped(character)) {
                return text;
            }
        }
        for byte in chunk.invalid() {
            if !push(&mut text, limit, &format!("\\x{byte:02x}")) {
                return text;
            }
        }
    }
    text
}

/// Without the spaces around it; nothing when nothing is left.
pub(crate) fn name(bytes: &[u8]) -> Option<String> {
    let text = printable(bytes.trim_ascii(), NAME);
    (!text.is_empty()).then_some(text)
}

fn push(text: &mut String, limit: usize, more: &str) -> bool {
    let fits = text.len() + more.len() <= limit;
    if fits {
        text.push_str(more);
    }
    fits
}

fn escaped(character: char) -> String {
    match character {
        '\r' => "\\r".to_owned(),
        '\n' => "\\n".to_owned(),
        '\t' => "\\t".to_owned(),
        ' '..='~' => character.to_string(),
        other if other.is_alphanumeric() => other.to_string(),
        other => {
            let mut bytes = [0; 4];
            other.encode_utf8(&mut bytes).bytes().fold(String::new(), |mut text, byte| {
                // Writing to a String cannot fail.
                write!(text, "\\x{byte:02x}").unwrap_or_default();
                text
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn controls_and_what_hides_text_are_escaped() {
        assert_eq!(printable(b"a\r\n\x1b[2J\xff", 50), r"a\r\n\x1b[2J\xff");
        assert_eq!(printable("Grüße \u{202e}x".as_bytes(), 50), r"Grüße \xe2\x80\xaex");
        assert_eq!(name(b" \t "), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_one_short_line(bytes: Vec<u8>) {
            let text = printable(&bytes, 20);
            prop_assert!(text.len() <= 20);
            prop_assert!(!text.chars().any(char::is_control));
        }
    }
}
