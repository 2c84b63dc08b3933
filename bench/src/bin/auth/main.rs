//! Measures what it costs the server to recognise a key, by its processor time and by the time of each answer.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use clap::{Args, Parser, Subcommand};
use reqwest::Client;
use vedette_bench::{
    figures::{Figures, milliseconds},
    process::cpu_microseconds,
};

/// Whatever goes wrong ends the measurement.
type Fault = Box<dyn std::error::Error + Send + Sync>;

/// Nothing is there, so that hardly anything but recognising the key and counting the request is done.
const PATH: &str = "/api/v1/nothing";
/// Rounds with and without a key, by turns.
const ROUNDS: u32 = 5;

#[derive(Debug, Parser)]
#[command(about = "Measures the recognition of keys; see bench/README.md")]
struct Arguments {
    /// The server, such as `http://127.0.0.1:8000`
    #[arg(long)]
    server: String,
    #[command(subcommand)]
    measure: Measure,
}

#[derive(Debug, Subcommand)]
enum Measure {
    /// The server's processor time for a request with a key that it knows, beyond one without a key
    Cpu(Cpu),
    /// One request with each key of a file, and how long each answer took
    Each(Each),
}

#[derive(Args, Debug)]
struct Cpu {
    /// The id of the server's process
    #[arg(long)]
    pid: u32,
    /// A key that it accepts
    #[arg(long)]
    key: String,
    /// Requests of a round
    #[arg(long)]
    requests: u32,
    /// The bar, in microseconds
    #[arg(long)]
    bar: f64,
}

#[derive(Args, Debug)]
struct Each {
    /// A key a line
    #[arg(long)]
    keys: PathBuf,
    /// What the keys are, for the report
    #[arg(long)]
    label: String,
}

#[tokio::main]
async fn main() -> Result<ExitCode, Fault> {
    let Arguments { server, measure } = Arguments::parse();
    let caller = Caller { http: Client::builder().no_proxy().build()?, url: format!("{server}{PATH}") };
    match measure {
        Measure::Cpu(cpu) => caller.measure_cpu(&cpu).await,
        Measure::Each(each) => caller.measure_each(&each).await,
    }
}

/// A client with one connection that is kept.
struct Caller {
    http: Client,
    url: String,
}

impl Caller {
    async fn measure_cpu(&self, cpu: &Cpu) -> Result<ExitCode, Fault> {
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for round in 0..=ROUNDS {
            let (known, unknown) = (self.round(cpu, Some(&cpu.key)).await?, self.round(cpu, None).await?);
            // The first one is for connections, caches and prepared statements.
            if round > 0 {
                with.push(known);
                without.push(unknown);
            }
        }
        let difference: Figures = with.iter().zip(&without).map(|(with, without)| with - without).collect();
        let (with, without): (Figures, Figures) = (with.into_iter().collect(), without.into_iter().collect());
        let (median, most) = (difference.median(), difference.most());
        println!("server CPU a request, median of {ROUNDS} rounds of {}, microseconds", cpu.requests);
        println!("  with a known key {:>6.1}  without a key {:>6.1}", with.median(), without.median());
        println!(
            "  recognising it   {median:>6.1}  worst round {most:>8.1}  ratio {:.2}",
            with.median() / without.median()
        );
        let met = median <= cpu.bar;
        println!("  bar <= {} microseconds: {}", cpu.bar, if met { "met" } else { "MISSED" });
        Ok(if met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// The processor time of one request, in microseconds.
    async fn round(&self, cpu: &Cpu, key: Option<&str>) -> Result<f64, Fault> {
        let before = cpu_microseconds(cpu.pid)?;
        for _ in 0..cpu.requests {
            self.ask(key).await?;
        }
        Ok((cpu_microseconds(cpu.pid)? - before) / f64::from(cpu.requests))
    }

    async fn measure_each(&self, each: &Each) -> Result<ExitCode, Fault> {
        let mut took = Vec::new();
        for key in keys(&each.keys)? {
            let start = Instant::now();
            self.ask(Some(&key)).await?;
            took.push(milliseconds(start.elapsed()));
        }
        let took: Figures = took.into_iter().collect();
        let (half, most) = (took.percentile(50), took.percentile(99));
        println!("  {:<32} {:>4} requests  p50 {half:>6.2} ms  p99 {most:>6.2} ms", each.label, took.count());
        Ok(ExitCode::SUCCESS)
    }

    async fn ask(&self, key: Option<&str>) -> Result<(), Fault> {
        let request = self.http.get(&self.url);
        let request = if let Some(key) = key { request.bearer_auth(key) } else { request };
        let response = request.send().await?;
        let status = response.status().as_u16();
        drop(response.bytes().await?);
        if status == 404 { Ok(()) } else { Err(format!("answered {status}").into()) }
    }
}

fn keys(file: &Path) -> Result<Vec<String>, Fault> {
    Ok(std::fs::read_to_string(file)?.lines().map(str::to_owned).collect())
}
