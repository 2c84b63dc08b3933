use std::{fmt, sync::LazyLock};

use base64::{Engine, prelude::BASE64_STANDARD};
use ring::digest::{SHA256, digest};

use crate::der::days;

/// The logs as they were when this was written; the file says when that was.
static BUNDLED: LazyLock<LogList> = LazyLock::new(|| {
    LogList::parse(include_str!("../../data/logs.txt")).unwrap_or_else(|_| LogList::empty())
});

/// How long browsers go on believing a list of logs, in seconds.
const BELIEVED: i64 = 70 * 86_400;

/// The logs whose promises count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogList {
    /// When the list was made, in Unix seconds.
    at: i64,
    logs: Vec<Log>,
}

/// A log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Log {
    id: Vec<u8>,
    pub(super) key: Vec<u8>,
    pub(super) name: String,
    pub(super) kind: LogKind,
}

/// How a log is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogKind {
    /// By the questions of RFC 6962.
    Rfc6962,
    /// As tiles, by static-ct-api.
    Tiles,
}

/// A text is no list of logs: the number of the line that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotALogList(pub usize);

impl fmt::Display for NotALogList {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {} is none of a list of logs", self.0)
    }
}

impl std::error::Error for NotALogList {}

impl Default for LogList {
    fn default() -> Self {
        BUNDLED.clone()
    }
}

impl LogList {
    /// No logs.
    #[must_use]
    pub fn empty() -> Self {
        Self { at: 0, logs: Vec::new() }
    }

    /// Reads a list: lines with the kind (`rfc6962` or `tiles`), the key (`SubjectPublicKeyInfo`) in base64, and the
    /// name; a line `made YYYY-MM-DD` says when it was made, and `#` begins a comment.
    ///
    /// # Errors
    /// When a line is none of these.
    pub fn parse(text: &str) -> Result<Self, NotALogList> {
        let mut list = Self::empty();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            list.take(line).ok_or(NotALogList(number + 1))?;
        }
        Ok(list)
    }

    fn take(&mut self, line: &str) -> Option<()> {
        let (word, rest) = line.split_once(' ')?;
        let kind = match word {
            "made" => {
                let mut parts = rest.split('-').map(str::parse::<i64>);
                let (year, month, day) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
                let is_date =
                    (1970..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
                self.at = is_date.then(|| days(year, month, day) * 86_400)?;
                return Some(());
            }
            "rfc6962" => LogKind::Rfc6962,
            "tiles" => LogKind::Tiles,
            _ => return None,
        };
        let (key, name) = rest.split_once(' ')?;
        let key = BASE64_STANDARD.decode(key).ok()?;
        let id = digest(&SHA256, &key).as_ref().to_vec();
        self.logs.push(Log { id, key, name: name.to_owned(), kind });
        Some(())
    }

    /// Whether browsers would no longer believe a list that was made when this one was.
    #[must_use]
    pub fn is_old(&self, now: i64) -> bool {
        now.saturating_sub(self.at) > BELIEVED
    }

    /// How many logs it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.logs.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.logs.is_empty()
    }

    pub(super) fn find(&self, id: &[u8]) -> Option<&Log> {
        self.logs.iter().find(|log| log.id == id)
    }
}
