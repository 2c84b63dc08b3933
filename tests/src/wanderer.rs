//! A listener that is cut at any time, stalls, changes servers, and comes back with the last position it saw.

use std::time::Duration;

use crate::client::Client;
use crate::follow::Follow;
use crate::websocket::Socket;

/// How it listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By SSE to one job.
    Stream,
    /// By WebSocket to one job.
    Socket,
    /// By SSE to all jobs, of which it takes those of one subject.
    AllStream,
    /// By WebSocket to the same.
    AllSocket,
}

/// A listener, and what it was told so far.
#[derive(Debug)]
pub struct Wanderer {
    way: Way,
    number: u64,
    apis: Vec<Client>,
    path: String,
    /// Numbers that look as if they were thrown, the same in every run.
    dice: u64,
    position: Option<String>,
    facts: Vec<u64>,
    connections: usize,
    is_over: bool,
}

/// What a listener was told.
#[derive(Debug)]
pub struct Told {
    /// Which listener.
    pub number: u64,
    /// How it listened.
    pub way: Way,
    /// The numbers of the facts, in the order they came.
    pub facts: Vec<u64>,
    /// How often it connected.
    pub connections: usize,
}

/// What a message of either form says.
struct Message {
    name: String,
    seq: Option<u64>,
    position: Option<String>,
}

impl Wanderer {
    /// A listener to a scan, or to all scans of its target.
    #[must_use]
    pub fn new(number: u64, way: Way, scan: &str, subject: &str, apis: Vec<Client>) -> Wanderer {
        let path = match way {
            Way::Stream => format!("/api/v1/jobs/{scan}/stream"),
            Way::Socket => format!("/ws/jobs/{scan}"),
            Way::AllStream => format!("/api/v1/events?subject={subject}"),
            Way::AllSocket => format!("/ws/events?subject={subject}"),
        };
        let position = match way {
            Way::Stream | Way::Socket => None,
            Way::AllStream | Way::AllSocket => Some("0".to_owned()),
        };
        let dice = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let (facts, connections, is_over) = (Vec::new(), 0, false);
        Wanderer { way, number, apis, path, dice, position, facts, connections, is_over }
    }

    /// Listens until the job has ended.
    pub async fn follow_to_the_end(mut self) -> Told {
        while !self.is_over {
            let count = u64::try_from(self.apis.len()).unwrap();
            let api = usize::try_from(self.throw(count)).unwrap();
            let api = self.apis[api].clone();
            match self.way {
                Way::Stream | Way::AllStream => self.read_stream(&api).await,
                Way::Socket | Way::AllSocket => self.read_socket(&api).await,
            }
            tokio::time::sleep(Duration::from_millis(20 + self.throw(200))).await;
        }
        Told { number: self.number, way: self.way, facts: self.facts, connections: self.connections }
    }

    async fn read_stream(&mut self, api: &Client) {
        let Some(mut stream) = open(api, &self.path, self.position.as_deref()).await else { return };
        self.connections += 1;
        while let Some(frame) = stream.next().await {
            let seq = frame.data["seq"].as_u64();
            let message = Message { name: frame.event, seq, position: frame.position };
            if !self.take(message).await {
                return;
            }
        }
    }

    async fn read_socket(&mut self, api: &Client) {
        let joint = if self.path.contains('?') { '&' } else { '?' };
        let path = match &self.position {
            Some(position) => format!("{}{joint}last_event_id={position}", self.path),
            None => self.path.clone(),
        };
        let Some(mut socket) = Socket::try_open(api, &path).await else { return };
        self.connections += 1;
        while let Some(said) = socket.next_said().await {
            let name = said["type"].as_str().unwrap_or_default().to_owned();
            let is_fact = is_fact(&name);
            let position = said["last_event_id"].as_str().map(str::to_owned);
            let position =
                position.or_else(|| said["seq"].as_u64().filter(|_| is_fact).map(|seq| seq.to_string()));
            if !self.take(Message { seq: said["seq"].as_u64(), name, position }).await {
                return;
            }
        }
    }

    /// Takes a message; false when it goes away.
    async fn take(&mut self, message: Message) -> bool {
        self.position = message.position.or(self.position.take());
        assert_ne!(message.name, "reset", "listener {} has missed something", self.number);
        if let Some(seq) = message.seq.filter(|_| is_fact(&message.name)) {
            self.facts.push(seq);
        }
        self.is_over = message.name == "complete";
        match self.throw(60) {
            0 | 1 => false,
            2 => {
                tokio::time::sleep(Duration::from_millis(self.throw(2000))).await;
                !self.is_over
            }
            _ => !self.is_over,
        }
    }

    fn throw(&mut self, sides: u64) -> u64 {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        self.dice % sides
    }
}

fn is_fact(name: &str) -> bool {
    ["status", "port_found", "service_found", "warning", "complete"].contains(&name)
}

/// A stream, if there is a server and it opens one.
async fn open(api: &Client, path: &str, position: Option<&str>) -> Option<Follow> {
    let stream = match position {
        Some(position) => api.try_open_behind(path, position).await?,
        None => api.try_open(path, None).await?,
    };
    (stream.status == 200).then_some(stream)
}
