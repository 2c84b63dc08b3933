//! What may be written after `vedette`.

pub(crate) mod operator;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use self::operator::{KeyCommand, UserCommand};

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "vedette",
    version,
    about = "A self-hosted security operations server, and its command line",
    after_help = "Example:\n  vedette scan scanme.example.com --ports 1-1000",
    propagate_version = true
)]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Say more: the causes of an error, and what happens on the way
    #[arg(short, long, global = true, display_order = 900)]
    pub(crate) verbose: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server
    #[command(after_help = "Example:\n  vedette up --listen 127.0.0.1:8000 --data ./data")]
    Up(UpArgs),
    /// Bring the database to this version's schema
    #[command(after_help = "Example:\n  vedette migrate")]
    Migrate,
    /// Scan hosts for open ports, and watch it happen
    #[command(after_help = SCAN_EXAMPLES)]
    Scan(ScanArgs),
    /// Make, list and revoke keys
    #[command(subcommand, after_help = "Example:\n  vedette key create ada@example.com --days 90")]
    Key(KeyCommand),
    /// Add and change users
    #[command(subcommand, after_help = "Example:\n  vedette user add ada@example.com --role analyst")]
    User(UserCommand),
    /// Print the completion script of a shell
    #[command(
        after_help = "Example:\n  vedette completions bash > ~/.local/share/bash-completion/completions/vedette"
    )]
    Completions {
        /// The shell to complete in
        shell: Shell,
    },
}

const SCAN_EXAMPLES: &str = "\
Examples:
  vedette scan 192.0.2.10 --ports 22,80,443
  vedette scan 192.0.2.0/28,host.example.com --ports top-1000 --fast
  vedette scan 192.0.2.10 --services --tls
  vedette scan host.example.com --server https://scans.example.com --key-file ~/.vedette-key
  vedette scan host.example.com --json | jq 'select(.event == \"port_found\").data.port'

Without --server the scan runs in this process, on a server of its own that ends with it.

Open ports are printed as they are found, in no order; the results document of --json has them sorted by
address and port. A host name without an address is told and left out, as long as another target is left.

Exit codes: 0 done; 1 failed, cancelled, or the server could not be reached; 2 wrong use; 130 left at the
second Ctrl-C. The first Ctrl-C cancels the scan and shows what was found; the second does not wait for that.";

/// What `up` needs.
#[derive(Args, Debug)]
pub(crate) struct UpArgs {
    /// The address to listen on; otherwise `VEDETTE_LISTEN`, `PORT` on every address, or 127.0.0.1:8000
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// The folder the server keeps its data in
    #[arg(long, value_name = "FOLDER", default_value = "./data", env = "VEDETTE_DATA")]
    pub(crate) data: PathBuf,
}

/// What `scan` needs.
#[derive(Args, Debug)]
pub(crate) struct ScanArgs {
    /// What to scan: host names, addresses and CIDR blocks, with commas between
    pub(crate) target: String,
    /// The ports: numbers and ranges with commas between, or a set such as top-1000
    #[arg(long, short, default_value = "1-1000")]
    pub(crate) ports: String,
    /// How to probe a port: tcp or udp; syn, fin, null or xmas where the server may
    #[arg(long = "type", alias = "scan-type", value_name = "TYPE", default_value = "tcp")]
    pub(crate) scan_type: String,
    /// What tries the ports of type tcp: auto, connect, or syn where the server may
    #[arg(long, value_name = "ENGINE")]
    pub(crate) engine: Option<String>,
    /// Whether addresses of blocks are asked first whether anybody is there: auto or off
    #[arg(long, value_name = "WHETHER")]
    pub(crate) discovery: Option<String>,
    /// Packets a second that each worker of the server may send for this scan
    #[arg(long, value_name = "PACKETS")]
    pub(crate) rate: Option<u32>,
    /// What to look for besides open ports.
    #[command(flatten)]
    pub(crate) looks: Looks,
    /// Print one JSON object a line for each event, and the results document last
    #[arg(long)]
    pub(crate) json: bool,
    /// The server to scan from
    #[arg(long, value_name = "URL", env = "VEDETTE_SERVER")]
    pub(crate) server: Option<String>,
    /// The key for the server; other users of this machine can see arguments, so prefer the variable or a file
    #[arg(long, env = "VEDETTE_KEY", hide_env_values = true)]
    pub(crate) key: Option<String>,
    /// A file holding the key, `-` for standard input; goes before --key
    #[arg(long, value_name = "PATH")]
    pub(crate) key_file: Option<PathBuf>,
    /// How to follow the scan; auto takes SSE, and WebSocket where SSE cannot be had
    #[arg(long, value_name = "HOW", value_enum, default_value_t = Follow::Auto)]
    pub(crate) follow: Follow,
}

/// The options of a scan that are on or off.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "four independent switches of the command line")]
pub(crate) struct Looks {
    /// Probe faster, with shorter waits
    #[arg(long)]
    pub(crate) fast: bool,
    /// Find out which services run on open ports, and their versions
    #[arg(long, visible_alias = "services")]
    pub(crate) service_detection: bool,
    /// Find out what open ports tell of the operating system
    #[arg(long, visible_alias = "os")]
    pub(crate) os_detection: bool,
    /// Look at the TLS of open ports: version and certificate
    #[arg(long, visible_alias = "tls")]
    pub(crate) ssl_check: bool,
}

impl Looks {
    /// Whether open ports are talked to, and told of once more then.
    pub(crate) fn identify(&self) -> bool {
        self.service_detection || self.os_detection || self.ssl_check
    }
}

// Without a line for each way, which clap would show at length: the option's own line says it.
/// How to follow a scan.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Follow {
    Auto,
    Sse,
    Websocket,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_holds_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_shows_an_example() {
        let arguments = Arguments::command();
        let nested = arguments.get_subcommands().flat_map(clap::Command::get_subcommands);
        for command in arguments.get_subcommands().chain(nested) {
            let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(text.contains("Example"), "{}", command.get_name());
        }
    }
}
