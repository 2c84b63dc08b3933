//! Reads the SSE stream of one scan to its end.

use std::time::Instant;

use reqwest::Response;
use serde_json::Value;

use crate::Fault;

/// When the progress of a scan was first seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// Any at all: the stream begins with one that the API process makes itself.
    pub(crate) first: Instant,
    /// One that only a worker can have caused: the scan is planned. A small scan may have ended before it could be
    /// told, for newer events come first; then the time of that end.
    pub(crate) worked: Instant,
    /// Whether it was the end.
    pub(crate) at_its_end: bool,
}

/// Reads until the server ends the stream, so that its connection can be used again.
pub(crate) async fn follow(mut response: Response) -> Result<Seen, Fault> {
    let (mut first, mut worked, mut ended) = (None, None, None);
    let mut text = String::new();
    while let Some(bytes) = response.chunk().await? {
        let now = Instant::now();
        text.push_str(std::str::from_utf8(&bytes)?);
        while let Some((frame, rest)) = text.split_once("\n\n") {
            let (event, data) = read(frame);
            if event == "progress" && data.get("status").and_then(Value::as_str) == Some("running") {
                first = first.or(Some(now));
                let planned = data.get("total_ports").and_then(Value::as_i64) > Some(0);
                worked = worked.or(planned.then_some(now));
            }
            if event == "complete" {
                ended = Some(now);
            }
            text = rest.to_owned();
        }
    }
    let (Some(first), Some(ended)) = (first, ended) else {
        return Err("the stream ended too soon".into());
    };
    Ok(Seen { first, worked: worked.unwrap_or(ended), at_its_end: worked.is_none() })
}

fn read(frame: &str) -> (&str, Value) {
    let field = |name: &str| frame.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let data = field("data:").and_then(|data| serde_json::from_str(data).ok());
    (field("event:").unwrap_or_default(), data.unwrap_or_default())
}
