//! The near and the far end of a cable, each a process in a network namespace of its own.

use std::{
    env,
    io::{BufRead, BufReader, Lines, Write},
    net::{IpAddr, Ipv6Addr, TcpListener},
    process::{Child, ChildStdout, Command, Stdio},
    thread,
};

use crate::{child, skip::skipped};

/// Set for the process at the far end.
const IS_FAR: &str = "PORTSCAN_TEST_IS_FAR";
const HERE: &str = "far end: here";
const READY: &str = "far end: ready";
const CABLE: &str = "plugged in";

/// What the far end of a cable is like.
pub(super) struct Far {
    /// Run by a shell at the far end, whose interface is `far0`.
    pub(super) setup: &'static str,
    /// Listening on every address.
    pub(super) listeners: fn() -> Vec<u16>,
}

/// Addresses of both ends, and a way to a whole network behind the far one.
const NEAR_SETUP: &str = "
    ip link set near0 up
    ip addr add 198.18.0.1/24 dev near0
    ip addr add 2001:db8::1/64 dev near0 nodad
    ip route add 198.18.4.0/24 via 198.18.0.2";
const FAR_SETUP: &str = "
    ip link set lo up
    ip link set far0 up
    ip addr add 198.18.0.2/24 dev far0
    ip addr add 2001:db8::2/64 dev far0 nodad
    ip route add local 198.18.4.0/24 dev lo";

/// Runs `near` at the near end of a cable, with `far` at the other; `test` is the name of the calling test.
pub(super) fn run(test: &str, far: &Far, near: fn()) {
    if env::var_os(IS_FAR).is_some() {
        be_far(far);
    } else if child::is_child() {
        let _far = FarEnd::start(test);
        near();
    } else if !child::run_in_empty_network(test) {
        skipped(test.rsplit("::").next().unwrap_or(test), "this machine allows no network namespaces");
    }
}

fn be_far(far: &Far) {
    println!("\n{HERE}");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("the near end speaks");
    assert_eq!(line.trim(), CABLE);
    shell(&format!("{FAR_SETUP}\n{}", far.setup));
    let any = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
    for port in (far.listeners)() {
        let listener = TcpListener::bind((any, port)).expect("the namespace is empty");
        thread::spawn(move || listener.incoming().for_each(drop));
    }
    println!("{READY}");
    // Until the near end has gone.
    std::io::stdin().read_line(&mut line).expect("standard input can be read");
}

/// The process at the far end; it ends with this value.
struct FarEnd {
    process: Child,
    output: Lines<BufReader<ChildStdout>>,
}

impl FarEnd {
    fn start(test: &str) -> Self {
        let program = env::current_exe().expect("this test is a file");
        let mut command = Command::new("unshare");
        command.arg("-n").arg(program).args(["--exact", test, "--nocapture"]).env(IS_FAR, "1");
        let mut process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("unshare starts");
        let output = BufReader::new(process.stdout.take().expect("it is piped")).lines();
        let mut far = Self { process, output };
        far.wait_for(HERE);
        let cable = format!("ip link add near0 type veth peer name far0 netns {}", far.process.id());
        shell(&format!("{cable}\n{NEAR_SETUP}"));
        let input = far.process.stdin.as_mut().expect("it is piped");
        writeln!(input, "{CABLE}").expect("the far end listens");
        far.wait_for(READY);
        far
    }

    fn wait_for(&mut self, expected: &str) {
        let told = self.output.by_ref().map_while(Result::ok).any(|line| line == expected);
        assert!(told, "the far end never said: {expected}");
    }
}

impl Drop for FarEnd {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        self.process.wait().expect("it is a child of ours");
    }
}

fn shell(script: &str) {
    let output = Command::new("sh").args(["-ec", script]).output().expect("sh starts");
    assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
}
