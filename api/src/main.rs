//! The HTTP process: `vedette-api`.

use std::process::ExitCode;

use api::Server;
use shared::{
    core::Core,
    settings::{Mode, Settings, environment},
};
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> ExitCode {
    let settings = match Settings::read(Mode::Processes, &environment) {
        Ok(settings) => settings,
        Err(error) => return refuse(&error),
    };
    shared::log::start(&settings.log);
    match start(settings).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refuse(error.as_ref()),
    }
}

async fn start(settings: Settings) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let core = Core::open(&settings).await?;
    core.require_tables().await?;
    let stop = CancellationToken::new();
    shared::signals::cancel_on_termination(&stop)?;
    let server = Server::bind(core, settings.listen, settings.public_url).await?;
    tracing::info!(address = %server.address(), "listening");
    Ok(server.run(stop, settings.drain).await?)
}

#[expect(clippy::print_stderr, reason = "said to whoever started the process, before and after logging")]
fn refuse(error: &(dyn std::error::Error + 'static)) -> ExitCode {
    eprintln!("vedette-api: {}", shared::error::chain(error));
    ExitCode::FAILURE
}
