//! `vedette key`.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use shared::{
    core::Core,
    error::Error,
    id::KeyId,
    identity::{
        Addresses, Form, Issued, KeyOrder, Permissions, RateTier, issue, issue_signing_key, public_id,
        revoke, user,
    },
    store::{
        identity::User,
        keys::{StoredKey, Whose, list},
    },
};

use super::{explain, open, table};
use crate::{
    arguments::operator::{CreateKey, KeyCommand, ListKeys, RevokeKey},
    failure::Failure,
    terminal::{Terminal, unless_closed},
};

/// Carries out one of the commands.
///
/// # Errors
/// Misuse for what cannot be used; a failure when there is no such user or key, or the database is away.
pub(crate) async fn run(command: KeyCommand, terminal: &Terminal) -> Result<(), Failure> {
    match command {
        KeyCommand::Create(arguments) => create(&arguments, terminal).await,
        KeyCommand::List(arguments) => show(&arguments, terminal).await,
        KeyCommand::Revoke(arguments) => end(&arguments, terminal).await,
    }
}

async fn create(arguments: &CreateKey, terminal: &Terminal) -> Result<(), Failure> {
    let wanted = format!("making a key for {}", arguments.email);
    let core = open(&arguments.place, terminal).await?;
    let made = async {
        let order = order(&core, arguments)?;
        let user = user(&core, &arguments.email).await?;
        let issued = if arguments.hawk {
            issue_signing_key(&core, &user, &order).await?
        } else {
            issue(&core, &user, &order).await?
        };
        Ok((issued, user))
    };
    let (issued, user) = made.await.map_err(|error| explain(&wanted, error))?;
    let text = match (arguments.place.json, arguments.hawk) {
        (true, _) => made_document(&issued, &user).to_string(),
        (false, true) => signing_lines(&issued, &user),
        (false, false) => key_lines(&issued, &user),
    };
    terminal.line(&text).or_else(unless_closed)
}

fn key_lines(issued: &Issued, user: &User) -> String {
    let (email, key) = (&user.email, issued.key.reveal());
    format!("The key of {email}, shown this once:\n\n  {key}\n\n{}", end_line(issued))
}

fn signing_lines(issued: &Issued, user: &User) -> String {
    let (email, key) = (&user.email, issued.key.reveal());
    let (id, organization) = (public_id(user.id.uuid()), public_id(user.organization_id.uuid()));
    format!(
        "The key that {email} signs with, shown this once; one they had before is revoked:\n\n  \
         id            {id}\n  key           {key}\n  organization  {organization}\n\n\
         Clients sign with Hawk, SHA-256, and the organization as `ext`. {}",
        end_line(issued)
    )
}

fn end_line(issued: &Issued) -> String {
    let end = issued.expires_at.map_or_else(|| "never ends".to_owned(), |end| format!("ends {}", day(end)));
    format!("It has the id {} and {end}.", shown(issued.id))
}

/// A key that was just made; one that signs with what else its clients are set up with.
fn made_document(issued: &Issued, user: &User) -> Value {
    let mut document = json!({
        "key_id": shown(issued.id),
        "key": issued.key.reveal(),
        "user": user.email,
        "expires_at": issued.expires_at,
    });
    if let (Form::Hawk, Some(fields)) = (issued.key.form(), document.as_object_mut()) {
        fields.insert("hawk_id".to_owned(), public_id(user.id.uuid()).into());
        fields.insert("hawk_organization".to_owned(), public_id(user.organization_id.uuid()).into());
    }
    document
}

fn order(core: &Core, arguments: &CreateKey) -> Result<KeyOrder, Error> {
    Ok(KeyOrder {
        form: Form::try_from(arguments.form.clone()).map_err(Error::internal)?,
        name: arguments.name.clone(),
        description: arguments.description.clone(),
        permissions: Permissions::parse(&arguments.permissions)?,
        read_only: arguments.read_only,
        allowed_addresses: Addresses::parse(&arguments.from)?,
        rate_tier: RateTier::try_from(arguments.rate_tier.clone()).map_err(Error::internal)?,
        expires_at: arguments.days.map(|days| core.clock.now() + TimeDelta::days(days)),
    })
}

async fn show(arguments: &ListKeys, terminal: &Terminal) -> Result<(), Failure> {
    let wanted = "listing keys";
    let core = open(&arguments.place, terminal).await?;
    let found = async {
        let whose = match &arguments.user {
            Some(email) => Whose::User(user(&core, email).await?.id),
            None => Whose::Everybody,
        };
        list(&core.store, whose).await
    };
    let keys = found.await.map_err(|error| explain(wanted, error))?;
    if arguments.place.json {
        let document = Value::from(keys.iter().map(document).collect::<Vec<_>>());
        return terminal.line(&document.to_string()).or_else(unless_closed);
    }
    let head = ["ID", "USER", "BEGINS", "NAME", "MAY", "FROM", "ENDS", "LAST USED", "STATE"];
    let rows: Vec<_> = keys.iter().map(|key| row(key, core.clock.now())).collect();
    let lines = table::lines(head, &rows).join("\n");
    terminal.line(&lines).or_else(unless_closed)
}

fn row(key: &StoredKey, now: DateTime<Utc>) -> [String; 9] {
    let reads = if key.read_only { " (read-only)" } else { "" };
    let state = if key.revoked_at.is_some() {
        "revoked"
    } else if key.expires_at.is_some_and(|end| end <= now) {
        "ended"
    } else {
        "good"
    };
    [
        shown(key.id),
        key.email.clone(),
        key.prefix.clone(),
        key.name.clone(),
        format!("{}{reads}", key.permissions),
        key.allowed_addresses.to_string(),
        key.expires_at.map(day).unwrap_or_default(),
        key.last_used_at.map(day).unwrap_or_default(),
        state.to_owned(),
    ]
}

fn document(key: &StoredKey) -> Value {
    json!({
        "key_id": shown(key.id),
        "user": key.email,
        "prefix": key.prefix,
        "name": key.name,
        "description": key.description,
        "permissions": key.permissions.to_string(),
        "read_only": key.read_only,
        "allowed_addresses": key.allowed_addresses.blocks().collect::<Vec<_>>(),
        "rate_tier": key.rate_tier.as_str(),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "revoked_at": key.revoked_at,
    })
}

async fn end(arguments: &RevokeKey, terminal: &Terminal) -> Result<(), Failure> {
    let wanted = "revoking a key";
    let id = arguments.id.strip_prefix("key_").and_then(KeyId::from_base62).ok_or_else(|| {
        Failure::misuse(wanted, format!("`{}` is not the id of a key", arguments.id))
            .advise("`vedette key list` shows the ids, which begin with key_")
    })?;
    let core = open(&arguments.place, terminal).await?;
    let key = revoke(&core, id).await.map_err(|error| explain(wanted, error))?;
    let text = if arguments.place.json {
        json!({ "key_id": shown(id), "user": key.email, "revoked": true }).to_string()
    } else {
        format!("Revoked the key of {} that begins with {}.", key.email, key.prefix)
    };
    terminal.line(&text).or_else(unless_closed)
}

fn shown(id: KeyId) -> String {
    format!("key_{}", id.to_base62())
}

fn day(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M").to_string()
}
