//! One stream of server-sent events.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Response, StatusCode};
use tokio::time::timeout;

use super::{Cut, Follower};
use crate::client::refusal;
use crate::event::Event;
use crate::failure::root;
use crate::sse::{Frame, Message, Parser};

/// How long the head of the answer may take.
const OPEN_TIMEOUT: Duration = Duration::from_secs(30);
/// A server of ours sends a comment every 15 s: after three that did not come the connection is dead.
const SILENCE: Duration = Duration::from_secs(45);

/// Reads one stream to its end.
pub(super) async fn read(follower: &mut Follower) -> Cut {
    let Some(link) = follower.scan.sse_url.clone() else {
        return Cut::Unavailable("the server offers none".into());
    };
    let opening = follower.client.open_stream(&link, follower.journal.last());
    match timeout(OPEN_TIMEOUT, opening).await {
        Err(_) => Cut::open("the stream does not begin"),
        Ok(Err(error)) => Cut::from_refusal(error),
        Ok(Ok(response)) => read_answer(follower, response).await,
    }
}

async fn read_answer(follower: &mut Follower, response: Response) -> Cut {
    match response.status() {
        StatusCode::NO_CONTENT => Cut::Over,
        StatusCode::OK if is_event_stream(&response) => read_frames(follower, response).await,
        StatusCode::OK => Cut::Unavailable(format!("the answer is {}", content_type(&response))),
        _ => Cut::from_refusal(refusal(response).await),
    }
}

fn content_type(response: &Response) -> &str {
    response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("of no type")
}

fn is_event_stream(response: &Response) -> bool {
    let essence = content_type(response).split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("text/event-stream")
}

async fn read_frames(follower: &mut Follower, mut response: Response) -> Cut {
    let mut parser = Parser::default();
    loop {
        let bytes = match timeout(SILENCE, response.chunk()).await {
            Err(_) => return Cut::open("the stream fell silent"),
            Ok(Err(error)) => return Cut::open(format!("the stream was cut ({})", root(&error))),
            Ok(Ok(None)) => return Cut::open("the stream ended before the scan did"),
            Ok(Ok(Some(bytes))) => bytes,
        };
        let frames = match parser.push(&bytes) {
            Ok(frames) => frames,
            Err(error) => return Cut::Unavailable(error.to_string()),
        };
        if !deliver(follower, frames).await {
            return Cut::Ended;
        }
    }
}

/// Hands on what was read; false when that was the end of it.
async fn deliver(follower: &mut Follower, frames: Vec<Frame>) -> bool {
    for frame in frames {
        match frame {
            Frame::Retry(pause) => follower.backoff.begin_with(pause),
            Frame::Message(message) => {
                if !follower.deliver(event(message)).await {
                    return false;
                }
            }
        }
    }
    true
}

/// Data that is no JSON is kept as text.
fn event(message: Message) -> Event {
    let data = serde_json::from_str(&message.data).unwrap_or(message.data.into());
    Event { id: message.id, kind: message.name, data }
}
