//! Starting and stopping a process.

use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::{
    core::Core,
    error::chain,
    log,
    settings::{Mode, Settings, environment},
};

/// What ends a process early.
type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Runs one of several processes: settings, log, database and bell, then `serve` until SIGTERM or Ctrl-C.
pub async fn run<F>(name: &str, serve: impl FnOnce(Core, Settings, CancellationToken) -> F) -> ExitCode
where
    F: Future<Output = Result<(), Cause>>,
{
    match prepared(serve).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refuse(name, error.as_ref()),
    }
}

async fn prepared<F>(serve: impl FnOnce(Core, Settings, CancellationToken) -> F) -> Result<(), Cause>
where
    F: Future<Output = Result<(), Cause>>,
{
    let settings = Settings::read(Mode::Processes, &environment)?;
    log::start(&settings.log);
    let core = Core::open(&settings).await?;
    core.require_tables().await?;
    let stop = CancellationToken::new();
    cancel_on_termination(&stop)?;
    serve(core, settings, stop).await
}

#[expect(
    clippy::print_stderr,
    reason = "said to whoever started the process, whether or not it logs already"
)]
fn refuse(name: &str, error: &(dyn std::error::Error + 'static)) -> ExitCode {
    eprintln!("{name}: {}", chain(error));
    ExitCode::FAILURE
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
