//! Starting and stopping a process.

use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::{
    core::Core,
    error::chain,
    log,
    settings::{Mode, Settings},
};

/// What ends a process early.
type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Used wrongly: the exit code that clap has for it, too.
const MISUSE: u8 = 2;

const USAGE: &str = "\
It takes no arguments; everything is set by environment. Needed are:

  DATABASE_URL         such as postgres://vedette:PASSWORD@127.0.0.1/vedette
  REDIS_URL            such as redis://127.0.0.1:6379
  VEDETTE_SECRET_KEY   at least 32 characters, the same for every process

README.md lists the other settings. The tables are made by `vedette migrate`, to be run first.";

/// Runs one of several processes: settings, log, database and bell, then `serve` until SIGTERM or Ctrl-C. Asked for
/// `--help` or `--version`, it says that instead; `about` is what the process does.
pub async fn run<F>(
    name: &str,
    about: &str,
    serve: impl FnOnce(Core, Settings, CancellationToken) -> F,
) -> ExitCode
where
    F: Future<Output = Result<(), Cause>>,
{
    let version = concat!(" ", env!("CARGO_PKG_VERSION"));
    match std::env::args_os().nth(1) {
        None => match prepared(serve).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => refuse(&format!("{name}: {}", chain(error.as_ref())), ExitCode::FAILURE),
        },
        Some(word) if word == "--version" || word == "-V" => say(&format!("{name}{version}")),
        Some(word) if word == "--help" || word == "-h" => {
            say(&format!("{name}{version}: {about}\n\nUsage: {name} [--help | --version]\n\n{USAGE}"))
        }
        Some(word) => {
            let word = word.display();
            refuse(&format!("{name}: unexpected argument `{word}`; see {name} --help"), MISUSE.into())
        }
    }
}

async fn prepared<F>(serve: impl FnOnce(Core, Settings, CancellationToken) -> F) -> Result<(), Cause>
where
    F: Future<Output = Result<(), Cause>>,
{
    let settings = Settings::of_process(Mode::Processes)?;
    log::start(&settings.log);
    let core = Core::open(&settings).await?;
    core.require_tables().await?;
    core.require_secret().await?;
    let stop = CancellationToken::new();
    cancel_on_termination(&stop)?;
    serve(core, settings, stop).await
}

#[expect(
    clippy::print_stderr,
    reason = "said to whoever started the process, whether or not it logs already"
)]
fn refuse(why: &str, exit: ExitCode) -> ExitCode {
    eprintln!("{why}");
    exit
}

#[expect(clippy::print_stdout, reason = "what was asked for")]
fn say(text: &str) -> ExitCode {
    println!("{text}");
    ExitCode::SUCCESS
}

/// Cancels `stop` on SIGTERM or Ctrl-C.
///
/// # Errors
/// When the system does not let the process listen for signals.
pub fn cancel_on_termination(stop: &CancellationToken) -> std::io::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = stop.clone();
    tokio::spawn(async move {
        tokio::select! { _ = terminate.recv() => (), _ = interrupt.recv() => () }
        tracing::info!("stopping");
        stop.cancel();
    });
    Ok(())
}
