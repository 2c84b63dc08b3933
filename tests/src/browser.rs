//! A real browser, driven over the protocol of its tests: Chromium without a window.

use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::place::installed;
use crate::process::Process;
use crate::raw;
use crate::wait::{SOON, until, within};

/// How long a browser may take to start on a busy machine.
const START: Duration = Duration::from_mins(1);

/// A running browser with one page. Dropping it closes both.
#[derive(Debug)]
pub struct Browser {
    http: reqwest::Client,
    driver: SocketAddr,
    session: String,
    _process: Process,
    _folder: TempDir,
}

impl Browser {
    /// Starts one that finds a name at an address, and trusts every certificate.
    ///
    /// # Errors
    /// Why there is none on this machine.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(name: &str, address: &str) -> Result<Browser, &'static str> {
        let chromium = installed("chromium").ok_or("chromium is not installed")?;
        let driver = installed("chromedriver").ok_or("chromedriver is not installed")?;
        let folder = tempfile::tempdir().unwrap();
        let (driver, process) = start_driver(&driver, &folder).await;
        let (ip, _) = address.rsplit_once(':').unwrap();
        let profile = format!("--user-data-dir={}", folder.path().join("profile").display());
        let names = format!("--host-resolver-rules=MAP {name} {ip}");
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--no-first-run",
            "--no-proxy-server",
            "--ignore-certificate-errors",
            &names,
            &profile,
        ];
        let options = json!({ "binary": chromium, "args": arguments });
        let wanted = json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": options } } });
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = http.post(format!("http://{driver}/session")).json(&wanted).send();
        let answer: Value = within("a browser", START, request).await.unwrap().json().await.unwrap();
        let session = answer["value"]["sessionId"].as_str();
        let session = session.unwrap_or_else(|| panic!("no browser: {answer}")).to_owned();
        Ok(Browser { http, driver, session, _process: process, _folder: folder })
    }

    /// Goes to a page.
    pub async fn open(&self, url: &str) {
        self.command("url", json!({ "url": url })).await;
    }

    /// Runs a script in the page; what it returns.
    pub async fn run(&self, script: &str) -> Value {
        self.command("execute/sync", json!({ "script": script, "args": [] })).await
    }

    async fn command(&self, name: &str, body: Value) -> Value {
        let url = format!("http://{}/session/{}/{name}", self.driver, self.session);
        let request = self.http.post(url).json(&body).send();
        let answer = within("an answer of the browser", SOON, request).await.unwrap();
        let is_good = answer.status().is_success();
        let answer: Value = answer.json().await.unwrap();
        assert!(is_good, "{name}: {answer}");
        answer["value"].clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver would leave the browser behind.
        let Browser { driver, session, .. } = self;
        let request =
            format!("DELETE /session/{session} HTTP/1.1\r\nhost: {driver}\r\nconnection: close\r\n\r\n");
        raw::send_unheard(&driver.to_string(), request.as_bytes());
    }
}

/// It listens on 127.0.0.1 only, wherever else one would like it to.
async fn start_driver(program: &std::path::Path, folder: &TempDir) -> (SocketAddr, Process) {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = Command::new(program);
    command.arg(format!("--port={}", free.port()));
    let process = Process::spawn(&mut command, "chromedriver", folder.path());
    until("a driver that listens", START, async || tokio::net::TcpStream::connect(free).await.ok()).await;
    (free, process)
}
