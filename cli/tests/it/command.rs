//! Runs the binary.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;

use crate::fake::Fake;
use crate::reply::SCAN;

/// No test takes as long as this.
const LIMIT: Duration = Duration::from_secs(30);

/// What is left of a process.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit code.
    pub(crate) code: Option<i32>,
    /// Standard output.
    pub(crate) output: String,
    /// Standard error.
    pub(crate) errors: String,
}

impl Ended {
    /// Standard output, every line of it being JSON.
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.output.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The names and ids of the events on standard output.
    pub(crate) fn events(&self) -> Vec<(String, Option<u64>)> {
        let name = |line: &Value| line["event"].as_str().unwrap().to_owned();
        self.lines().iter().map(|line| (name(line), line["id"].as_u64())).collect()
    }
}

/// The binary, with none of our variables around it.
pub(crate) fn vedette(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vedette"));
    for name in ["VEDETTE_SERVER", "VEDETTE_KEY", "NO_COLOR"] {
        command.env_remove(name);
    }
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// `vedette scan lab.test` on the fake, with a key.
pub(crate) fn scan(fake: &Fake, arguments: &[&str]) -> Command {
    let mut command = vedette(&["scan", "lab.test"]);
    command.args(arguments).env("VEDETTE_SERVER", &fake.url).env("VEDETTE_KEY", "sk_live_test");
    command
}

/// The line on standard error that names the scan.
pub(crate) fn start_line(fake: &Fake) -> String {
    format!("vedette: {SCAN} on {}\n", fake.url)
}

/// Runs a command to its end.
pub(crate) async fn run(mut command: Command) -> Ended {
    let output = tokio::time::timeout(LIMIT, command.output()).await.expect("it does not end").unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), output: text(output.stdout), errors: text(output.stderr) }
}
