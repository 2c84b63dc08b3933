//! One UDP port: several questions, until one of them is answered.

use std::{net::SocketAddr, time::Duration};

use futures::{StreamExt, stream::FuturesUnordered};
use tokio::{
    net::UdpSocket,
    time::{Instant, sleep_until, timeout_at},
};

use crate::{
    book::{Book, is_echo},
    finding::Finding,
    identifier::Target,
    probe::Probe,
};

/// What a port's number suggests is asked so long before the rest.
const HEAD_START: Duration = Duration::from_millis(300);
/// Between one of the rest and the next.
const STEP: Duration = Duration::from_millis(25);
/// When a question is asked again, as it may have been lost.
const AGAIN: Duration = Duration::from_secs(1);
/// The longest answer that is read.
const LONGEST: usize = 4096;

/// How one port is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Datagrams<'a> {
    pub(crate) book: &'a Book,
    pub(crate) target: &'a Target,
    /// When everything must be over.
    pub(crate) deadline: Instant,
}

/// What came, and what it looks like, if like anything.
type Answer = (Vec<u8>, Option<Finding>);

impl Datagrams<'_> {
    /// Asks everything, what suits the port first, and then what the best answer calls for.
    pub(crate) async fn ask_all(&self) -> Answer {
        let port = self.target.address.port();
        let probes = self.book.datagrams().iter().filter(|probe| !probe.on_call);
        let (expected, rest): (Vec<&Probe>, Vec<&Probe>) = probes.partition(|probe| probe.suits(port));
        let now = Instant::now();
        let others = if expected.is_empty() { now } else { now + HEAD_START };
        let rest = (0..).zip(rest).map(|(nth, probe)| (probe, others + STEP * nth));
        let (heard, found) = self.race(expected.into_iter().map(|probe| (probe, now)).chain(rest)).await;
        let Some(mut best) = found else { return (heard, None) };
        let more = best.more.iter().filter_map(|name| self.book.datagram(name));
        if let (_, Some(finding)) = self.race(more.map(|probe| (probe, Instant::now()))).await
            && finding.says_more_than(&best)
        {
            best = finding;
        }
        (heard, Some(best))
    }

    /// The first answer that looks like something, or else the first.
    async fn race<'p>(&self, questions: impl Iterator<Item = (&'p Probe, Instant)>) -> Answer {
        let asking = questions.map(|(probe, start)| self.ask(probe, start));
        let mut asking: FuturesUnordered<_> = asking.collect();
        let mut first = Vec::new();
        while let Some(answered) = asking.next().await {
            match answered {
                Some((heard, Some(finding))) => return (heard, Some(finding)),
                Some((heard, None)) if first.is_empty() => first = heard,
                Some(_) | None => {}
            }
        }
        (first, None)
    }

    /// Asks at `start`, and once more where nothing comes.
    async fn ask(&self, probe: &Probe, start: Instant) -> Option<Answer> {
        sleep_until(start.min(self.deadline)).await;
        let any = if self.target.address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let socket = UdpSocket::bind(any).await.ok()?;
        let sent = probe.sent(&self.target.host_header());
        for end in [self.deadline.min(start + AGAIN), self.deadline] {
            socket.send_to(&sent, self.target.address).await.ok()?;
            if let Ok(answer) = timeout_at(end, hear(&socket, self.target.address)).await {
                let finding = self.book.read(probe, &sent, &answer);
                return (!is_echo(&sent, &answer) || finding.is_some()).then_some((answer, finding));
            }
        }
        None
    }
}

/// The next datagram of the host: some answer from a port of their own (RFC 1350, 4).
async fn hear(socket: &UdpSocket, from: SocketAddr) -> Vec<u8> {
    let mut bytes = vec![0; LONGEST];
    loop {
        match socket.recv_from(&mut bytes).await {
            Ok((length, sender)) if sender.ip() == from.ip() && length > 0 => {
                bytes.truncate(length);
                return bytes;
            }
            // An empty one says nothing, as does an error that somebody else caused.
            Ok(_) | Err(_) => {}
        }
    }
}
