use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};

/// The most memory that one compiled pattern may take.
const SIZE: usize = 1 << 20;

/// A regular expression over bytes, compiled when it is first needed. A dot is any byte.
#[derive(Debug)]
pub(crate) struct Pattern {
    text: String,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), compiled: OnceLock::new() }
    }

    /// The compiled pattern; nothing if it is none.
    pub(crate) fn regex(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| compile(&self.text).ok()).as_ref()
    }
}

/// Compiles at once.
pub(crate) fn compile(text: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(text).unicode(false).dot_matches_new_line(true).size_limit(SIZE).build()
}
