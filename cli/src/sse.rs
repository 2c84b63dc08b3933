//! Server-sent events, read from the bytes of the answer.
//!
//! Source: WHATWG HTML, "Server-sent events", parsing an event stream.

use std::time::Duration;

/// What one event or line may hold; a server that sends more is not one of ours.
const LIMIT_BYTES: usize = 4 * 1024 * 1024;

/// A block of the stream that is complete.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Frame {
    /// An event.
    Message(Message),
    /// How long to wait before connecting again.
    Retry(Duration),
}

/// An event as it was sent.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Message {
    /// The id written in this very event.
    pub(crate) id: Option<String>,
    /// The event's name, `message` when none was written.
    pub(crate) name: String,
    /// The data lines, with line feeds between.
    pub(crate) data: String,
}

/// More than [`LIMIT_BYTES`] came without an end.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("an event of the stream is longer than {LIMIT_BYTES} bytes")]
pub(crate) struct TooLong;

/// Takes bytes as they come, gives events as they are complete.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    line: Vec<u8>,
    after_return: bool,
    after_first_line: bool,
    id: Option<String>,
    name: String,
    data: Option<String>,
}

impl Parser {
    /// Takes the next bytes; where they are cut makes no difference.
    ///
    /// # Errors
    /// When an event grows beyond all measure; the parser is of no use afterwards.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<Vec<Frame>, TooLong> {
        let mut frames = Vec::new();
        for &byte in bytes {
            let ends_return = std::mem::replace(&mut self.after_return, byte == b'\r');
            match byte {
                b'\n' if ends_return => {}
                b'\n' | b'\r' => frames.extend(self.end_line()),
                _ => self.line.push(byte),
            }
            if self.line.len() + self.data.as_ref().map_or(0, String::len) > LIMIT_BYTES {
                return Err(TooLong);
            }
        }
        Ok(frames)
    }

    fn end_line(&mut self) -> Option<Frame> {
        let bytes = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(&bytes);
        let is_first = !std::mem::replace(&mut self.after_first_line, true);
        let line = text.strip_prefix('\u{feff}').filter(|_| is_first).unwrap_or(&text);
        if line.is_empty() {
            return self.end_event().map(Frame::Message);
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        self.set(field, value.strip_prefix(' ').unwrap_or(value))
    }

    fn set(&mut self, field: &str, value: &str) -> Option<Frame> {
        match field {
            "event" => value.clone_into(&mut self.name),
            "id" if !value.contains('\0') => self.id = Some(value.to_owned()),
            "data" => self.add_data(value),
            "retry" if value.bytes().all(|byte| byte.is_ascii_digit()) => {
                return value.parse().ok().map(Duration::from_millis).map(Frame::Retry);
            }
            _ => {}
        }
        None
    }

    fn add_data(&mut self, value: &str) {
        match &mut self.data {
            Some(data) => {
                data.push('\n');
                data.push_str(value);
            }
            None => self.data = Some(value.to_owned()),
        }
    }

    /// Hands out the event, if it has data; what follows is another either way.
    fn end_event(&mut self) -> Option<Message> {
        let id = self.id.take();
        let written_name = std::mem::take(&mut self.name);
        let data = self.data.take()?;
        let name = if written_name.is_empty() { "message".to_owned() } else { written_name };
        Some(Message { id, name, data })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(chunks: &[&[u8]]) -> Vec<Frame> {
        let mut parser = Parser::default();
        chunks.iter().flat_map(|chunk| parser.push(chunk).unwrap()).collect()
    }

    fn message(id: Option<&str>, name: &str, data: &str) -> Frame {
        Frame::Message(Message { id: id.map(str::to_owned), name: name.into(), data: data.into() })
    }

    #[test]
    fn the_fields_are_read_as_the_standard_says() {
        let text = "\u{feff}: hello\nretry: 3000\n\nevent:port_found\rid: 3\r\ndata: {\ndata:  1}\r\n\r\n\
                    data\n\nevent: lost\n\nid: 9\0\ndata: x\n\nretry: soon\n\ndata: never ended";
        assert_eq!(
            parse(&[text.as_bytes()]),
            [
                Frame::Retry(Duration::from_secs(3)),
                message(Some("3"), "port_found", "{\n 1}"),
                message(None, "message", ""),
                message(None, "message", "x"),
            ]
        );
    }

    #[test]
    fn an_event_without_end_is_refused() {
        let mut parser = Parser::default();
        assert!(parser.push(&vec![b'x'; LIMIT_BYTES]).is_ok());
        assert_eq!(parser.push(b"x"), Err(TooLong));
    }

    proptest! {
        #[test]
        fn where_the_bytes_are_cut_makes_no_difference(
            lines in prop::collection::vec("(data|event|id|retry|)(:| |: )?[a-z0-9é]{0,6}(\r\n|\n|\r|\n\n|\r\n\r\n)", 0..30),
            cuts in prop::collection::vec(0_usize..400, 0..12),
        ) {
            let bytes = lines.concat().into_bytes();
            let mut places: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            places.extend([0, bytes.len()]);
            places.sort_unstable();
            let chunks: Vec<&[u8]> = places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            prop_assert_eq!(parse(&chunks), parse(&[&bytes]));
        }

        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            parse(&[&bytes]);
        }

        #[test]
        fn what_was_sent_is_what_is_read(id in "[0-9]{1,9}", name in "[a-z_]{1,12}", data in "[^\r\n]{0,80}") {
            let text = format!("id: {id}\nevent: {name}\ndata: {data}\n\n");
            prop_assert_eq!(parse(&[text.as_bytes()]), [message(Some(&id), &name, &data)]);
        }
    }
}
