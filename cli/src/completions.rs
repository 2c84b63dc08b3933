//! `vedette completions`: the script a shell completes the command with.

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::arguments::Arguments;
use crate::failure::Failure;
use crate::terminal::{Terminal, unless_closed};

/// Prints the script for one shell.
///
/// # Errors
/// When standard output cannot be written.
pub(crate) fn print(shell: Shell, terminal: &Terminal) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "vedette", &mut script);
    terminal.line(String::from_utf8_lossy(&script).trim_end()).or_else(unless_closed)
}
