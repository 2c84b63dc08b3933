//! `vedette up`: the server.

use shared::{
    error::chain,
    identity::Registered,
    settings::{Mode, Settings, environment},
};

use crate::{
    arguments::UpArgs,
    embedded::{self, Running},
    failure::{Cause, Failure},
    terminal::Terminal,
};

/// Runs the server until it is told to stop.
///
/// # Errors
/// When it cannot start, or ends by a fault.
pub(crate) async fn run(arguments: UpArgs, terminal: &Terminal) -> Result<(), Failure> {
    let wanted = format!("serving with data in {}", arguments.data.display());
    let failed = |cause: Cause| Failure::failed(&wanted, chain(cause.as_ref())).caused_by(cause);
    let lock = embedded::lock(&arguments.data).map_err(failed)?;
    let settings = Settings::of_process(Mode::Embedded(&arguments.data));
    let mut settings = settings.map_err(|error| failed(error.into()))?;
    shared::log::start(&settings.log);
    settings.web.listen = arguments.listen.unwrap_or(settings.web.listen);
    let running = embedded::start(settings).await.map_err(failed)?;
    shared::process::cancel_on_termination(&running.stop).map_err(|error| failed(error.into()))?;
    greet(&running, terminal).map_err(|error| failed(error.into()))?;
    let ended = running.ended().await.map_err(failed);
    drop(lock);
    ended
}

fn greet(running: &Running, terminal: &Terminal) -> std::io::Result<()> {
    terminal.line(&format!("Vedette listens on {}", running.url))?;
    running.owner.as_ref().map_or(Ok(()), |owner| terminal.line(&owner_lines(&running.url, owner)))
}

/// The owner's key, said once, with a command to try it. A key that the operator gave is not repeated: what is printed
/// here may end up in a log.
pub(crate) fn owner_lines(url: &str, owner: &Registered) -> String {
    let given = environment("VEDETTE_OWNER_KEY").is_some();
    let (told, key) = if given {
        ("The owner's key is the one in VEDETTE_OWNER_KEY.".to_owned(), "$VEDETTE_OWNER_KEY")
    } else {
        (format!("The owner's key, shown this once:\n\n  {}", owner.key.reveal()), owner.key.reveal())
    };
    format!(
        "{told}\n\nTry it:\n\n  \
         curl -X POST {url}/api/v1/scans -H \"Authorization: Bearer {key}\" \\\n    \
         -H 'Content-Type: application/json' -d '{{\"target\": \"127.0.0.1\", \"ports\": \"1-1000\"}}'\n"
    )
}
