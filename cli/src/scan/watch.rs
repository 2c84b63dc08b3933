//! Watching a scan until it ends, or until the person has seen enough.

use std::io;
use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout};

use super::Request;
use crate::client::Client;
use crate::event::Event;
use crate::failure::Failure;
use crate::follow::{Followed, Following};
use crate::report::Report;
use crate::terminal::unless_closed;
use crate::wire::{Created, Ended};

/// How long the server may take to confirm that it gave the scan up.
const CANCEL_GRACE: Duration = Duration::from_secs(5);

/// One scan on one server, being watched.
pub(super) struct Watch<'run> {
    pub(super) request: Request<'run>,
    pub(super) client: &'run Client,
    pub(super) scan: &'run Created,
    pub(super) began: Instant,
}

/// How watching came to an end.
#[derive(Debug)]
pub(super) enum Ending {
    /// The server told how the scan ended.
    Told(Ended),
    /// The server has nothing more to tell; how the scan ended is to be asked.
    Over,
    /// The scan was asked to stop, and the server did not confirm it in time.
    Unconfirmed,
    /// Nobody reads the results any more.
    Unread,
}

impl<'run> Watch<'run> {
    /// Starts the clock.
    pub(super) fn start(request: Request<'run>, client: &'run Client, scan: &'run Created) -> Self {
        Self { request, client, scan, began: Instant::now() }
    }

    /// Shows every event; asks the server to cancel at the first Ctrl-C, and goes on for a moment.
    pub(super) async fn to_the_end(&self, report: &mut Report<'_>) -> Result<Ending, Failure> {
        let mut following = Following::start(self.client, self.scan, self.request.arguments.follow);
        let mut deadline = None;
        loop {
            let followed = tokio::select! {
                () = self.request.interrupts.first(), if deadline.is_none() => {
                    self.request.terminal.note("cancelling the scan; Ctrl-C again leaves at once");
                    deadline = Some(Instant::now() + CANCEL_GRACE);
                    self.cancel().await;
                    continue;
                }
                () = passed(deadline) => return Ok(Ending::Unconfirmed),
                followed = following.next() => followed,
            };
            if let Some(ending) = self.take(followed, report).await? {
                return Ok(ending);
            }
        }
    }

    async fn take(
        &self,
        followed: Option<Followed>,
        report: &mut Report<'_>,
    ) -> Result<Option<Ending>, Failure> {
        match followed {
            Some(Followed::Event(event)) => self.show(&event, report).await,
            Some(Followed::Lost(failure)) => Err(failure),
            Some(Followed::Over) | None => Ok(Some(Ending::Over)),
            Some(Followed::Note(text)) => {
                self.request.terminal.note(&text);
                Ok(None)
            }
        }
    }

    async fn show(&self, event: &Event, report: &mut Report<'_>) -> Result<Option<Ending>, Failure> {
        if let Err(error) = report.event(event) {
            return self.unread(error).await.map(Some);
        }
        Ok(event.is_last().then(|| event.read().map_or(Ending::Over, Ending::Told)))
    }

    /// Without a reader the scan has no purpose: it is given up, as at Ctrl-C.
    pub(super) async fn unread(&self, error: io::Error) -> Result<Ending, Failure> {
        self.cancel().await;
        unless_closed(error).map(|()| Ending::Unread)
    }

    async fn cancel(&self) {
        let text = match timeout(CANCEL_GRACE, self.client.cancel(&self.scan.scan_id)).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the server does not answer".into(),
        };
        self.request.terminal.note(&format!("{} could not be cancelled: {text}", self.scan.scan_id));
    }
}

/// Waits for a moment that may not have been set.
async fn passed(deadline: Option<Instant>) {
    match deadline {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
