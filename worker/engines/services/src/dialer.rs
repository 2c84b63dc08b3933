//! Connections to one port, plain or inside TLS.

use std::time::Duration;

use tokio::{
    net::TcpStream,
    time::{Instant, timeout_at},
};

use crate::{
    book::Book,
    exchange::exchange,
    identifier::Target,
    identity::Tls,
    probe::{Probe, Question},
    tls::{Glass, Handshake},
    upgrade::Upgrade,
};

/// How the port of one target is talked to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dialer<'a> {
    pub(crate) book: &'a Book,
    pub(crate) glass: &'a Glass,
    pub(crate) target: &'a Target,
    /// Whether everything is said inside TLS.
    pub(crate) inside_tls: bool,
    /// When everything must be over.
    pub(crate) deadline: Instant,
}

/// What became of a question.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Nobody took the connection.
    Unreachable,
    /// These bytes, if any, came after those.
    Heard {
        /// What was sent.
        sent: Vec<u8>,
        /// What came.
        answer: Vec<u8>,
    },
    /// The other side speaks TLS.
    Tls(Tls),
}

impl Dialer<'_> {
    /// Asks on a connection of its own, which has `patience` from the moment it stands, and a little more where the way is
    /// long.
    pub(crate) async fn ask(&self, probe: &Probe, patience: Duration) -> Answer {
        let began = Instant::now();
        let connecting = TcpStream::connect(self.target.address);
        let Ok(Ok(stream)) = timeout_at(self.deadline, connecting).await else { return Answer::Unreachable };
        // A question is one small packet, whatever came before it.
        stream.set_nodelay(true).ok();
        let end = self.deadline.min(Instant::now() + patience + began.elapsed() * 3);
        if self.inside_tls || probe.question == Question::Tls {
            self.ask_inside(stream, probe, end).await
        } else {
            self.exchange(stream, probe, end).await
        }
    }

    /// Asks a service to go on inside TLS, and looks at that.
    pub(crate) async fn upgrade(&self, upgrade: &Upgrade) -> Option<Tls> {
        let looking = async {
            let mut stream = TcpStream::connect(self.target.address).await.ok()?;
            stream.set_nodelay(true).ok();
            if !upgrade.climb(&mut stream, self.deadline).await {
                return None;
            }
            match self.glass.look(stream, &self.target.host, self.target.address.ip()).await {
                Handshake::Done(_, tls) | Handshake::Refused(tls) => Some(tls),
                Handshake::Foreign => None,
            }
        };
        timeout_at(self.deadline, looking).await.ok().flatten()
    }

    async fn ask_inside(&self, stream: TcpStream, probe: &Probe, end: Instant) -> Answer {
        let Target { address, host } = self.target;
        let looking = self.glass.look(stream, host, address.ip());
        // The handshake is the server's work, which takes the weaker ones a while.
        let until = if self.inside_tls { self.deadline } else { end };
        match timeout_at(until, looking).await {
            Ok(Handshake::Done(stream, _)) if self.inside_tls => self.exchange(*stream, probe, end).await,
            Ok(Handshake::Done(_, tls) | Handshake::Refused(tls)) => Answer::Tls(tls),
            Ok(Handshake::Foreign) | Err(_) => Answer::Heard { sent: Vec::new(), answer: Vec::new() },
        }
    }

    async fn exchange<S>(&self, mut stream: S, probe: &Probe, end: Instant) -> Answer
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    {
        let sent = probe.sent(&self.target.host_header());
        // What is not sure may become so with what is still on its way.
        let is_whole =
            |answer: &[u8]| self.book.read(probe, &sent, answer).is_some_and(|found| found.is_sure());
        let answer = exchange(&mut stream, &sent, probe.waits, end, is_whole).await;
        Answer::Heard { sent, answer }
    }
}
