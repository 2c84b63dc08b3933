//! The `vedette` command: the server, and a client of its HTTP API.

mod arguments;
mod call_error;
mod client;
mod completions;
mod duration;
mod embedded;
mod event;
mod exit;
mod failure;
mod follow;
mod inert;
mod interrupts;
mod key;
mod margin;
mod migrate;
mod operator;
mod report;
mod scan;
mod server_url;
mod sse;
mod terminal;
mod tls;
mod up;
mod wire;

use std::future::ready;
use std::pin::pin;
use std::process::ExitCode;

use arguments::{Arguments, Command};
use clap::Parser as _;
use exit::Exit;
use failure::Failure;
use interrupts::Interrupts;
use terminal::Terminal;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let terminal = Terminal::open(arguments.verbose);
    tls::install_provider();
    let exit = run(arguments.command, &terminal).unwrap_or_else(|failure| {
        terminal.failure(&failure);
        failure.exit()
    });
    exit.into()
}

/// Starts the runtime and carries out one command in it.
fn run(command: Command, terminal: &Terminal) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed("starting the runtime", error.to_string()).caused_by(error))?;
    let outcome = runtime.block_on(carry_out(command, terminal));
    runtime.shutdown_background();
    outcome
}

async fn carry_out(command: Command, terminal: &Terminal) -> Result<Exit, Failure> {
    match command {
        Command::Up(arguments) => up::run(arguments, terminal).await.map(|()| Exit::Done),
        Command::Migrate => migrate::run(terminal).await.map(|()| Exit::Done),
        Command::Key(command) => operator::run_key(command, terminal).await.map(|()| Exit::Done),
        Command::User(command) => operator::run_user(command, terminal).await.map(|()| Exit::Done),
        Command::Completions { shell } => completions::print(shell, terminal).map(|()| Exit::Done),
        Command::Scan(arguments) => {
            let interrupts = Interrupts::listen().map_err(|error| {
                Failure::failed("listening for Ctrl-C", error.to_string()).caused_by(error)
            })?;
            let mut scan = pin!(scan::run(&arguments, terminal, &interrupts));
            tokio::select! {
                biased;
                outcome = &mut scan => outcome,
                // The scan has the last word, which says what is left behind, if it heard the signal as well.
                () = interrupts.second() => tokio::select! {
                    biased;
                    outcome = &mut scan => outcome,
                    () = ready(()) => Ok(Exit::Interrupted),
                },
            }
        }
    }
}
