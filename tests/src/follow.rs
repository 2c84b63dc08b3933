//! A Server-Sent Events client that keeps what it was sent: names, numbers, data.

use std::time::Duration;

use futures::stream::{BoxStream, StreamExt};
use reqwest::RequestBuilder;
use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::scan::Scan;
use crate::wait::{SOON, within};

/// One event of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// The number, which facts of one job have and `progress` has not.
    pub id: Option<u64>,
    /// What a client comes back with, which is the number in a stream of one job.
    pub position: Option<String>,
    /// The name.
    pub event: String,
    /// The payload.
    pub data: Value,
}

/// An open stream, or the answer that refused it.
pub struct Follow {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The last `retry:` that came, in milliseconds.
    pub retry: Option<u64>,
    /// How many comments (keepalives) came.
    pub comments: usize,
    text: String,
    bytes: BoxStream<'static, Result<Vec<u8>, reqwest::Error>>,
}

impl Follow {
    pub(crate) async fn open(request: RequestBuilder) -> Option<Follow> {
        let request = request.header("accept", "text/event-stream");
        let response = within("the head of a stream", SOON, request.send()).await.ok()?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes_stream().map(|chunk| chunk.map(|bytes| bytes.to_vec())).boxed();
        Some(Follow { status, headers, retry: None, comments: 0, text: String::new(), bytes })
    }

    /// The next event; none when the stream has ended or was cut.
    pub async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.take_buffered() {
                return Some(frame);
            }
            let chunk = self.bytes.next().await?.ok()?;
            self.text.push_str(std::str::from_utf8(&chunk).expect("a chunk of whole characters"));
        }
    }

    /// The next event of a name, within a limit.
    ///
    /// # Panics
    /// When the stream ends before.
    pub async fn next_named(&mut self, event: &str) -> Frame {
        within(event, SOON, self.skip_to(event)).await
    }

    async fn skip_to(&mut self, event: &str) -> Frame {
        loop {
            let frame = self.next().await.unwrap_or_else(|| panic!("the stream ended before {event}"));
            if frame.event == event {
                return frame;
            }
        }
    }

    /// Every event until the stream ends.
    pub async fn rest(&mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        while let Some(frame) = self.next().await {
            frames.push(frame);
        }
        frames
    }

    /// The first event among the whole blocks that have been received.
    fn take_buffered(&mut self) -> Option<Frame> {
        while let Some((block, rest)) = self.text.split_once("\n\n") {
            let (block, rest) = (block.to_owned(), rest.to_owned());
            self.text = rest;
            let frame = self.take(&block);
            if frame.is_some() {
                return frame;
            }
        }
        None
    }

    /// Reads one block of lines: an event, or notes to the client itself.
    fn take(&mut self, block: &str) -> Option<Frame> {
        let mut frame = Frame { id: None, position: None, event: String::new(), data: Value::Null };
        let mut data = None;
        for line in block.lines() {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "id" => {
                    frame.id = value.parse().ok();
                    frame.position = Some(value.to_owned());
                }
                "event" => value.clone_into(&mut frame.event),
                "data" => data = Some(value),
                "retry" => self.retry = value.parse().ok(),
                "" => self.comments += 1,
                other => panic!("an unknown field {other:?} in {block:?}"),
            }
        }
        frame.data = serde_json::from_str(data?).expect("data is JSON");
        Some(frame)
    }
}

/// Follows a scan to its end as a client does: comes back after every cut, with the last number it saw.
///
/// # Panics
/// When the scan does not end within the limit.
pub async fn through_cuts(scan: &Scan, limit: Duration) -> Vec<Frame> {
    let mut frames: Vec<Frame> = Vec::new();
    within("the end of a followed scan", limit, async {
        while frames.last().is_none_or(|frame| frame.event != "complete") {
            if let Some(mut stream) = scan.try_follow_after(last_id(&frames)).await {
                frames.extend(stream.rest().await);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    frames
}

/// The last number a client has seen.
#[must_use]
pub fn last_id(frames: &[Frame]) -> Option<u64> {
    frames.iter().rev().find_map(|frame| frame.id)
}

/// The numbers of the facts, in the order they came.
#[must_use]
pub fn ids(frames: &[Frame]) -> Vec<u64> {
    frames.iter().filter_map(|frame| frame.id).collect()
}

/// The addresses and ports that were found, in the order they came.
///
/// # Panics
/// When a `port_found` lacks its address or its port.
#[must_use]
pub fn found(frames: &[Frame]) -> Vec<(String, u64)> {
    let ports = frames.iter().filter(|frame| frame.event == "port_found");
    let read = |frame: &Frame| {
        let address = frame.data["address"].as_str().expect("an address").to_owned();
        (address, frame.data["port"].as_u64().expect("the port is a number"))
    };
    ports.map(read).collect()
}
