//! Measures the queue: the bell alone, jobs with their rows, and how soon a dead worker's job goes on.
//!
//! Each command makes one measurement and prints lines of a name and a figure; `report` reads many of them.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod durable;
mod redelivery;
mod report;
mod stage;
mod starts;
mod transport;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::stage::Stage;

/// Whatever goes wrong ends the measurement.
type Fault = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, Parser)]
#[command(about = "Measures the queue; see bench/README.md. Servers are named by Vedette's own settings")]
struct Arguments {
    #[command(subcommand)]
    measure: Measure,
}

#[derive(Debug, Subcommand)]
enum Measure {
    /// The bell alone: ids a second, and from ring to heard
    Transport { count: u32, singles: u32 },
    /// Jobs with rows, events and claims: jobs a second, and from submit to start
    Durable { count: u32, singles: u32, slots: usize },
    /// From the kill of a worker until another one starts on its job
    Redelivery,
    /// A worker that takes one job and holds it until it is killed
    Holder,
    /// Medians, ratios and bars of all lines in a file
    Report { lines: PathBuf },
}

#[tokio::main]
async fn main() -> Result<ExitCode, Fault> {
    match Arguments::parse().measure {
        Measure::Transport { count, singles } => {
            transport::measure(&Stage::open().await?, count, singles).await?;
        }
        Measure::Durable { count, singles, slots } => {
            durable::measure(&Stage::open().await?, count, singles, slots).await?;
        }
        Measure::Redelivery => redelivery::measure(&Stage::open().await?).await?,
        Measure::Holder => redelivery::hold(&Stage::open().await?).await?,
        Measure::Report { lines } => {
            let met = report::print(&std::fs::read_to_string(lines)?);
            return Ok(if met { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints one figure of one round.
fn say(name: &str, figure: f64) {
    println!("{name} {figure:.3}");
}
