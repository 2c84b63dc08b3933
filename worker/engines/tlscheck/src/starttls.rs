//! Dialogues in plain text that end where TLS begins.

mod binary;
mod conversation;
mod lines;
mod xmpp;

use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::Instant,
};

use conversation::Conversation;

use crate::failure::Failure;

/// A protocol that can go over to TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StartTls {
    /// Mail between servers (RFC 3207).
    Smtp,
    /// Mail from people (RFC 6409).
    Submission,
    /// Mail into mailboxes (RFC 2033).
    Lmtp,
    /// RFC 9051.
    Imap,
    /// RFC 2595.
    Pop3,
    /// RFC 4217.
    Ftp,
    /// RFC 4511, 4.14.
    Ldap,
    /// RFC 6120, both for clients and between servers.
    Xmpp,
    /// Its `SSLRequest`.
    Postgres,
    /// Its `SSLRequest`, which MariaDB shares.
    Mysql,
    /// RFC 4642.
    Nntp,
}

impl StartTls {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::Smtp,
        Self::Submission,
        Self::Lmtp,
        Self::Imap,
        Self::Pop3,
        Self::Ftp,
        Self::Ldap,
        Self::Xmpp,
        Self::Postgres,
        Self::Mysql,
        Self::Nntp,
    ];

    /// What usually answers on a port in plain text; none where TLS begins at once.
    #[must_use]
    pub const fn by_port(port: u16) -> Option<Self> {
        Some(match port {
            25 | 2525 => Self::Smtp,
            587 => Self::Submission,
            24 => Self::Lmtp,
            143 => Self::Imap,
            110 => Self::Pop3,
            21 => Self::Ftp,
            389 => Self::Ldap,
            5222 | 5269 => Self::Xmpp,
            5432 => Self::Postgres,
            3306 => Self::Mysql,
            119 | 433 => Self::Nntp,
            _ => return None,
        })
    }

    /// Its word, such as `smtp`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Submission => "submission",
            Self::Lmtp => "lmtp",
            Self::Imap => "imap",
            Self::Pop3 => "pop3",
            Self::Ftp => "ftp",
            Self::Ldap => "ldap",
            Self::Xmpp => "xmpp",
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
            Self::Nntp => "nntp",
        }
    }

    /// The kind of this word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Whether it carries mail.
    pub(crate) const fn is_mail(self) -> bool {
        matches!(self, Self::Smtp | Self::Submission | Self::Lmtp | Self::Imap | Self::Pop3)
    }
}

/// Who is talked to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Host<'a> {
    pub(crate) name: Option<&'a str>,
    pub(crate) port: u16,
}

/// Talks until the handshake may begin. Each reply has until `deadline`, and `patience` of its own.
pub(crate) async fn upgrade<S>(
    stream: &mut S,
    kind: StartTls,
    host: Host<'_>,
    deadline: Instant,
    patience: std::time::Duration,
) -> Result<(), Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut talk = Conversation::new(stream, deadline, patience);
    match kind {
        StartTls::Smtp | StartTls::Submission => lines::smtp(&mut talk, "EHLO").await?,
        StartTls::Lmtp => lines::smtp(&mut talk, "LHLO").await?,
        StartTls::Imap => lines::imap(&mut talk).await?,
        StartTls::Pop3 => lines::pop3(&mut talk).await?,
        StartTls::Ftp => lines::ftp(&mut talk).await?,
        StartTls::Nntp => lines::nntp(&mut talk).await?,
        StartTls::Ldap => binary::ldap(&mut talk).await?,
        StartTls::Postgres => binary::postgres(&mut talk).await?,
        StartTls::Mysql => binary::mysql(&mut talk).await?,
        StartTls::Xmpp => xmpp::xmpp(&mut talk, host).await?,
    }
    talk.finish()
}

/// Reads `heard` as everything that a service says in plain text, with the dialogue of `kind`: for fuzzing and tests.
///
/// # Errors
/// As for a service that says this and then falls silent.
pub async fn rehearse(kind: StartTls, heard: &[u8]) -> Result<(), Failure> {
    let mut stream = tokio::io::join(heard, tokio::io::sink());
    let patience = std::time::Duration::from_secs(1);
    let host = Host { name: Some("example.org"), port: 5222 };
    upgrade(&mut stream, kind, host, Instant::now() + patience, patience).await
}
