//! Measures the time from the POST of a scan to its first progress on the stream, as a client sees it.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod stream;

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Parser;
use reqwest::Client;
use serde_json::{Value, json};
use vedette_bench::figures::{Figures, milliseconds};

use crate::stream::Seen;

/// Whatever goes wrong ends the measurement.
type Fault = Box<dyn std::error::Error + Send + Sync>;

/// Scans that are not counted: connections, caches and prepared statements are made by them.
const WARM_UP: u32 = 20;

#[derive(Debug, Parser)]
#[command(about = "Measures POST of a scan to first progress; see bench/README.md")]
struct Arguments {
    /// The server, such as `http://127.0.0.1:8000`
    #[arg(long)]
    server: String,
    /// A key it accepts
    #[arg(long)]
    key: String,
    /// What the server stands on, for the report
    #[arg(long)]
    label: String,
    /// The bar for the first progress of a worker, 99 of 100, in milliseconds
    #[arg(long)]
    bar: f64,
    /// How many scans, one at a time
    #[arg(long, default_value_t = 300)]
    posts: u32,
}

/// A client with one connection that is kept.
#[derive(Debug)]
struct Caller {
    http: Client,
    server: String,
    key: String,
}

#[tokio::main]
async fn main() -> Result<ExitCode, Fault> {
    let Arguments { server, key, label, bar, posts } = Arguments::parse();
    let caller = Caller { http: Client::builder().no_proxy().build()?, server, key };
    caller.wait_until_it_answers().await?;
    let (mut any, mut worked, mut posted) = (Vec::new(), Vec::new(), Vec::new());
    let mut at_its_end = 0_u32;
    for number in 0..WARM_UP + posts {
        // Idle again before the next one.
        tokio::time::sleep(Duration::from_millis(20)).await;
        let (start, seen, created) = caller.scan().await?;
        if number >= WARM_UP {
            posted.push(milliseconds(created.duration_since(start)));
            any.push(milliseconds(seen.first.duration_since(start)));
            worked.push(milliseconds(seen.worked.duration_since(start)));
            at_its_end += u32::from(seen.at_its_end);
        }
    }
    println!("{label}: {posts} scans of 127.0.0.1, ports 1-100, one at a time, ms");
    row("POST answered", &posted.into_iter().collect());
    row("first progress, the snapshot counted", &any.into_iter().collect());
    let worked: Figures = worked.into_iter().collect();
    row("first progress of a worker", &worked);
    if at_its_end > 0 {
        println!("  {at_its_end} scans ended before such a progress was told; their end is counted instead");
    }
    let met = worked.percentile(99) < bar;
    println!("  p99 {:.1} ms, bar < {bar} ms: {}", worked.percentile(99), if met { "met" } else { "MISSED" });
    Ok(if met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn row(what: &str, figures: &Figures) {
    let (middle, most) = (figures.percentile(50), figures.most());
    println!("  {what:<38} p50 {middle:>6.1}  p99 {:>6.1}  max {most:>6.1}", figures.percentile(99));
}

impl Caller {
    async fn wait_until_it_answers(&self) -> Result<(), Fault> {
        let until = Instant::now() + Duration::from_secs(20);
        while let Err(error) = self.http.get(&self.server).send().await {
            if Instant::now() > until {
                return Err(error.into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Posts a scan and follows it to its end: when it began, what was seen when, when the POST was answered.
    async fn scan(&self) -> Result<(Instant, Seen, Instant), Fault> {
        let start = Instant::now();
        let post = self.http.post(format!("{}/api/v1/scans", self.server)).bearer_auth(&self.key);
        let body = json!({ "target": "127.0.0.1", "ports": "1-100" });
        let answer: Value = post.json(&body).send().await?.error_for_status()?.json().await?;
        let created = Instant::now();
        let id = answer.pointer("/data/scan_id").or_else(|| answer.get("scan_id")).and_then(Value::as_str);
        let id = id.ok_or("the answer names no scan")?;
        let get = self.http.get(format!("{}/api/v1/scans/{id}/stream", self.server)).bearer_auth(&self.key);
        let seen = stream::follow(get.send().await?.error_for_status()?).await?;
        Ok((start, seen, created))
    }
}
