//! `vedette user`.

use serde_json::{Value, json};
use shared::{
    core::Core,
    error::{Error, Noun},
    identity::{Home, Role, Tier, add_user, set_enabled, set_password, set_role, set_tier, user},
    store::identity::{User, list},
};

use super::{explain, open, read_password, table};
use crate::{
    arguments::operator::{AddUser, Place, SetPassword, UserCommand},
    failure::Failure,
    terminal::{Terminal, unless_closed},
};

/// Carries out one of the commands.
///
/// # Errors
/// Misuse for what cannot be used; a failure when there is no such user, or the database is away.
pub(crate) async fn run(command: UserCommand, terminal: &Terminal) -> Result<(), Failure> {
    match command {
        UserCommand::Add(arguments) => add(&arguments, terminal).await,
        UserCommand::List(place) => show(&place, terminal).await,
        UserCommand::Disable(one) => {
            let change = Change { wanted: "disabling", email: &one.email, place: &one.place };
            change.make(terminal, async |core, user| set_enabled(core, user, false).await).await
        }
        UserCommand::Enable(one) => {
            let change = Change { wanted: "enabling", email: &one.email, place: &one.place };
            change.make(terminal, async |core, user| set_enabled(core, user, true).await).await
        }
        UserCommand::SetRole(to) => {
            let change = Change { wanted: "setting the role of", email: &to.email, place: &to.place };
            change.make(terminal, async |core, user| set_role(core, user, role(&to.role)?).await).await
        }
        UserCommand::SetTier(to) => {
            let change = Change { wanted: "setting the tier of", email: &to.email, place: &to.place };
            change.make(terminal, async |core, user| set_tier(core, user, tier(&to.tier)?).await).await
        }
        UserCommand::SetPassword(to) => change_password(&to, terminal).await,
    }
}

fn role(word: &str) -> Result<Role, Error> {
    Role::try_from(word.to_owned()).map_err(Error::internal)
}

fn tier(word: &str) -> Result<Tier, Error> {
    Tier::try_from(word.to_owned()).map_err(Error::internal)
}

async fn change_password(to: &SetPassword, terminal: &Terminal) -> Result<(), Failure> {
    let password = read_password(&to.password_file)?;
    let change = Change { wanted: "setting the password of", email: &to.email, place: &to.place };
    change.make(terminal, async |core, user| set_password(core, user, &password).await).await
}

/// A change of one user.
struct Change<'a> {
    wanted: &'a str,
    email: &'a str,
    place: &'a Place,
}

impl Change<'_> {
    /// Makes it, and shows the user as they are then.
    async fn make(
        self,
        terminal: &Terminal,
        write: impl AsyncFn(&Core, &User) -> Result<(), Error>,
    ) -> Result<(), Failure> {
        let wanted = format!("{} {}", self.wanted, self.email);
        let core = open(self.place, terminal).await?;
        let changed = async {
            write(&core, &user(&core, self.email).await?).await?;
            user(&core, self.email).await
        };
        let user = changed.await.map_err(|error| explain(&wanted, error))?;
        tell(&user, self.place, terminal)
    }
}

async fn add(arguments: &AddUser, terminal: &Terminal) -> Result<(), Failure> {
    let wanted = format!("adding {}", arguments.email);
    let password = arguments.password_file.as_deref().map(read_password).transpose()?;
    let core = open(&arguments.place, terminal).await?;
    let added = async {
        let home = home(&core, arguments).await?;
        add_user(&core, home, &arguments.email, password.as_deref()).await
    };
    let user = added.await.map_err(|error| explain(&wanted, error))?;
    tell(&user, &arguments.place, terminal)
}

async fn home(core: &Core, arguments: &AddUser) -> Result<Home, Error> {
    if arguments.own_organization {
        return Ok(Home::Own(tier(&arguments.tier)?));
    }
    let with = if let Some(email) = &arguments.with {
        user(core, email).await?
    } else {
        list(&core.store).await?.into_iter().next().ok_or(Error::NotFound(Noun::User))?
    };
    Ok(Home::Joined(with.organization_id, role(&arguments.role)?))
}

async fn show(place: &Place, terminal: &Terminal) -> Result<(), Failure> {
    let core = open(place, terminal).await?;
    let users = list(&core.store).await.map_err(|error| explain("listing users", error))?;
    if place.json {
        let all = Value::from(users.iter().map(document).collect::<Vec<_>>());
        return terminal.line(&all.to_string()).or_else(unless_closed);
    }
    let row = |user: &User| {
        let state = if user.enabled { "enabled" } else { "disabled" };
        let (role, tier) = (user.role.as_str(), user.tier.as_str());
        [&user.email, role, &user.organization, tier, state].map(str::to_owned)
    };
    let rows: Vec<_> = users.iter().map(row).collect();
    let lines = table::lines(["USER", "ROLE", "ORGANIZATION", "TIER", "STATE"], &rows);
    terminal.line(&lines.join("\n")).or_else(unless_closed)
}

fn tell(user: &User, place: &Place, terminal: &Terminal) -> Result<(), Failure> {
    let text = if place.json {
        document(user).to_string()
    } else {
        let state = if user.enabled { "enabled" } else { "disabled" };
        let (role, tier) = (user.role.as_str(), user.tier.as_str());
        format!("{}: {role} of {}, tier {tier}, {state}", user.email, user.organization)
    };
    terminal.line(&text).or_else(unless_closed)
}

fn document(user: &User) -> Value {
    json!({
        "user_id": format!("usr_{}", user.id.to_base62()),
        "email": user.email,
        "claimed_email": user.claimed_email,
        "role": user.role.as_str(),
        "organization": user.organization,
        "tier": user.tier.as_str(),
        "enabled": user.enabled,
        "created_at": user.created_at,
    })
}
