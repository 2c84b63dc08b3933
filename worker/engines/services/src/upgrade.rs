//! How services are asked to go on inside TLS.

use std::time::Duration;

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::{Instant, timeout_at},
};

use crate::{
    Error,
    block::Block,
    pattern::Pattern,
    probe::{from_hex, unescaped},
};

/// The most that is read of one answer.
const CAP: usize = 16 * 1024;
/// The longest wait for a part of an answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is said and heard until both sides begin TLS.
#[derive(Debug)]
pub(crate) struct Upgrade {
    pub(crate) service: &'static str,
    steps: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    Say(Vec<u8>),
    /// Goes on with the first, and ends with the second.
    Hear(Pattern, Option<Pattern>),
}

impl Upgrade {
    pub(crate) fn read(block: &Block) -> Result<Self, Error> {
        block.check(&["upgrade", "say", "bytes", "hear", "else"])?;
        let mut steps = Vec::new();
        for (key, text) in block.fields().filter(|(key, _)| *key != "upgrade") {
            match (key, steps.last_mut()) {
                ("say", _) => steps.push(Step::Say(
                    unescaped(text).ok_or_else(|| block.error("an escape that means nothing"))?,
                )),
                ("bytes", _) => steps
                    .push(Step::Say(from_hex(text).ok_or_else(|| block.error("bytes are like `00 ff*12`"))?)),
                ("hear", _) => steps.push(Step::Hear(Pattern::new(text), None)),
                (_, Some(Step::Hear(_, end @ None))) => *end = Some(Pattern::new(text)),
                _ => return Err(block.error("`else` belongs to the `hear` above it")),
            }
        }
        let service = block.get("upgrade").filter(|name| !name.is_empty() && !steps.is_empty());
        Ok(Self { service: service.ok_or_else(|| block.error("an upgrade of nothing"))?, steps })
    }

    /// Whether every pattern is one.
    #[cfg(test)]
    pub(crate) fn is_sound(&self) -> bool {
        self.steps.iter().all(|step| match step {
            Step::Say(bytes) => !bytes.is_empty(),
            Step::Hear(next, end) => {
                next.regex().is_some() && end.as_ref().is_none_or(|end| end.regex().is_some())
            }
        })
    }

    /// Goes through all steps; false when the other side does not.
    pub(crate) async fn climb<S>(&self, stream: &mut S, end: Instant) -> bool
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        for step in &self.steps {
            let goes_on = match step {
                Step::Say(bytes) => matches!(timeout_at(end, stream.write_all(bytes)).await, Ok(Ok(()))),
                Step::Hear(next, refusal) => hear(stream, next, refusal.as_ref(), end).await,
            };
            if !goes_on {
                return false;
            }
        }
        true
    }
}

/// Reads until what came looks like `next`, or like `refusal`, or no more comes.
async fn hear<S: AsyncRead + Unpin>(
    stream: &mut S,
    next: &Pattern,
    refusal: Option<&Pattern>,
    end: Instant,
) -> bool {
    let is = |pattern: &Pattern, heard: &[u8]| pattern.regex().is_some_and(|regex| regex.is_match(heard));
    let mut heard = Vec::new();
    while heard.len() < CAP {
        let mut part = [0; 1024];
        match timeout_at(end.min(Instant::now() + PATIENCE), stream.read(&mut part)).await {
            Ok(Ok(length)) if length > 0 => heard.extend(part.iter().take(length)),
            Ok(_) | Err(_) => return false,
        }
        if is(next, &heard) {
            return true;
        }
        if refusal.is_some_and(|refusal| is(refusal, &heard)) {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;

    const MAIL: &str = "upgrade smtp\nhear ^220\nsay STARTTLS\\r\\n\nhear ^220\nelse ^[45]";

    async fn climbs(answers: &'static [&'static [u8]]) -> bool {
        let upgrade = Upgrade::read(&Block::all(MAIL)[0]).unwrap();
        let (mut ours, mut theirs) = duplex(1024);
        let play = async move {
            for answer in answers {
                theirs.write_all(answer).await.unwrap();
                theirs.read(&mut [0; 64]).await.unwrap_or_default();
            }
        };
        let end = Instant::now() + Duration::from_secs(5);
        let (climbed, ()) = tokio::join!(
            async {
                let climbed = upgrade.climb(&mut ours, end).await;
                drop(ours);
                climbed
            },
            play
        );
        climbed
    }

    #[tokio::test]
    async fn only_who_goes_through_all_steps_is_ready() {
        assert!(climbs(&[b"220 ready\r\n", b"220 go on\r\n"]).await);
        assert!(!climbs(&[b"220 ready\r\n", b"454 no\r\n"]).await);
        assert!(!climbs(&[b"554 go away\r\n"]).await);
        assert!(!climbs(&[]).await);
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for text in
            ["upgrade a", "upgrade\nsay b", "upgrade a\nelse b", "upgrade a\nsay \\q", "upgrade a\nx y"]
        {
            assert!(Upgrade::read(&Block::all(text)[0]).is_err(), "{text}");
        }
    }
}
