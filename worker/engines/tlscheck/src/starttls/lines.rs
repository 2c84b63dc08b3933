//! Protocols that speak in lines.

use tokio::io::{AsyncRead, AsyncWrite};

use super::conversation::Conversation;
use crate::failure::Failure;

/// As many lines as a reply may have.
const LINES: usize = 256;

/// A reply of SMTP's form: a code of three digits, and what its lines say.
#[derive(Debug)]
struct Reply {
    code: String,
    lines: Vec<String>,
}

impl Reply {
    /// Hears one: all lines but the last have a hyphen behind the code.
    async fn hear<S: AsyncRead + AsyncWrite + Unpin>(
        talk: &mut Conversation<'_, S>,
    ) -> Result<Self, Failure> {
        let mut lines: Vec<String> = Vec::new();
        for _ in 0..LINES {
            let line = talk.line().await?;
            let code = line.get(..3).filter(|code| code.bytes().all(|byte| byte.is_ascii_digit()));
            let is_last = code.is_some() && line.as_bytes().get(3) != Some(&b'-');
            // FTP lets lines in between go without a code.
            if lines.is_empty() && code.is_none() {
                return Err(Failure::NotTls);
            }
            let code = code.map(str::to_owned);
            let began = lines.first().and_then(|first| first.get(..3)).map(str::to_owned);
            lines.push(line);
            if let Some(code) = code.filter(|code| is_last && began.as_ref().is_none_or(|it| it == code)) {
                return Ok(Self { code, lines });
            }
        }
        Err(Failure::TooMuchData)
    }

    fn expect(self, code: &str, otherwise: Failure) -> Result<Self, Failure> {
        if self.code == code { Ok(self) } else { Err(otherwise) }
    }
}

/// SMTP, and LMTP with `hello` as `LHLO`.
pub(super) async fn smtp<S: AsyncRead + AsyncWrite + Unpin>(
    talk: &mut Conversation<'_, S>,
    hello: &str,
) -> Result<(), Failure> {
    Reply::hear(talk).await?.expect("220", Failure::StarttlsMissing)?;
    talk.say(format!("{hello} localhost\r\n").as_bytes()).await?;
    let offers = Reply::hear(talk).await?.expect("250", Failure::StarttlsMissing)?;
    let mut words = offers.lines.iter().filter_map(|line| line.get(4..));
    if !words.any(|word| word.trim().eq_ignore_ascii_case("STARTTLS")) {
        return Err(Failure::StarttlsMissing);
    }
    talk.say(b"STARTTLS\r\n").await?;
    Reply::hear(talk).await?.expect("220", Failure::StarttlsMissing).map(drop)
}

/// The reply to a command of IMAP: the lines without a tag, and the one with it.
async fn tagged<S: AsyncRead + AsyncWrite + Unpin>(
    talk: &mut Conversation<'_, S>,
    tag: &str,
) -> Result<(Vec<String>, String), Failure> {
    let mut others = Vec::new();
    for _ in 0..LINES {
        let line = talk.line().await?;
        match line.split_once(' ') {
            Some((first, rest)) if first == tag => return Ok((others, rest.to_ascii_uppercase())),
            _ => others.push(line.to_ascii_uppercase()),
        }
    }
    Err(Failure::TooMuchData)
}

pub(super) async fn imap<S: AsyncRead + AsyncWrite + Unpin>(
    talk: &mut Conversation<'_, S>,
) -> Result<(), Failure> {
    let greeting = talk.line().await?.to_ascii_uppercase();
    if !greeting.starts_with("* ") {
        return Err(Failure::NotTls);
    }
    if !greeting.starts_with("* OK") {
        return Err(Failure::StarttlsMissing);
    }
    talk.say(b"a CAPABILITY\r\n").await?;
    let (others, _) = tagged(talk, "a").await?;
    let offers = others.iter().filter(|line| line.starts_with("* CAPABILITY"));
    if !offers.flat_map(|line| line.split_ascii_whitespace()).any(|word| word == "STARTTLS") {
        return Err(Failure::StarttlsMissing);
    }
    talk.say(b"b STARTTLS\r\n").await?;
    let (_, outcome) = tagged(talk, "b").await?;
    if outcome.starts_with("OK") { Ok(()) } else { Err(Failure::StarttlsMissing) }
}

pub(super) async fn pop3<S: AsyncRead + AsyncWrite + Unpin>(
    talk: &mut Conversation<'_, S>,
) -> Result<(), Failure> {
    let greeting = talk.line().await?;
    if !greeting.starts_with("+OK") {
        return Err(if greeting.starts_with("-ERR") { Failure::StarttlsMissing } else { Failure::NotTls });
    }
    talk.say(b"STLS\r\n").await?;
    if talk.line().await?.starts_with("+OK") { Ok(()) } else { Err(Failure::StarttlsMissing) }
}

pub(super) async fn ftp<S: AsyncRead + AsyncWrite + Unpin>(
    talk: &mut Conversation<'_, S>,
) -> Result<(), Failure> {
    Reply::hear(talk).await?.expect("220", Failure::StarttlsMissing)?;
    talk.say(b"AUTH TLS\r\n").await?;
    Reply::hear(talk).await?.expect("234", Failure::StarttlsMissing).map(drop)
}

pub(super) async fn nntp<S: AsyncRead + AsyncWrite + Unpin>(
    talk: &mut Conversation<'_, S>,
) -> Result<(), Failure> {
    let greeting = Reply::hear(talk).await?;
    if !["200", "201"].contains(&greeting.code.as_str()) {
        return Err(Failure::StarttlsMissing);
    }
    talk.say(b"STARTTLS\r\n").await?;
    Reply::hear(talk).await?.expect("382", Failure::StarttlsMissing).map(drop)
}
