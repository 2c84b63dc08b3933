//! Measures how long a key that one process revokes is good at another, and keeps its WebSocket there.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::{process::ExitCode, time::Instant};

use clap::Parser;
use futures::StreamExt;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};
use vedette_bench::figures::{Figures, milliseconds};

/// Whatever goes wrong ends the measurement.
type Fault = Box<dyn std::error::Error + Send + Sync>;
type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Keys that are not counted: connections and prepared statements are made by them.
const WARM_UP: u32 = 5;
/// The bar for the slowest of all, in milliseconds.
const BAR: f64 = 1000.0;
/// What a WebSocket is closed with when its key does not hold any more.
const POLICY: u16 = 1008;

#[derive(Debug, Parser)]
#[command(about = "Measures how fast a revocation reaches another process; see bench/README.md")]
struct Arguments {
    /// The server that is told, such as `127.0.0.1:8000`
    #[arg(long)]
    first: String,
    /// The one that is to notice
    #[arg(long)]
    second: String,
    /// How many keys, one at a time
    #[arg(long)]
    keys: u32,
}

#[tokio::main]
async fn main() -> Result<ExitCode, Fault> {
    let Arguments { first, second, keys } = Arguments::parse();
    let http = Client::builder().no_proxy().build()?;
    let (mut refused, mut closed) = (Vec::new(), Vec::new());
    for number in 0..WARM_UP + keys {
        let user = User::register(&http, &first, number).await?;
        let (until_refused, until_closed) = user.revoke_and_watch(&first, &second).await?;
        if number >= WARM_UP {
            refused.push(until_refused);
            closed.push(until_closed);
        }
    }
    println!("{keys} keys revoked at one api process and watched at another, one at a time, ms");
    let refused = row("until requests are refused", refused);
    let closed = row("until the WebSocket is closed with 1008", closed);
    let met = refused < BAR && closed < BAR;
    println!("  bar < {BAR} ms: {}", if met { "met" } else { "MISSED" });
    Ok(if met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints a line, and returns the worst of all.
fn row(what: &str, measured: Vec<f64>) -> f64 {
    let figures: Figures = measured.into_iter().collect();
    let (half, most) = (figures.percentile(50), figures.most());
    println!("  {what:<40} p50 {half:>7.2}  p99 {:>7.2}  max {most:>7.2}", figures.percentile(99));
    most
}

/// Somebody with a key and a scan that waits for a worker.
struct User {
    http: Client,
    key: String,
    key_id: String,
    scan_id: String,
}

impl User {
    async fn register(http: &Client, first: &str, number: u32) -> Result<Self, Fault> {
        let body = json!({ "email": format!("user{number}@example.net"), "password": "a password of this benchmark" });
        let url = format!("http://{first}/api/v1/auth/register");
        let account: Value = http.post(url).json(&body).send().await?.error_for_status()?.json().await?;
        let key = text(&account, "/data/api_key")?;
        let mut user = Self { http: http.clone(), key, key_id: String::new(), scan_id: String::new() };
        let keys = user.ask(Method::GET, first, "/api/v1/auth/keys", None).await?;
        user.key_id = text(&keys.1, "/data/keys/0/key_id")?;
        let order = json!({ "target": "127.0.0.1", "ports": "1" });
        let scan = user.ask(Method::POST, first, "/api/v1/scans", Some(&order)).await?;
        user.scan_id = text(&scan.1, "/data/scan_id")?;
        Ok(user)
    }

    /// Status and body of an answer.
    async fn ask(
        &self,
        method: Method,
        at: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(u16, Value), Fault> {
        let request = self.http.request(method, format!("http://{at}{path}")).bearer_auth(&self.key);
        let request = if let Some(body) = body { request.json(body) } else { request };
        let response = request.send().await?;
        Ok((response.status().as_u16(), response.json().await?))
    }

    /// Milliseconds from before the revocation is asked for until either was noticed.
    async fn revoke_and_watch(&self, first: &str, second: &str) -> Result<(f64, f64), Fault> {
        let Self { key, scan_id, .. } = self;
        let (mut socket, _) =
            connect_async(format!("ws://{second}/ws/scans/{scan_id}?api_key={key}")).await?;
        if self.status_at(second).await? != 200 {
            return Err("the key is not good to begin with".into());
        }
        let path = format!("/api/v1/auth/keys/{}", self.key_id);
        let start = Instant::now();
        let (revoked, refused, closed) = tokio::join!(
            self.ask(Method::DELETE, first, &path, None),
            self.until_refused(second),
            until_closed(&mut socket)
        );
        let ((status, _), (code, closed)) = (revoked?, closed?);
        if (status, code) != (200, POLICY) {
            return Err(format!("answered {status}, and closed with {code}").into());
        }
        Ok((milliseconds(refused? - start), milliseconds(closed - start)))
    }

    async fn status_at(&self, place: &str) -> Result<u16, Fault> {
        Ok(self.ask(Method::GET, place, "/api/v1/auth/keys", None).await?.0)
    }

    /// Asks without a pause.
    async fn until_refused(&self, second: &str) -> Result<Instant, Fault> {
        while self.status_at(second).await? == 200 {}
        Ok(Instant::now())
    }
}

async fn until_closed(socket: &mut Socket) -> Result<(u16, Instant), Fault> {
    while let Some(message) = socket.next().await {
        if let Message::Close(frame) = message? {
            return Ok((frame.map_or(0, |frame| frame.code.into()), Instant::now()));
        }
    }
    Err("the WebSocket ended without a close code".into())
}

fn text(document: &Value, path: &str) -> Result<String, Fault> {
    let found = document.pointer(path).and_then(Value::as_str);
    Ok(found.ok_or_else(|| format!("no {path} in {document}"))?.to_owned())
}
