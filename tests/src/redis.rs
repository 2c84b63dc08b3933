//! A private Redis server that may be stopped, killed, started again and emptied.

use std::net::SocketAddr;
use std::process::Command;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::place::free_address;
use crate::process::Process;
use crate::wait::{SOON, until};

/// The password every private Redis asks for, so that a leak into a log file is found.
pub const PASSWORD: &str = "redisPasswordOfTheTests";

/// One Redis server on an address of its own, without a file on disk.
#[derive(Debug)]
pub struct Redis {
    address: SocketAddr,
    folder: TempDir,
    process: Option<Process>,
}

impl Redis {
    /// Starts a server and waits until it answers.
    ///
    /// # Panics
    /// When `redis-server` is not installed or does not answer.
    pub async fn start() -> Redis {
        let folder = tempfile::tempdir().unwrap();
        let mut redis = Redis { address: free_address(), folder, process: None };
        redis.start_again().await;
        redis
    }

    /// The address as `REDIS_URL` takes it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://:{PASSWORD}@{}", self.address)
    }

    /// Kills the server: its data are gone, its port refuses.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Starts the server again on the same port, empty.
    ///
    /// # Panics
    /// When it does not answer soon.
    pub async fn start_again(&mut self) {
        let (ip, port) = (self.address.ip().to_string(), self.address.port().to_string());
        let mut command = Command::new("redis-server");
        command.args(["--port", &port, "--bind", &ip, "--save", "", "--appendonly", "no"]);
        command.args(["--requirepass", PASSWORD, "--dir"]).arg(self.folder.path());
        self.process = Some(Process::spawn(&mut command, "redis", self.folder.path()));
        until("an answer of redis", SOON, async || self.ask("PING").await).await;
    }

    /// Stops the server in its tracks until [`Redis::thaw`].
    pub fn freeze(&self) {
        self.process.iter().for_each(Process::freeze);
    }

    /// Lets a frozen server go on.
    pub fn thaw(&self) {
        self.process.iter().for_each(Process::thaw);
    }

    /// Removes every key.
    ///
    /// # Panics
    /// When the server does not answer.
    pub async fn flush_all(&self) {
        let answer = self.ask("FLUSHALL").await;
        assert!(answer.is_some(), "redis did not take FLUSHALL");
    }

    /// Every key there is now.
    ///
    /// # Panics
    /// When the server does not answer.
    pub async fn keys(&self) -> Vec<String> {
        let reply = self.ask("KEYS *").await.expect("redis answers");
        let keys = reply.lines().filter(|line| !line.starts_with(['+', '*', '$']));
        keys.map(str::to_owned).collect()
    }

    /// Milliseconds until a key is forgotten; negative where it never is.
    ///
    /// # Panics
    /// When the server does not answer.
    pub async fn lifetime(&self, key: &str) -> i64 {
        let reply = self.ask(&format!("PTTL {key}")).await.expect("redis answers");
        let number = reply.lines().find_map(|line| line.strip_prefix(':'));
        number.and_then(|number| number.parse().ok()).expect("a number")
    }

    /// Puts entries of nobody in front of and behind whatever stands in a list.
    ///
    /// # Panics
    /// When there is no list.
    pub async fn poison(&self) {
        let mut poisoned = 0;
        for key in self.keys().await {
            for entry in ["garbage", "00000000-0000-0000-0000-000000000000", "\"\\xff\\x00\"", "\"\""] {
                poisoned += usize::from(self.ask(&format!("LPUSH {key} {entry}")).await.is_some());
                poisoned += usize::from(self.ask(&format!("RPUSH {key} {entry}")).await.is_some());
            }
        }
        assert!(poisoned > 0, "no list in redis: {:?}", self.keys().await);
    }

    /// Sends one inline command after the password; the answer when it is not an error.
    async fn ask(&self, command: &str) -> Option<String> {
        let mut stream = TcpStream::connect(self.address).await.ok()?;
        let request = format!("AUTH {PASSWORD}\r\n{command}\r\nQUIT\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.ok()?;
        let failed = reply.lines().any(|line| line.starts_with('-'));
        (reply.lines().count() >= 3 && !failed).then_some(reply)
    }
}
