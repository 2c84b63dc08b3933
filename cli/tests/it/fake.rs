//! A server on the loopback address that answers by a script.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use futures::SinkExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::reply::{Part, Reply, SCAN};

/// Replies by method and path; each is given once, the last one for ever.
type Script = Arc<Mutex<HashMap<String, Vec<Reply>>>>;

/// The running server.
pub(crate) struct Fake {
    /// Where it listens.
    pub(crate) url: String,
    script: Script,
    /// The heads of the requests that came, in order.
    heads: watch::Receiver<Vec<String>>,
}

impl Fake {
    /// Starts one that accepts a scan and knows its results.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, heads) = watch::channel(Vec::new());
        let script = Script::default();
        tokio::spawn(serve(listener, Arc::clone(&script), Arc::new(sender)));
        let fake = Self { url, script, heads };
        fake.on("POST", "", Reply::created()).on("GET", "/results", Reply::results())
    }

    /// Adds a reply to a path below the scan; a `POST` is for the list of scans.
    pub(crate) fn on(self, method: &str, below: &str, reply: Reply) -> Self {
        self.script.lock().unwrap().entry(key(method, below)).or_default().insert(0, reply);
        self
    }

    /// As [`Self::on`], forgetting the replies there were.
    pub(crate) fn instead(self, method: &str, below: &str, reply: Reply) -> Self {
        self.script.lock().unwrap().insert(key(method, below), vec![reply]);
        self
    }

    /// The heads of the requests whose first line begins so.
    pub(crate) fn requests(&self, beginning: &str) -> Vec<String> {
        let heads = self.heads.borrow();
        heads.iter().filter(|head| head.starts_with(beginning)).cloned().collect()
    }

    /// Waits for a request of a method.
    pub(crate) async fn asked(&self, method: &str) {
        asked(self.heads.clone(), method).await;
    }
}

fn key(method: &str, below: &str) -> String {
    match (method, below) {
        ("POST", _) => "POST /api/v1/scans".to_owned(),
        (_, "/health") => format!("{method} /api/v1/health"),
        (_, "/ws") => format!("{method} /ws/scans/{SCAN}"),
        _ => format!("{method} /api/v1/scans/{SCAN}{below}"),
    }
}

async fn asked(mut heads: watch::Receiver<Vec<String>>, method: &str) {
    let came = |heads: &Vec<String>| heads.iter().any(|head| head.starts_with(method));
    heads.wait_for(came).await.unwrap();
}

async fn serve(listener: TcpListener, script: Script, heads: Arc<watch::Sender<Vec<String>>>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(answer(stream, Arc::clone(&script), Arc::clone(&heads)));
    }
}

async fn answer(mut stream: TcpStream, script: Script, heads: Arc<watch::Sender<Vec<String>>>) {
    let Some(head) = read_request(&mut stream).await else { return };
    let called = head.split(' ').take(2).collect::<Vec<_>>().join(" ");
    heads.send_modify(|heads| heads.push(head.clone()));
    let reply = next_reply(&script, &called);
    match reply {
        Reply::Http(parts) => write(&mut stream, parts, heads.subscribe()).await,
        Reply::Socket(frames) => upgrade(stream, &head, frames).await,
    }
}

fn next_reply(script: &Script, called: &str) -> Reply {
    let mut script = script.lock().unwrap();
    match script.get_mut(called) {
        Some(replies) if replies.len() > 1 => replies.pop().unwrap(),
        Some(replies) => replies[0].clone(),
        None => Reply::error(404, "NOT_FOUND", &format!("nothing is scripted for {called}")),
    }
}

async fn write(stream: &mut TcpStream, parts: Vec<Part>, heads: watch::Receiver<Vec<String>>) {
    for part in parts {
        match part {
            Part::Text(text) => drop(stream.write_all(text.as_bytes()).await),
            Part::Until(method) => asked(heads.clone(), method).await,
            Part::Pause(time) => tokio::time::sleep(time).await,
        }
    }
    drop(stream.shutdown().await);
}

/// The head of a request; its body, if any, is read and forgotten.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let end = loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let length = header(&head, "content-length").map_or(0, |value| value.parse().unwrap());
    while bytes.len() < end + length {
        stream.read_buf(&mut bytes).await.ok()?;
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// A header of a request.
pub(crate) fn header(head: &str, name: &str) -> Option<String> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = lines.find(|(field, _)| field.eq_ignore_ascii_case(name))?;
    Some(value.trim().to_owned())
}

async fn upgrade(mut stream: TcpStream, head: &str, frames: Vec<String>) {
    let accept = derive_accept_key(header(head, "sec-websocket-key").unwrap().as_bytes());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).await.unwrap();
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
    for frame in frames {
        drop(socket.send(Message::text(frame)).await);
    }
    drop(socket.close(None).await);
}
