use crate::bytes::Reader;

/// Numbers of handshake messages.
pub(crate) mod handshake_type {
    pub(crate) const SERVER_HELLO: u8 = 2;
    pub(crate) const CERTIFICATE: u8 = 11;
    pub(crate) const SERVER_KEY_EXCHANGE: u8 = 12;
    pub(crate) const CERTIFICATE_REQUEST: u8 = 13;
    pub(crate) const SERVER_HELLO_DONE: u8 = 14;
    pub(crate) const CERTIFICATE_STATUS: u8 = 22;
}

/// As long as a record may be, with what encryption adds.
const RECORD: usize = 16_384 + 2_048;

/// Something that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    /// A handshake message of this type.
    Handshake(u8, Vec<u8>),
    /// An alert: its level and what it says.
    Alert(u8, u8),
    /// A record of another type, such as a heartbeat.
    Record(u8, Vec<u8>),
}

/// Takes bytes and gives messages. Handshake messages may be spread over records, and records may hold several.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inbox {
    bytes: Vec<u8>,
    handshake: Vec<u8>,
}

/// What came are no records of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Foreign;

impl Inbox {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    /// The next message, if it is there as a whole.
    pub(crate) fn next(&mut self) -> Result<Option<Message>, Foreign> {
        loop {
            if let Some(message) = self.next_handshake() {
                return Ok(Some(message));
            }
            let Some((kind, content)) = self.next_record()? else { return Ok(None) };
            match (kind, content.as_slice()) {
                (22, more) => self.handshake.extend(more),
                (21, [level, what]) => return Ok(Some(Message::Alert(*level, *what))),
                _ => return Ok(Some(Message::Record(kind, content))),
            }
        }
    }

    fn next_record(&mut self) -> Result<Option<(u8, Vec<u8>)>, Foreign> {
        let is_record = |bytes: &[u8]| match bytes {
            [] => true,
            [kind] => (20..=24).contains(kind),
            [kind, major, ..] => (20..=24).contains(kind) && *major == 3,
        };
        if !is_record(&self.bytes) {
            return Err(Foreign);
        }
        let mut reader = Reader::new(&self.bytes);
        let (Some(kind), Some(_), Some(length)) = (reader.u8(), reader.u16(), reader.u16()) else {
            return Ok(None);
        };
        let length = usize::from(length);
        if length > RECORD {
            return Err(Foreign);
        }
        let Some(content) = reader.take(length).map(<[u8]>::to_vec) else { return Ok(None) };
        self.bytes.drain(..5 + length);
        Ok(Some((kind, content)))
    }

    fn next_handshake(&mut self) -> Option<Message> {
        let mut reader = Reader::new(&self.handshake);
        let (kind, body) = (reader.u8()?, reader.vec24()?.to_vec());
        self.handshake.drain(..4 + body.len());
        Some(Message::Handshake(kind, body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_put_together() {
        let mut inbox = Inbox::default();
        // A message in two records, with a second one behind it.
        inbox.push(&[22, 3, 3, 0, 5, 2, 0, 0, 2, 7]);
        assert_eq!(inbox.next(), Ok(None));
        inbox.push(&[22, 3, 3, 0, 5, 8, 14, 0, 0, 0, 21, 3, 3, 0, 2, 2, 40]);
        assert_eq!(inbox.next(), Ok(Some(Message::Handshake(2, vec![7, 8]))));
        assert_eq!(inbox.next(), Ok(Some(Message::Handshake(14, Vec::new()))));
        assert_eq!(inbox.next(), Ok(Some(Message::Alert(2, 40))));
        assert_eq!(inbox.next(), Ok(None));
    }

    #[test]
    fn what_is_no_record_is_foreign() {
        for bytes in [&b"HTTP/1.1 400"[..], &[22, 2, 0], &[22, 3, 3, 0xff, 0xff, 0]] {
            let mut inbox = Inbox::default();
            inbox.push(bytes);
            assert_eq!(inbox.next(), Err(Foreign));
        }
    }
}
