//! `vedette key` and `vedette user`: the operator's hand on the database, with or without a running server.

mod keys;
mod table;
mod users;

use std::{io::Read as _, path::Path};

use shared::{
    bell::Bell,
    clock::Clock,
    core::Core,
    error::{Error, chain},
    identity::Known,
    limit::Limiter,
    settings::{Mode, Settings, environment},
    store::Store,
};

pub(crate) use self::{keys::run as run_key, users::run as run_user};
use crate::{
    arguments::operator::Place,
    embedded,
    failure::{Cause, Failure},
    terminal::Terminal,
};

/// Opens the database that the server at this place has; nothing is made that is not there.
async fn open(place: &Place, terminal: &Terminal) -> Result<Core, Failure> {
    let wanted = "opening the server's database";
    let folder = &place.data;
    let missing = |what: &str, file: &str, variable: &str| {
        Failure::misuse(wanted, format!("there is no {what} {}", folder.join(file).display())).advise(
            format!("name the server's data folder with --data, or set {variable} as the server has it"),
        )
    };
    if environment("DATABASE_URL").is_none() && !folder.join("vedette.db").exists() {
        return Err(missing("database", "vedette.db", "DATABASE_URL"));
    }
    if environment("VEDETTE_SECRET_KEY").is_none() && !folder.join("secret.key").exists() {
        return Err(missing("secret", "secret.key", "VEDETTE_SECRET_KEY"));
    }
    embedded::keep_private();
    let settings = Settings::of_process(Mode::Embedded(folder))
        .map_err(|error| Failure::misuse(wanted, error.to_string()))?;
    shared::log::start(&environment("VEDETTE_LOG").unwrap_or_else(|| "off".to_owned()));
    let bell = match Bell::open(settings.redis_url.as_deref()).await {
        Ok(bell) => bell,
        Err(error) => {
            terminal.note(&format!(
                "{}; the server will notice within a second, its open streams within 20",
                chain(&error)
            ));
            Bell::open(None).await.map_err(|error| explain(wanted, error))?
        }
    };
    let core = with_bell(&settings, bell).await.map_err(|error| explain(wanted, error))?;
    core.require_tables().await.map_err(|error| explain(wanted, error))?;
    core.require_secret().await.map_err(|error| explain(wanted, error))?;
    Ok(core)
}

/// A core that serves nobody: it counts nothing, and needs few connections.
///
/// # Errors
/// `Unavailable` when the database is away.
pub(crate) async fn with_bell(settings: &Settings, bell: Bell) -> Result<Core, Error> {
    Ok(Core {
        store: Store::open(&settings.database_url, 2).await?,
        bell,
        limiter: Limiter::open(None).await?,
        known: Known::default(),
        clock: Clock::System,
        secret: settings.secret.clone(),
        limits: settings.limits.clone(),
    })
}

/// What went wrong, for a person.
fn explain(wanted: &str, error: Error) -> Failure {
    let happened = chain(&error);
    let failure = if matches!(error, Error::Invalid(_)) {
        Failure::misuse(wanted, happened)
    } else {
        Failure::failed(wanted, happened)
    };
    let failure = if let Error::NotFound(noun) = &error {
        failure.advise(format!("`vedette {noun} list` shows what there is"))
    } else {
        failure
    };
    failure.caused_by(Cause::from(error))
}

/// Reads a password from a file, without the end of its line.
fn read_password(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).map(drop)
    } else {
        std::fs::read_to_string(path).map(|read| text = read)
    };
    read.map_err(|error| {
        Failure::misuse(format!("reading the password from {}", path.display()), error.to_string())
            .advise("check --password-file")
    })?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
