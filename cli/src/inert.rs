//! Text from scanned hosts and from the network, made harmless for a terminal.

/// Whether a terminal would act on the character instead of showing it.
///
/// Control characters of both sets (ESC and the 8-bit CSI among them), and the marks that reorder text.
fn is_active(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text with every active character replaced, so that it stays on its line and in its column.
pub(crate) fn inert(text: &str) -> String {
    text.chars().map(|character| if is_active(character) { '\u{fffd}' } else { character }).collect()
}

/// One line of JSON whose strings a terminal shows as they are.
///
/// Characters below U+0020 are escaped by every JSON writer; the rest of the active ones only occur inside
/// strings, where an escape means the same.
pub(crate) fn inert_json(json: &str) -> String {
    json.chars()
        .map(|character| if is_active(character) { escaped(character) } else { character.into() })
        .collect()
}

fn escaped(character: char) -> String {
    format!("\\u{:04x}", u32::from(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_banner_cannot_drive_the_terminal() {
        assert_eq!(
            inert("ssh\u{1b}[2J\u{9b}2J\r\nx\u{202e}"),
            "ssh\u{fffd}[2J\u{fffd}2J\u{fffd}\u{fffd}x\u{fffd}"
        );
        assert_eq!(inert("Dovecot – prêt"), "Dovecot – prêt");
    }

    #[test]
    fn escaped_json_means_the_same() {
        let value = serde_json::json!({"banner": "a\u{9b}2Jb\u{202e}\u{7f}\n"});
        let line = inert_json(&value.to_string());
        assert!(line.is_ascii());
        assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap(), value);
    }
}
