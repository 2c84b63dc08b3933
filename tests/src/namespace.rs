//! Networks of a test's own, for what no service could do on loopback: the test runs again in a network namespace, with
//! a cable to another one. Nothing lies beyond.

use std::env;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::AsFd;
use std::process::{Child, Command, Stdio};
use std::thread;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::deployment::Deployment;
use crate::pair::Pair;
use crate::skip::skipped;

/// Set for the test that runs in a namespace.
const IS_INSIDE: &str = "VEDETTE_TESTS_INSIDE";

/// Runs a test of that name, alone in a namespace with nothing in it but loopback.
///
/// # Panics
/// When it fails.
pub fn alone<T: Future<Output = ()>>(test: &str, body: impl FnOnce() -> T) {
    if env::var_os(IS_INSIDE).is_some() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        runtime.unwrap().block_on(body());
        return;
    }
    let allowed = Command::new("unshare").args(["-rn", "ip", "link", "set", "lo", "up"]).output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        skipped(test, "this machine allows no network namespaces");
        return;
    }
    let mut command = Command::new("unshare");
    command
        .args(["-rn", "sh", "-c", r#"ip link set lo up && exec "$0" "$@""#])
        .arg(env::current_exe().unwrap());
    let output = command.args(["--exact", test, "--nocapture"]).env(IS_INSIDE, "1").output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.contains("1 passed"), "no test of that name: {told}");
}

/// A deployment that may scan the network at the other end of a cable.
#[must_use]
pub fn deployment() -> Deployment {
    // What the usual one denies is all but loopback; here nothing else can be reached.
    Deployment::of(Pair::SqliteEmbedded).with("VEDETTE_TARGETS_DENY", "240.0.0.0/4")
}

/// The other end of a cable: the network 198.18.4.0/22 lies behind it. Hosts are there once they were added; packets to
/// the others get lost.
#[derive(Debug)]
pub struct Far {
    process: Child,
    listeners: Vec<TcpListener>,
}

impl Far {
    /// Lays the cable.
    ///
    /// # Panics
    /// Outside of [`alone`], where this process may not.
    #[must_use]
    pub fn join() -> Far {
        let mut command = Command::new("unshare");
        command.args(["-n", "sh", "-c", "echo ready; exec cat"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        let far = Far { process, listeners: Vec::new() };
        shell(&format!(
            "ip link add near0 type veth peer name far0 netns {}
             ip link set near0 up
             ip addr add 198.18.0.1/24 dev near0
             ip route add 198.18.4.0/22 via 198.18.0.2",
            far.process.id()
        ));
        far.run("ip link set lo up; ip link set far0 up; ip addr add 198.18.0.2/24 dev far0");
        far
    }

    /// Has hosts be there, on a block of addresses.
    #[must_use]
    pub fn with_hosts(self, block: &str) -> Far {
        self.run(&format!("ip route add local {block} dev lo"));
        self
    }

    /// Has all of them listen on a port.
    ///
    /// # Panics
    /// When it is taken.
    #[must_use]
    pub fn with_listener(mut self, port: u16) -> Far {
        let namespace = File::open(format!("/proc/{}/ns/net", self.process.id())).unwrap();
        // A thread that moves away for good.
        let bound = thread::spawn(move || {
            move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).unwrap()
        });
        self.listeners.push(bound.join().unwrap());
        self
    }

    /// Runs lines of a shell there.
    ///
    /// # Panics
    /// When one fails.
    pub fn run(&self, script: &str) {
        shell(&format!("nsenter -t {} -n sh -ec '{script}'", self.process.id()));
    }

    /// How many packets have come.
    ///
    /// # Panics
    /// When the kernel does not say.
    #[must_use]
    pub fn packets(&self) -> u64 {
        let table = std::fs::read_to_string(format!("/proc/{}/net/dev", self.process.id())).unwrap();
        let line = table.lines().find_map(|line| line.trim().strip_prefix("far0:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Far {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn shell(script: &str) {
    let output = Command::new("sh").args(["-ec", script]).output().unwrap();
    assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
}
