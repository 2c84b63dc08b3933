//! Events as they go out: encoded once, shared by all who are told.

use std::{io, sync::OnceLock};

use axum::extract::ws::Utf8Bytes;
use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use shared::{
    event::{Event, Position, Progress},
    job::view::About,
};

/// One message in both of its forms. Clones share the bytes.
#[derive(Clone, Debug)]
pub(crate) struct Encoded {
    sse: Bytes,
    text: Utf8Bytes,
}

impl Encoded {
    /// A message of a name. With an id it is what a client comes back with; `data` is the same in both forms.
    pub(crate) fn new(id: Option<&dyn std::fmt::Display>, name: &str, data: &Value) -> Self {
        let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
        let head = format!("{id}event: {name}\ndata: ");
        let start = head.len();
        let whole = format!("{head}{data}\n\n");
        let end = whole.len() - 2;
        let sse = Bytes::from(whole);
        // The middle of a text, cut between characters, is a text.
        let text = Utf8Bytes::try_from(sse.slice(start..end)).unwrap_or_default();
        Self { sse, text }
    }

    /// The message for an SSE stream.
    pub(crate) fn sse(&self) -> Bytes {
        self.sse.clone()
    }

    /// The message for a WebSocket.
    pub(crate) fn text(&self) -> Utf8Bytes {
        self.text.clone()
    }
}

/// A stored event, with all that its forms are made of.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) event: Event,
    pub(crate) about: About,
    /// Its position, in a stream of an organization.
    pub(crate) position: Option<Position>,
    encoded: OnceLock<Encoded>,
    weight: usize,
}

impl Frame {
    pub(super) fn new(event: Event, about: About, position: Option<Position>) -> Self {
        let weight = weight(&event, &about);
        Self { event, about, position, encoded: OnceLock::new(), weight }
    }

    /// Its forms, by `encode` the first time.
    pub(crate) fn encoded(&self, encode: impl FnOnce(&Self) -> Encoded) -> Encoded {
        self.encoded.get_or_init(|| encode(self)).clone()
    }

    /// How many bytes it takes, about.
    pub(super) fn weight(&self) -> usize {
        self.weight
    }
}

/// How far a job is, with all that its forms are made of.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) progress: Progress,
    pub(crate) about: About,
    encoded: OnceLock<Encoded>,
}

impl Step {
    pub(super) fn new(progress: Progress, about: About) -> Self {
        Self { progress, about, encoded: OnceLock::new() }
    }

    /// Its forms, by `encode` the first time.
    pub(crate) fn encoded(&self, encode: impl FnOnce(&Self) -> Encoded) -> Encoded {
        self.encoded.get_or_init(|| encode(self)).clone()
    }
}

/// The event as it is kept, and as it will be written.
fn weight(event: &Event, about: &About) -> usize {
    /// Fields that the stored fact has not, and what the allocator takes.
    const AROUND: usize = 400;
    AROUND + about.subject.len() + 2 * json_length(&event.fact)
}

fn json_length(value: &impl Serialize) -> usize {
    struct Count(usize);
    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // It never fails: nothing is written anywhere.
    drop(serde_json::to_writer(&mut count, value));
    count.0
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_forms_have_the_same_data() {
        let data = json!({ "type": "ä", "text": "line\nline \u{2028} \u{1F600}" });
        let encoded = Encoded::new(Some(&7), "ä", &data);
        let sse = String::from_utf8(encoded.sse().to_vec()).unwrap();
        assert_eq!(sse, format!("id: 7\nevent: ä\ndata: {data}\n\n"));
        assert_eq!(encoded.text().as_str(), data.to_string());
        let sse = String::from_utf8(Encoded::new(None, "x", &data).sse().to_vec()).unwrap();
        assert!(sse.starts_with("event: x\n"), "{sse:?}");
    }
}
