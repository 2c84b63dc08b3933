//! `vedette migrate`: brings the database to this version's tables, and opens the owner's account at first.

use shared::{
    bell::Bell,
    identity::open_owner,
    settings::{Mode, Settings},
};

use crate::{
    failure::{Cause, Failure},
    operator::with_bell,
    terminal::Terminal,
    up::owner_lines,
};

/// Applies the migrations that are missing. Safe to run again, before every start.
///
/// # Errors
/// When the database cannot be reached or a migration fails.
pub(crate) async fn run(terminal: &Terminal) -> Result<(), Failure> {
    migrate(terminal).await.map_err(|cause| {
        Failure::failed("migrating the database", shared::error::chain(cause.as_ref())).caused_by(cause)
    })
}

async fn migrate(terminal: &Terminal) -> Result<(), Cause> {
    let settings = Settings::of_process(Mode::Migration)?;
    shared::log::start(&settings.log);
    // Nothing here rings, so Redis need not be there yet.
    let core = with_bell(&settings, Bell::open(None).await?).await?;
    core.store.migrate().await?;
    core.require_secret().await?;
    let owner = open_owner(&core, &settings.owner_email, settings.owner_key).await?;
    terminal.line("The database has the tables of this version.")?;
    if let Some(owner) = owner {
        let url = settings.web.public_url.clone();
        let url = url.unwrap_or_else(|| format!("{}://{}", settings.web.scheme(), settings.web.listen));
        terminal.line(&owner_lines(&url, &owner))?;
    }
    Ok(())
}
