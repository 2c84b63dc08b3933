//! `vedette hawk-key`: keys that clients sign their requests with. Works on the database, with or without a server.

use shared::{
    core::Core,
    hawk_key::{Credentials, issue, revoke},
    settings::{Mode, Settings, environment},
};

use crate::{
    arguments::HawkKeyArgs,
    embedded,
    failure::{Cause, Failure},
    terminal::Terminal,
};

/// Makes a user's key, or takes it away.
///
/// # Errors
/// When there is no such user, or the database cannot be had.
pub(crate) async fn run(arguments: HawkKeyArgs, terminal: &Terminal) -> Result<(), Failure> {
    let wanted = format!("changing the Hawk key of {}", arguments.email);
    change(&arguments, terminal)
        .await
        .map_err(|cause| Failure::failed(&wanted, shared::error::chain(cause.as_ref())).caused_by(cause))
}

async fn change(arguments: &HawkKeyArgs, terminal: &Terminal) -> Result<(), Cause> {
    let database = environment("DATABASE_URL");
    // A SQLite file has one writer: not while a server works on it.
    let is_file = database.as_deref().is_none_or(|url| url.starts_with("sqlite:"));
    let lock = is_file.then(|| embedded::lock(&arguments.data)).transpose()?;
    let is_separate = !is_file && environment("VEDETTE_SECRET_KEY").is_some();
    let mode = if is_separate { Mode::Migration } else { Mode::Embedded(&arguments.data) };
    let mut settings = Settings::read(mode, &environment)?;
    shared::log::start(&settings.log);
    // Nothing here rings or counts, so Redis need not be there.
    settings.redis_url = None;
    let core = Core::open(&settings).await?;
    core.require_tables().await?;
    core.require_secret().await?;
    let email = &arguments.email;
    let said = if arguments.revoke {
        let was_there = revoke(&core, email).await?;
        if !was_there {
            return Err(format!("{email} has no key, or there is no such user").into());
        }
        format!("The key of {email} is gone.")
    } else {
        let credentials = issue(&core, email).await?;
        told(email, &credentials.ok_or_else(|| format!("there is no user {email}"))?)
    };
    terminal.line(&said)?;
    drop(lock);
    Ok(())
}

fn told(email: &str, credentials: &Credentials) -> String {
    let Credentials { id, organization, key } = credentials;
    format!(
        "The key of {email} for signed requests, shown this once; one they had before is gone:\n\n  \
         id            {id}\n  key           {key}\n  organization  {organization}\n\n\
         Clients sign with Hawk, SHA-256, and the organization as `ext`."
    )
}
