//! One question on one connection.

use std::time::Duration;

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::{Instant, timeout_at},
};

/// The most that is read of one answer.
const CAP: usize = 16 * 1024;
/// What comes without a longer pause belongs together.
const PAUSE: Duration = Duration::from_millis(30);
/// The same for pages, whose body may be made while the head is on its way.
const PAGE_PAUSE: Duration = Duration::from_millis(100);
/// How long somebody who speaks first is waited for before they are asked.
const GREETING: Duration = Duration::from_secs(1);

/// Asks, and reads until `is_whole` likes what came, the other side ends, enough was read, or `end` has come.
pub(crate) async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    question: &[u8],
    waits: bool,
    end: Instant,
    is_whole: impl Fn(&[u8]) -> bool,
) -> Vec<u8> {
    let mut answer = Vec::new();
    if waits {
        read(stream, &mut answer, end.min(Instant::now() + GREETING), |_| true).await;
    }
    if !question.is_empty() {
        // Who does not take the whole question may still answer its beginning.
        timeout_at(end, stream.write_all(question)).await.ok();
        timeout_at(end, stream.flush()).await.ok();
    }
    read(stream, &mut answer, end, is_whole).await;
    answer
}

async fn read<S: AsyncRead + Unpin>(
    stream: &mut S,
    answer: &mut Vec<u8>,
    end: Instant,
    is_whole: impl Fn(&[u8]) -> bool,
) {
    let mut until = end;
    while answer.len() < CAP {
        let mut part = [0; 4096];
        match timeout_at(until, stream.read(&mut part)).await {
            Ok(Ok(length)) if length > 0 => answer.extend(part.iter().take(length)),
            // After a pause, not at the end: more may come.
            Err(_) if until < end && !is_whole(answer) => {
                until = end;
                continue;
            }
            Ok(_) | Err(_) => return,
        }
        let pause = if answer.starts_with(b"HTTP/") { PAGE_PAUSE } else { PAUSE };
        until = end.min(Instant::now() + pause);
    }
}
