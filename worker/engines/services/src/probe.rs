//! The questions.

use std::str::FromStr;

use crate::{Error, block::Block};

/// A question, and the ports where it is likely to be understood.
#[derive(Debug)]
pub(crate) struct Probe {
    /// As the data files call it.
    pub(crate) name: &'static str,
    pub(crate) question: Question,
    /// Whether the other side speaks first, and is waited for.
    pub(crate) waits: bool,
    /// Asked only where an answer or the port's number calls for it.
    pub(crate) on_call: bool,
    /// Whether answers are known to take long.
    pub(crate) is_slow: bool,
    ports: Vec<(u16, u16)>,
}

/// What is sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// Nothing: some services speak first.
    Listen,
    /// A TLS handshake.
    Tls,
    /// These bytes.
    Bytes(Vec<u8>),
    /// A request for this path.
    Get(&'static str),
}

impl Probe {
    pub(crate) fn read(block: &Block) -> Result<Self, Error> {
        block.check(&["probe", "listen", "tls", "send", "bytes", "get", "wait", "call", "slow", "ports"])?;
        let name = block.get("probe").filter(|name| !name.is_empty());
        let ports = block.get("ports").unwrap_or_default();
        let ports: Option<Vec<_>> = ports.split_whitespace().map(range).collect();
        Ok(Self {
            name: name.ok_or_else(|| block.error("a probe without a name"))?,
            question: question(block)?,
            waits: block.get("wait").is_some(),
            on_call: block.get("call").is_some(),
            is_slow: block.get("slow").is_some(),
            ports: ports.ok_or_else(|| block.error("ports are like `80 8000-8010`"))?,
        })
    }

    /// Whether the number of a port suggests this question.
    pub(crate) fn suits(&self, port: u16) -> bool {
        self.ports.iter().any(|(first, last)| (*first..=*last).contains(&port))
    }

    /// What is sent to `host`, whose name goes into requests for a page.
    pub(crate) fn sent(&self, host: &str) -> Vec<u8> {
        match &self.question {
            Question::Listen | Question::Tls => Vec::new(),
            Question::Bytes(bytes) => bytes.clone(),
            Question::Get(path) => format!(
                "GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Vedette\r\nAccept: */*\r\nConnection: close\r\n\r\n"
            )
            .into_bytes(),
        }
    }
}

fn question(block: &Block) -> Result<Question, Error> {
    if block.get("listen").is_some() {
        return Ok(Question::Listen);
    }
    if block.get("tls").is_some() {
        return Ok(Question::Tls);
    }
    if let Some(path) = block.get("get") {
        return Ok(Question::Get(path));
    }
    let mut bytes = Vec::new();
    for text in block.each("send") {
        bytes.extend(unescaped(text).ok_or_else(|| block.error("an escape that means nothing"))?);
    }
    for text in block.each("bytes") {
        bytes.extend(from_hex(text).ok_or_else(|| block.error("bytes are like `00 ff*12`"))?);
    }
    if bytes.is_empty() { Err(block.error("a probe that asks nothing")) } else { Ok(Question::Bytes(bytes)) }
}

fn range(text: &str) -> Option<(u16, u16)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    Some((u16::from_str(first).ok()?, u16::from_str(last).ok()?))
}

/// Bytes in hexadecimal digits, `00*12` for twelve of one.
pub(crate) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for token in text.split_whitespace() {
        let (digits, count) = token.split_once('*').unwrap_or((token, "1"));
        let byte = u8::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 2)?;
        bytes.resize(bytes.len() + usize::from_str(count).ok()?, byte);
    }
    Some(bytes)
}

/// Text with `\r`, `\n`, `\t`, `\\` and `\x1b`.
pub(crate) fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let plain = if byte == b'\\' { escape(&mut rest)? } else { byte };
        bytes.push(plain);
    }
    Some(bytes)
}

fn escape(rest: &mut impl Iterator<Item = u8>) -> Option<u8> {
    match rest.next()? {
        b'r' => Some(b'\r'),
        b'n' => Some(b'\n'),
        b't' => Some(b'\t'),
        b'\\' => Some(b'\\'),
        b'x' => {
            let digits = [rest.next()?, rest.next()?];
            u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &'static str) -> Result<Probe, Error> {
        Probe::read(&Block::all(text)[0])
    }

    #[test]
    fn questions_are_text_or_digits() {
        let probe = read("probe a\nsend a\\r\\n\\\\\\x00\nbytes ff 01*3\nports 5 7-9").unwrap();
        assert_eq!(probe.question, Question::Bytes(b"a\r\n\\\0\xff\x01\x01\x01".to_vec()));
        let suited: Vec<u16> = (0..12).filter(|port| probe.suits(*port)).collect();
        assert_eq!(suited, [5, 7, 8, 9]);
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for text in
            ["probe a", "probe\nlisten", "probe a\nsend \\q", "probe a\nbytes 0", "probe a\nlisten\nports x"]
        {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
