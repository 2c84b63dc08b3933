use std::time::Duration;

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::{Instant, timeout_at},
};

use crate::failure::Failure;

/// As much as a reply may have.
const REPLY: usize = 16 * 1024;

/// Questions and replies in plain text. What came and was not asked for is kept, never thrown away.
#[derive(Debug)]
pub(super) struct Conversation<'a, S> {
    stream: &'a mut S,
    heard: Vec<u8>,
    deadline: Instant,
    patience: Duration,
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Conversation<'a, S> {
    pub(super) fn new(stream: &'a mut S, deadline: Instant, patience: Duration) -> Self {
        Self { stream, heard: Vec::new(), deadline, patience }
    }

    pub(super) async fn say(&mut self, words: &[u8]) -> Result<(), Failure> {
        let limit = self.limit();
        let sending = async {
            self.stream.write_all(words).await?;
            self.stream.flush().await
        };
        let sent = timeout_at(limit, sending).await.map_err(|_| Failure::Timeout)?;
        sent.map_err(|error| Failure::of_stream(&error))
    }

    /// Hears until `end` says how many bytes the reply has.
    pub(super) async fn hear(
        &mut self,
        mut end: impl FnMut(&[u8]) -> Option<usize>,
    ) -> Result<Vec<u8>, Failure> {
        let limit = self.limit();
        loop {
            if let Some(length) = end(&self.heard) {
                let rest = self.heard.split_off(length.min(self.heard.len()));
                return Ok(std::mem::replace(&mut self.heard, rest));
            }
            if self.heard.len() >= REPLY {
                return Err(Failure::TooMuchData);
            }
            let mut buffer = [0; 1024];
            let reading = self.stream.read(&mut buffer);
            let read = timeout_at(limit, reading).await.map_err(|_| Failure::Timeout)?;
            let count = read.map_err(|error| Failure::of_stream(&error))?;
            if count == 0 {
                return Err(Failure::Reset);
            }
            self.heard.extend(buffer.iter().take(count));
        }
    }

    /// The next line, without its end.
    pub(super) async fn line(&mut self) -> Result<String, Failure> {
        let line = self.hear(|heard| heard.iter().position(|byte| *byte == b'\n').map(|at| at + 1)).await?;
        Ok(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned())
    }

    /// Nothing may come between the last reply and the handshake.
    pub(super) fn finish(self) -> Result<(), Failure> {
        if self.heard.is_empty() { Ok(()) } else { Err(Failure::StarttlsInjection) }
    }

    fn limit(&self) -> Instant {
        self.deadline.min(Instant::now() + self.patience)
    }
}
