//! Real servers of Debian packages, which `tests/servers.sh` starts on an address of their own.

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
    /// One for each that listens.
    pub running: Vec<Server>,
    _script: Child,
}

/// One server.
#[derive(Clone, Debug)]
pub struct Server {
    /// Its port.
    pub port: u64,
    /// The package it is from.
    pub package: String,
    /// The version of that, without what Debian adds.
    pub version: String,
}

impl Servers {
    /// Starts every server of a folder of unpacked packages, and of those that are installed.
    ///
    /// # Panics
    /// When the script does not say soon that it is ready.
    pub async fn start(folder: &Path) -> Servers {
        let address = own_address();
        let mut command = Command::new(checkout().join("tests/servers.sh"));
        command.arg(address.to_string()).arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut script = command.spawn().unwrap();
        let lines = BufReader::new(script.stdout.take().unwrap()).lines();
        let running = within("real servers", LONG, read(lines)).await;
        Servers { address, running, _script: script }
    }
}

async fn read(mut lines: Lines<BufReader<ChildStdout>>) -> Vec<Server> {
    let mut running = Vec::new();
    loop {
        let line = lines.next_line().await.unwrap().expect("the script says that it is ready");
        if line == "ready" {
            return running;
        }
        let words: Vec<&str> = line.split(' ').collect();
        let [port, package, version] = words.try_into().expect("PORT PACKAGE VERSION");
        let port = port.parse().unwrap();
        running.push(Server { port, package: package.to_owned(), version: version.to_owned() });
    }
}
