//! The error of everything that is read from text: which field, which part of it, and why not.

/// The most characters of a refused value that an error repeats.
const MAX_SHOWN: usize = 100;

/// A part of a field that could not be read.
///
/// Displays as its message, a whole sentence in plain text that is safe to log and to send back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Invalid {
    /// The field as the request calls it, such as `ports`.
    pub field: &'static str,
    /// The part that was refused: at most 100 characters, control characters escaped.
    pub value: String,
    /// Which part failed, why, and what is accepted.
    pub message: String,
}

impl Invalid {
    /// Builds the error from the part that was refused, as given, and the whole message.
    #[must_use]
    pub fn new(field: &'static str, value: &str, message: impl Into<String>) -> Self {
        Self { field, value: shown(value), message: message.into() }
    }

    /// Builds the error whose message is `what`, the refused part in backquotes, and `why`.
    ///
    /// Shape: ``Port `0` is not a port: give a decimal number from 1 to 65535``, where `what` is `Port`.
    #[must_use]
    pub fn part(field: &'static str, what: &str, value: &str, why: &str) -> Self {
        let value = shown(value);
        let message = format!("{what} `{value}` {why}");
        Self { field, value, message }
    }
}

/// Cuts and escapes text so that it may be repeated to a person or in a log.
fn shown(text: &str) -> String {
    text.chars().flat_map(escaped).take(MAX_SHOWN).collect()
}

/// Spells one character, as an escape such as `\u{202e}` where it is not printable.
fn escaped(character: char) -> impl Iterator<Item = char> {
    let plain = matches!(character, '"' | '\'' | '\\').then_some(character);
    let escape = plain.is_none().then(|| character.escape_debug());
    plain.into_iter().chain(escape.into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_escaped_and_cut() {
        let error = Invalid::part("target", "Target", "a\nb\u{202e}'\u{0}", "is odd");
        assert_eq!(error.value, "a\\nb\\u{202e}'\\0");
        assert_eq!(error.to_string(), "Target `a\\nb\\u{202e}'\\0` is odd");
        assert_eq!(Invalid::part("target", "Target", &"x".repeat(5000), "").value.len(), 100);
    }
}
