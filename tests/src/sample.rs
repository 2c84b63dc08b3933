//! Running the document's samples in their own languages against a service.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::sync::OnceCell;

use crate::place::{checkout, installed};
use crate::wait::within;

const LIMIT: Duration = Duration::from_mins(1);
const INSTALL: Duration = Duration::from_mins(3);

static NODE: OnceCell<Result<(), String>> = OnceCell::const_new();
static PYTHON: OnceCell<Result<(), String>> = OnceCell::const_new();

/// What a sample said and how it ended.
#[derive(Debug)]
pub struct Told {
    /// Standard output.
    pub output: String,
    /// Standard error.
    pub errors: String,
    /// Whether it ended with 0.
    pub succeeded: bool,
}

/// Where the samples are.
#[must_use]
pub fn folder() -> PathBuf {
    checkout().join("tests/clients")
}

/// Installs the packages of the Node samples, once.
///
/// # Errors
/// Why they cannot run on this machine.
pub async fn node_is_ready() -> Result<(), String> {
    let prepare = async || {
        installed("node").and(installed("npm")).ok_or("node and npm are not installed")?;
        if ["axios", "hawk", "@hapi/hawk"]
            .iter()
            .all(|name| folder().join("node_modules").join(name).is_dir())
        {
            return Ok(());
        }
        install(Command::new("npm").args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])).await
    };
    NODE.get_or_init(prepare).await.clone()
}

/// Installs the packages of the Python samples, once.
///
/// # Errors
/// Why they cannot run on this machine.
pub async fn python_is_ready() -> Result<(), String> {
    let prepare = async || {
        installed("python3").ok_or("python3 is not installed")?;
        if ["requests", "mohawk", "requests_hawk"]
            .iter()
            .all(|name| folder().join("python_modules").join(name).is_dir())
        {
            return Ok(());
        }
        let pip = ["-m", "pip", "install", "--quiet", "--target", "python_modules", "-r", "requirements.txt"];
        install(Command::new("python3").args(pip)).await
    };
    PYTHON.get_or_init(prepare).await.clone()
}

/// Runs a sample: `program` with these arguments, in the folder of the samples.
///
/// # Panics
/// When it cannot be started or does not end.
pub async fn run(program: &str, arguments: &[&str]) -> Told {
    run_with(program, arguments, []).await
}

/// The same with more in its environment.
pub(crate) async fn run_with<'a>(
    program: &str,
    arguments: &[&str],
    more: impl IntoIterator<Item = (&'a str, &'a PathBuf)>,
) -> Told {
    let mut command = Command::new(program);
    command.envs(more);
    command.args(arguments).current_dir(folder()).env("PYTHONPATH", folder().join("python_modules"));
    let child = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = within(program, LIMIT, child).await.unwrap();
    Told {
        output: String::from_utf8_lossy(&output.stdout).into_owned(),
        errors: String::from_utf8_lossy(&output.stderr).into_owned(),
        succeeded: output.status.success(),
    }
}

async fn install(command: &mut Command) -> Result<(), String> {
    let child = command.current_dir(folder()).stdin(Stdio::null()).kill_on_drop(true).output();
    let output =
        within("the packages of the samples", INSTALL, child).await.map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("packages could not be installed: {}", String::from_utf8_lossy(&output.stderr)))
}
