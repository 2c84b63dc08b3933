//! `vedette scan`: asks for a scan, shows it, and sees that it ends with the command.

mod conclusion;
mod watch;

use crate::arguments::ScanArgs;
use crate::client::Client;
use crate::embedded::Embedded;
use crate::exit::Exit;
use crate::failure::{Cause, Failure};
use crate::interrupts::Interrupts;
use crate::key::Key;
use crate::report::Report;
use crate::server_url::ServerUrl;
use crate::terminal::Terminal;
use crate::wire::{CreateScan, Created};
use watch::Watch;

/// Scans, on the server that was named or on one in this process.
///
/// # Errors
/// Misuse, when the server or the command line cannot use what was given; failure, when the scan does not
/// complete or cannot be followed.
pub(crate) async fn run(
    arguments: &ScanArgs,
    terminal: &Terminal,
    interrupts: &Interrupts,
) -> Result<Exit, Failure> {
    let request = Request { arguments, terminal, interrupts };
    match request.server() {
        Some(server) => request.run_on(server, Key::of(arguments)).await,
        None => request.run_embedded().await,
    }
}

/// What was asked for, and by whom.
#[derive(Clone, Copy, Debug)]
struct Request<'run> {
    arguments: &'run ScanArgs,
    terminal: &'run Terminal,
    interrupts: &'run Interrupts,
}

impl Request<'_> {
    async fn run_embedded(&self) -> Result<Exit, Failure> {
        let started = tokio::select! {
            biased;
            () = self.interrupts.first() => Err("interrupted".into()),
            started = Embedded::start_temporary() => started,
        };
        let embedded = started.map_err(|cause: Cause| {
            Failure::failed("starting a server for this scan", cause.to_string())
                .advise("name a running one with --server")
                .caused_by(cause)
        })?;
        let outcome = self.run_on(&embedded.url, Key::parse(&embedded.key)).await;
        embedded.stop().await;
        outcome
    }

    async fn run_on(&self, server: &str, key: Result<Key, Failure>) -> Result<Exit, Failure> {
        let client = Client::new(ServerUrl::parse(server)?, key?)?;
        let mut report = Report::start(self.terminal, self.arguments);
        let scan = tokio::select! {
            biased;
            () = self.interrupts.second() => return Ok(self.leave(&client, None)),
            created = self.create(&client) => created?,
        };
        tokio::select! {
            biased;
            () = self.interrupts.second() => Ok(self.leave(&client, Some(&scan))),
            exit = self.follow(&client, &scan, &mut report) => exit,
        }
    }

    async fn follow(
        &self,
        client: &Client,
        scan: &Created,
        report: &mut Report<'_>,
    ) -> Result<Exit, Failure> {
        let started = format!("{} on {}", scan.scan_id, client.server());
        if self.arguments.json {
            self.terminal.detail(&started);
        } else {
            self.terminal.note(&started);
        }
        if self.server().is_some() && client.lacks_worker().await {
            let text = "warning: the server says that no worker is running; the scan waits until one starts";
            self.terminal.note(text);
        }
        let watch = Watch::start(*self, client, scan);
        let ending = watch.to_the_end(report).await?;
        watch.conclude(ending, report).await
    }

    /// Says what is left behind. A server of this process ends with it, and so do its scans.
    fn leave(&self, client: &Client, scan: Option<&Created>) -> Exit {
        if self.server().is_some() {
            let scans = client.server().join("api/v1/scans");
            let left = match scan {
                Some(Created { scan_id, .. }) => format!(
                    "left without an answer: {scan_id} may still be running on the server; cancel it with: \
                     curl -X DELETE -H \"Authorization: Bearer $VEDETTE_KEY\" {scans}/{scan_id}"
                ),
                None => format!(
                    "left without an answer: the server may have begun the scan; list your scans with: \
                     curl -H \"Authorization: Bearer $VEDETTE_KEY\" {scans}"
                ),
            };
            self.terminal.note(&left);
        }
        Exit::Interrupted
    }

    /// The server that was named; a scan without one runs in this process.
    fn server(&self) -> Option<&str> {
        self.arguments.server.as_deref().filter(|server| !server.is_empty())
    }

    /// Waits for the answer even when interrupted: the scan may be running, and only the answer names it.
    async fn create(&self, client: &Client) -> Result<Created, Failure> {
        let body = CreateScan::from(self.arguments);
        let mut creating = std::pin::pin!(client.create(&body));
        let answer = tokio::select! {
            biased;
            answer = &mut creating => answer,
            () = self.interrupts.first() => {
                self.terminal.note("cancelling as soon as the server names the scan; Ctrl-C again leaves at once");
                creating.await
            }
        };
        answer.map_err(|error| error.into_failure(self.wanted()))
    }

    fn wanted(&self) -> String {
        format!("scan of {}", self.arguments.target)
    }
}
