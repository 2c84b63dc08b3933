//! Real servers of Debian packages, which `tests/lab/servers.sh` starts on an address of their own.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::listeners::own_address;
use crate::place::checkout;
use crate::wait::{LONG, within};

/// Running servers. They end when this is dropped: the script sees the end of its input.
#[derive(Debug)]
pub struct Servers {
    /// Where they listen.
    pub address: Ipv4Addr,
    /// One for each port that is listened on.
    pub running: Vec<Server>,
    _script: Child,
}

/// One port of a server.
#[derive(Clone, Debug)]
pub struct Server {
    /// Its name in the lab.
    pub name: String,
    /// `tcp` or `udp`.
    pub protocol: String,
    /// Its port.
    pub port: u64,
    /// The version of its package, without what Debian adds.
    pub version: String,
}

/// A line of `tests/lab/servers.txt`: what must be said of a server.
#[derive(Clone, Debug)]
pub struct Expected {
    /// Its name in the lab.
    pub name: String,
    /// Which runs it belongs to.
    pub set: String,
    /// Such as `ssh`.
    pub service: String,
    /// `yes` when the version is told, `no`, or all of it that is told.
    pub version: String,
    /// Such as `OpenSSH`.
    pub product: String,
}

impl Servers {
    /// Starts every server of a set, as far as it is unpacked or installed.
    ///
    /// # Panics
    /// When the script does not say soon that it is ready.
    pub async fn start(folder: &Path, set: &str) -> Servers {
        let address = own_address();
        let names = Expected::all().into_iter().filter(|expected| expected.set == set);
        let mut command = Command::new(checkout().join("tests/lab/servers.sh"));
        command.arg(address.to_string()).arg(folder).args(names.map(|expected| expected.name));
        let mut script = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(script.stdout.take().unwrap()).lines();
        let running = within("real servers", LONG, read(lines)).await;
        Servers { address, running, _script: script }
    }

    /// The ports of a protocol.
    #[must_use]
    pub fn ports(&self, protocol: &str) -> Vec<String> {
        let own = self.running.iter().filter(|server| server.protocol == protocol);
        own.map(|server| server.port.to_string()).collect()
    }
}

impl Expected {
    /// Every line.
    ///
    /// # Panics
    /// When the table cannot be read.
    #[must_use]
    pub fn all() -> Vec<Expected> {
        let table = std::fs::read_to_string(checkout().join("tests/lab/servers.txt")).unwrap();
        table.lines().filter(|line| !line.starts_with('#')).map(Expected::read).collect()
    }

    fn read(line: &str) -> Expected {
        let mut words = line.split_whitespace().map(str::to_owned);
        let mut next = || words.next().expect("NAME PACKAGE SET SERVICE VERSION PRODUCT");
        let [name, _, set, service, version] = std::array::from_fn(|_| next());
        Expected { name, set, service, version, product: words.collect::<Vec<_>>().join(" ") }
    }
}

async fn read(mut lines: Lines<BufReader<ChildStdout>>) -> Vec<Server> {
    let mut running = Vec::new();
    loop {
        let line = lines.next_line().await.unwrap().expect("the script says that it is ready");
        if line == "ready" {
            return running;
        }
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let [name, protocol, port, version] = words.try_into().expect("NAME PROTOCOL PORT VERSION");
        running.push(Server { name, protocol, port: port.parse().unwrap(), version });
    }
}
