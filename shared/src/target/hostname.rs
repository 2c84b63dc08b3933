//! Host names, by their letters only: nothing is resolved.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::invalid::Invalid;

const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;

/// A host name in canonical form: lower case, without a final dot, never the look of an address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hostname(String);

impl Hostname {
    /// Reads a name such as `example.com` or `localhost`.
    ///
    /// Shape: labels of 1 to 63 ASCII letters, digits, hyphens (not at an end) and underscores,
    /// dots between, 253 characters at most; one final dot is dropped. The last label is no number
    /// (decimal or `0x`), since such names are read as addresses by resolvers.
    ///
    /// # Errors
    /// [`Invalid`] with the field `target`; the message begins with "Target hostname is invalid".
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let name = text.strip_suffix('.').unwrap_or(text);
        match fault(name) {
            Some(why) => Err(Invalid::part("target", "Target hostname is invalid:", text, why)),
            None => Ok(Self(name.to_ascii_lowercase())),
        }
    }

    /// The name in lower case, without a final dot.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Hostname {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for Hostname {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<Hostname> for String {
    fn from(name: Hostname) -> Self {
        name.0
    }
}

/// Finds the first thing that is wrong with a name and says what is accepted instead.
fn fault(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some("is empty: give an address, a block or a host name");
    }
    if !name.is_ascii() {
        return Some(
            "is not ASCII: give an international name in punycode (xn--..), an address in ASCII digits",
        );
    }
    if name.len() > MAX_NAME {
        return Some("is too long: give at most 253 characters");
    }
    let labels = name.split('.').find_map(label_fault);
    labels.or_else(|| range_fault(name)).or_else(|| number_fault(name))
}

/// Refuses `192.0.2.1-9`, which means a range of addresses elsewhere.
fn range_fault(name: &str) -> Option<&'static str> {
    let numeric = name.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    let range = numeric && name.contains('.') && name.contains('-');
    range.then_some("looks like a range of addresses: give a block, such as 192.0.2.0/29")
}

fn label_fault(label: &str) -> Option<&'static str> {
    if label.is_empty() {
        return Some("has an empty label: give labels with one dot between, such as www.example.com");
    }
    if label.len() > MAX_LABEL {
        return Some("has a label that is too long: give labels of 1 to 63 characters");
    }
    if !label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
        return Some("has a character that is not accepted: give letters, digits, hyphens and underscores");
    }
    let hyphen = label.starts_with('-') || label.ends_with('-');
    hyphen.then_some("has a label with a hyphen at its end: begin and end labels with a letter or digit")
}

/// Refuses what the C library would read as an IPv4 address, such as `127.1` or `0x7f000001`.
fn number_fault(name: &str) -> Option<&'static str> {
    let last = name.rsplit('.').next().unwrap_or(name);
    let hex = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    let number = match hex {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => last.bytes().all(|byte| byte.is_ascii_digit()),
    };
    number.then_some(
        "ends in a number, so is no name, and is no address: give four decimal numbers from 0 to 255",
    )
}
