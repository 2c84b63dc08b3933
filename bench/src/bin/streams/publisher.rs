//! Whoever publishes: to our bell, or by POST to another server.

use std::{
    fmt::Write as _,
    io::{Read, Write as _},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream},
    ops::Range,
    time::{Duration, Instant},
};

use shared::{
    bell::News,
    event::{Event, Fact, FoundPort},
    id::JobId,
    scan::Protocol,
};

use crate::{Fault, board::Board, crowd::Topics, stage::Stage};

/// What others are given: as long as ours, with the same mark in it.
const FILLING: &str = r#""address":"127.0.0.1","banner":null,"host":"127.0.0.1","protocol":"tcp","scan_id":"scan_06EQf4Z8rTzD0LDhMmDjFC","service":null,"state":"open","timestamp":"2026-01-01T00:00:00Z","version":null}"#;

/// Where messages go in.
#[derive(Debug)]
pub(crate) enum Publisher {
    /// Our bell, as a worker rings it; each topic is a job.
    Bell(Box<Stage>, Vec<JobId>),
    /// `POST /pub/{topic}` of another server.
    Post(Box<TcpStream>, SocketAddr),
}

impl Publisher {
    pub(crate) fn post(server: SocketAddr) -> Result<Self, Fault> {
        let stream = TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        Ok(Self::Post(Box::new(stream), server))
    }

    /// What a listener to a topic asks for.
    pub(crate) fn subscription(&self, topic: usize, kind: crate::Kind) -> String {
        let (path, host) = match self {
            Self::Bell(stage, jobs) => {
                let id = jobs.get(topic).map(|job| job.to_base62()).unwrap_or_default();
                let key = &stage.key;
                let path = match kind {
                    crate::Kind::Sse => format!("/api/v1/scans/scan_{id}/stream?api_key={key}"),
                    crate::Kind::Websocket => format!("/ws/scans/scan_{id}?api_key={key}"),
                };
                (path, "127.0.0.1".to_owned())
            }
            Self::Post(_, server) => (format!("/sub/{topic}"), server.to_string()),
        };
        let rest = match kind {
            crate::Kind::Sse => "accept: text/event-stream\r\n".to_owned(),
            crate::Kind::Websocket => {
                "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                                       sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                    .to_owned()
            }
        };
        format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n{rest}\r\n")
    }

    /// Publishes at the times, in microseconds from now, to the topics by turns.
    pub(crate) fn publish_at(&mut self, times: &[u32], topics: Topics, board: &Board) -> Result<(), Fault> {
        let start = Instant::now();
        for (index, time) in times.iter().enumerate() {
            let due = Duration::from_micros(u64::from(*time));
            crate::pause(due.saturating_sub(start.elapsed()));
            let number = u16::try_from(index / topics.count + 1)?;
            self.publish(topics.first + index % topics.count, number..number + 1, board)?;
        }
        Ok(())
    }

    /// Publishes messages of one topic, one behind the other, without waiting between them.
    pub(crate) fn publish(&mut self, topic: usize, numbers: Range<u16>, board: &Board) -> Result<(), Fault> {
        for number in numbers.clone() {
            board.publish(topic, number);
        }
        match self {
            Self::Bell(stage, jobs) => {
                let job = *jobs.get(topic).ok_or("no such topic")?;
                let at = stage.core.clock.now();
                // The first event of a job says that it waits.
                let event = |number| Event {
                    job,
                    seq: i64::from(number) + 1,
                    at,
                    fact: Fact::PortFound(found(number)),
                };
                stage.runtime.block_on(stage.core.bell.tell(numbers.map(event).map(News::Event).collect()));
                Ok(())
            }
            Self::Post(stream, server) => post(stream, *server, topic, numbers),
        }
    }
}

/// An open port, whose number is that of the message.
pub(crate) fn found(number: u16) -> FoundPort {
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let (host, unit) = (address.to_string(), i64::from(number));
    FoundPort { address, host, port: number, protocol: Protocol::Tcp, unit }
}

fn post(stream: &mut TcpStream, server: SocketAddr, topic: usize, numbers: Range<u16>) -> Result<(), Fault> {
    let mut requests = String::new();
    for number in numbers.clone() {
        let body = format!("{{\"port\":{number},{FILLING}");
        let length = body.len();
        write!(
            requests,
            "POST /pub/{topic} HTTP/1.1\r\nhost: {server}\r\ncontent-length: {length}\r\n\r\n{body}"
        )?;
    }
    stream.write_all(requests.as_bytes())?;
    let (mut read, mut left) = (Vec::new(), numbers.len());
    let mut part = [0; 4096];
    while left > 0 {
        while let Some(length) = answer(&read)? {
            read.drain(..length);
            left -= 1;
        }
        if left > 0 {
            let length = stream.read(&mut part)?;
            if length == 0 {
                return Err("the server closed the publisher's connection".into());
            }
            read.extend(part.iter().take(length));
        }
    }
    Ok(())
}

/// The length of the first answer, once it is whole.
fn answer(read: &[u8]) -> Result<Option<usize>, Fault> {
    let Some(head) = memchr::memmem::find(read, b"\r\n\r\n") else { return Ok(None) };
    let text = String::from_utf8_lossy(read.get(..head).unwrap_or_default()).to_lowercase();
    if !text.starts_with("http/1.1 2") {
        return Err(text.into());
    }
    let body = text.lines().find_map(|line| line.strip_prefix("content-length:"));
    let body: usize = body.map_or(Ok(0), |length| length.trim().parse())?;
    let length = head + 4 + body;
    Ok((read.len() >= length).then_some(length))
}
