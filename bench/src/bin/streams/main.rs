//! Measures streams: how they fan out, beside other servers; how listeners come back; how soon they hear of a worker.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod board;
mod crowd;
mod fan_out;
mod listener;
mod publisher;
mod report;
mod resume;
mod stage;
mod whole_way;

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, thread, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{
    fan_out::{FanOut, TOPICS},
    publisher::Publisher,
    stage::Stage,
};

/// Whatever goes wrong ends the measurement.
type Fault = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, Parser)]
#[command(about = "Measures streams; see bench/README.md. Our servers are named by Vedette's own settings")]
struct Arguments {
    #[command(subcommand)]
    measure: Measure,
}

#[derive(Debug, Subcommand)]
enum Measure {
    /// Memory of listeners, one publish a second, bursts, and many topics
    FanOut(Measured),
    /// Everybody comes back at once, with a number
    Resume(Resumed),
    /// From a worker's report to the sockets of two api processes
    WholeWay(Ways),
    /// Medians, ratios and bars of all lines in a file
    Report { lines: PathBuf },
}

/// How a stream is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    Sse,
    Websocket,
}

#[derive(Args, Debug)]
struct Measured {
    /// What the figures are called, such as `ours.sse`
    #[arg(long)]
    name: String,
    #[arg(long)]
    kind: Kind,
    /// Where the server listens
    #[arg(long)]
    server: SocketAddr,
    /// Processes of the server
    #[arg(long = "pid")]
    pids: Vec<u32>,
    /// It is ours: publish to the bell instead of by POST
    #[arg(long)]
    ours: bool,
    /// Listeners of one topic; half of them for bursts
    #[arg(long, default_value_t = 10_000)]
    listeners: usize,
    /// Publishes, one a second
    #[arg(long, default_value_t = 6)]
    seconds: u16,
    /// Bursts of 16
    #[arg(long, default_value_t = 10)]
    bursts: u16,
}

#[derive(Args, Debug)]
struct Resumed {
    #[arg(long)]
    server: SocketAddr,
    /// A job that has a thousand events
    #[arg(long)]
    job: Option<String>,
    /// Listeners that come back
    #[arg(long, default_value_t = 10_000)]
    listeners: usize,
}

#[derive(Args, Debug)]
struct Ways {
    /// Where the api processes listen
    #[arg(long = "server")]
    servers: Vec<SocketAddr>,
}

fn main() -> Result<ExitCode, Fault> {
    match Arguments::parse().measure {
        Measure::FanOut(measured) => fan_out(measured)?,
        Measure::Resume(Resumed { server, job: Some(job), listeners }) => {
            resume::measure(server, &job, listeners)?;
        }
        Measure::Resume(Resumed { job: None, .. }) => resume::prepare()?,
        Measure::WholeWay(Ways { servers }) => whole_way::measure(&servers)?,
        Measure::Report { lines } => {
            let met = report::print(&std::fs::read_to_string(lines)?);
            return Ok(if met { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn fan_out(measured: Measured) -> Result<(), Fault> {
    let Measured { name, kind, server, pids, ours, listeners, seconds, bursts } = measured;
    let publisher = if ours {
        let stage = Stage::open()?;
        let jobs = stage.submit(TOPICS)?;
        Publisher::Bell(Box::new(stage), jobs)
    } else {
        Publisher::post(server)?
    };
    FanOut { name, kind, server, pids, publisher, seconds, listeners, bursts }.measure()
}

/// Waits on a thread that has nothing else to do.
#[expect(clippy::disallowed_methods, reason = "this thread has no runtime to block")]
fn pause(duration: Duration) {
    thread::sleep(duration);
}

/// Prints one figure of one round.
fn say(name: &str, figure: f64) {
    println!("{name} {figure:.3}");
}
