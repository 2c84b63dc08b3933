//! Other processes of a test, each in a network namespace of its own.

use std::{
    env,
    io::{BufRead, BufReader, Lines, StdinLock, Write},
    process::{Child, ChildStdout, Command, Stdio},
};

/// Set for the process that plays a part.
const ROLE: &str = "PORTSCAN_TEST_ROLE";
const HERE: &str = "here";
const GO: &str = "go";
const READY: &str = "ready";

/// The part that this process plays; `None` for the one that tests.
pub(super) fn role() -> Option<String> {
    env::var_os(ROLE).and_then(|role| role.into_string().ok())
}

/// Says that this process is there, and waits until its network is.
pub(super) fn arrive() -> StdinLock<'static> {
    println!("\n{HERE}");
    let mut input = std::io::stdin().lock();
    let mut line = String::new();
    input.read_line(&mut line).expect("the test speaks");
    assert_eq!(line.trim(), GO);
    input
}

pub(super) fn say_ready() {
    println!("\n{READY}");
}

/// A process that plays a part; it ends with this value.
pub(super) struct Peer {
    process: Child,
    output: Lines<BufReader<ChildStdout>>,
}

impl Peer {
    /// Starts the test `test` again, in a new namespace, for a part of it.
    pub(super) fn start(test: &str, role: &str) -> Self {
        let program = env::current_exe().expect("this test is a file");
        let mut command = Command::new("unshare");
        command.arg("-n").arg(program).args(["--exact", test, "--nocapture"]).env(ROLE, role);
        let mut process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("unshare starts");
        let output = BufReader::new(process.stdout.take().expect("it is piped")).lines();
        let mut peer = Self { process, output };
        peer.wait_for(HERE);
        peer
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Tells it that its network is there, and waits until it has set itself up.
    pub(super) fn let_go(&mut self) {
        let input = self.process.stdin.as_mut().expect("it is piped");
        writeln!(input, "{GO}").expect("the peer listens");
        self.wait_for(READY);
    }

    fn wait_for(&mut self, expected: &str) {
        let told = self.output.by_ref().map_while(Result::ok).any(|line| line == expected);
        assert!(told, "the peer never said: {expected}");
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        self.process.wait().expect("it is a child of ours");
    }
}

pub(super) fn shell(script: &str) {
    let output = Command::new("sh").args(["-ec", script]).output().expect("sh starts");
    assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
}
