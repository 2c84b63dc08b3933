//! What may be written after `vedette key` and `vedette user`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

const WHERE: &str = "\
These commands work on the server's database, whether or not the server runs: the one that DATABASE_URL names, else the
one in the data folder (--data). What is changed holds at once where REDIS_URL is set as the server has it, and else
within a second, for open streams, too, unless the server has Redis: those then end within 20 seconds.";

/// `vedette key`.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key for a user, and show it, this once
    #[command(after_help = format!(
        "Examples:\n  vedette key create ada@example.com --name laptop --days 90\n  \
         vedette key create ada@example.com --read-only --from 10.0.0.0/8 --json\n  \
         vedette key create ada@example.com --hawk\n\n{WHERE}"
    ))]
    Create(CreateKey),
    /// List keys: never the keys themselves, but what they begin with
    #[command(after_help = format!("Example:\n  vedette key list --user ada@example.com\n\n{WHERE}"))]
    List(ListKeys),
    /// Revoke a key for good
    #[command(after_help = format!("Example:\n  vedette key revoke key_0Bq3mXv9...\n\n{WHERE}"))]
    Revoke(RevokeKey),
}

/// `vedette user`.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Add a user
    #[command(after_help = format!(
        "Examples:\n  vedette user add ada@example.com --role analyst\n  \
         vedette user add eve@example.org --own-organization --tier pro --password-file -\n\n{WHERE}"
    ))]
    Add(AddUser),
    /// List users
    #[command(after_help = format!("Example:\n  vedette user list --json\n\n{WHERE}"))]
    List(Place),
    /// Stop a user with all their keys and sessions
    #[command(after_help = format!("Example:\n  vedette user disable ada@example.com\n\n{WHERE}"))]
    Disable(OneUser),
    /// Let a disabled user go on
    #[command(after_help = format!("Example:\n  vedette user enable ada@example.com\n\n{WHERE}"))]
    Enable(OneUser),
    /// Give a user another role
    #[command(after_help = format!("Example:\n  vedette user set-role ada@example.com viewer\n\n{WHERE}"))]
    SetRole(SetRole),
    /// Give a user's organization another tier
    #[command(after_help = format!("Example:\n  vedette user set-tier ada@example.com pro\n\n{WHERE}"))]
    SetTier(SetTier),
    /// Give a user another password
    #[command(after_help = format!(
        "Example:\n  vedette user set-password ada@example.com --password-file ./password\n\n{WHERE}"
    ))]
    SetPassword(SetPassword),
}

/// Which database, and how to answer.
#[derive(Args, Debug)]
pub(crate) struct Place {
    /// The server's data folder, with its database and its secret
    #[arg(long, value_name = "FOLDER", default_value = "./data", env = "VEDETTE_DATA")]
    pub(crate) data: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct CreateKey {
    /// The e-mail address of the user that the key is for
    pub(crate) email: String,
    /// What to call it
    #[arg(long, default_value = "")]
    pub(crate) name: String,
    /// What else there is to say about it
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) description: String,
    /// What it may do, if its user may: all, or words such as scans:read,scans:write
    #[arg(long, value_name = "WORDS", default_value = "all")]
    pub(crate) permissions: String,
    /// Let it change nothing
    #[arg(long)]
    pub(crate) read_only: bool,
    /// From where it may be used: addresses and CIDR blocks with commas between; otherwise from everywhere
    #[arg(long, value_name = "BLOCKS", default_value = "")]
    pub(crate) from: String,
    /// How many requests a minute it has where keys are counted: the usual number, or a higher one
    #[arg(long, value_parser = ["standard", "high"], default_value = "standard")]
    pub(crate) rate_tier: String,
    /// How many days it lives; otherwise for good
    #[arg(long, value_parser = clap::value_parser!(i64).range(1..=36_500))]
    pub(crate) days: Option<i64>,
    /// What it begins with; a key of any form is good wherever its permissions reach
    #[arg(long, value_parser = ["sk_live_", "chad_ak_", "chn_live_"], default_value = "sk_live_")]
    pub(crate) form: String,
    /// Make the key that the user's clients sign their requests with (Hawk), in place of the one they had
    #[arg(long, conflicts_with = "form")]
    pub(crate) hawk: bool,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Args, Debug)]
pub(crate) struct ListKeys {
    /// Only those of the user with this e-mail address
    #[arg(long, value_name = "EMAIL")]
    pub(crate) user: Option<String>,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Args, Debug)]
pub(crate) struct RevokeKey {
    /// The key's id, as `vedette key list` shows it
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Args, Debug)]
pub(crate) struct OneUser {
    /// Their e-mail address
    pub(crate) email: String,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Args, Debug)]
pub(crate) struct AddUser {
    /// Their e-mail address
    pub(crate) email: String,
    /// What they may do in the organization
    #[arg(long, value_parser = ["owner", "analyst", "viewer"], default_value = "analyst")]
    pub(crate) role: String,
    /// Whose organization they join; otherwise that of the first user, the owner of this server
    #[arg(long, value_name = "EMAIL")]
    pub(crate) with: Option<String>,
    /// Make an organization of their own, which they are the owner of
    #[arg(long, conflicts_with_all = ["with", "role"])]
    pub(crate) own_organization: bool,
    /// The tier of their own organization
    #[arg(long, value_parser = ["free", "pro", "enterprise"], default_value = "free", requires = "own_organization")]
    pub(crate) tier: String,
    /// A file with their password, `-` for standard input; without one they cannot log in, but may have keys
    #[arg(long, value_name = "PATH")]
    pub(crate) password_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Args, Debug)]
pub(crate) struct SetRole {
    /// Their e-mail address
    pub(crate) email: String,
    /// The role
    #[arg(value_parser = ["owner", "analyst", "viewer"])]
    pub(crate) role: String,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Args, Debug)]
pub(crate) struct SetTier {
    /// The e-mail address of somebody in the organization
    pub(crate) email: String,
    /// The tier
    #[arg(value_parser = ["free", "pro", "enterprise"])]
    pub(crate) tier: String,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Args, Debug)]
pub(crate) struct SetPassword {
    /// Their e-mail address
    pub(crate) email: String,
    /// A file with the password, `-` for standard input
    #[arg(long, value_name = "PATH")]
    pub(crate) password_file: PathBuf,
    #[command(flatten)]
    pub(crate) place: Place,
}
