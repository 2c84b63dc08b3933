//! The end of a scan: its results, its summary, and the exit code.

use std::time::Duration;

use serde::Deserialize as _;
use serde_json::Value;
use tokio::time::timeout;

use super::watch::{Ending, Watch};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::inert::inert;
use crate::report::{Report, Summary};
use crate::terminal::unless_closed;
use crate::wire::{Counts, Ended, Results};

/// How long a server that did not confirm the cancellation may take to say how the scan stands.
const LAST_WORD: Duration = Duration::from_secs(2);

impl Watch<'_> {
    /// Fetches what is left to fetch, prints it, and judges.
    pub(super) async fn conclude(&self, ending: Ending, report: &mut Report<'_>) -> Result<Exit, Failure> {
        let ended = match ending {
            Ending::Unread => return Ok(Exit::Done),
            Ending::Told(ended) => ended,
            Ending::Over => self.ask().await?,
            Ending::Unconfirmed => self.ask_shortly().await,
        };
        let fetched = if ended.status == "unconfirmed" { Ok(None) } else { self.results(&ended).await };
        let document = fetched.as_ref().ok().and_then(Option::as_ref);
        let summary = self.summary(&ended, document, report);
        if let Err(error) = report.end(&summary, document) {
            return unless_closed(error).map(|()| Exit::Done);
        }
        fetched.and_then(|_| self.judge(&ended))
    }

    async fn ask(&self) -> Result<Ended, Failure> {
        self.client
            .status(&self.scan.scan_id)
            .await
            .map_err(|error| error.into_failure(format!("asking how {} ended", self.scan.scan_id)))
    }

    async fn ask_shortly(&self) -> Ended {
        let unconfirmed = Ended { status: "unconfirmed".into(), ..Ended::default() };
        match timeout(LAST_WORD, self.ask()).await {
            Ok(Ok(ended)) if matches!(ended.status.as_str(), "completed" | "failed" | "cancelled") => ended,
            _ => unconfirmed,
        }
    }

    /// The results document. A scan that did not complete may have none; one that did must.
    async fn results(&self, ended: &Ended) -> Result<Option<Value>, Failure> {
        match self.client.results(&self.scan.scan_id).await {
            Ok(document) => Ok(Some(document)),
            Err(error) if ended.status == "completed" => {
                Err(error.into_failure(format!("reading the results of {}", self.scan.scan_id)))
            }
            Err(error) => {
                self.request.terminal.detail(&format!("no results were kept: {error}"));
                Ok(None)
            }
        }
    }

    fn summary(&self, ended: &Ended, document: Option<&Value>, report: &Report<'_>) -> Summary {
        let results = document.and_then(|value| Results::deserialize(value).ok()).unwrap_or_default();
        let told = [results.summary, ended.summary, report.latest().counts];
        let counts = told.into_iter().find(|counts| *counts != Counts::default()).unwrap_or_default();
        let seconds = results.duration.or(ended.duration);
        let milliseconds = results.duration_ms.or(ended.duration_ms).map(Duration::from_millis);
        let took = milliseconds.or_else(|| seconds.and_then(|value| Duration::try_from_secs_f64(value).ok()));
        Summary {
            status: ended.status.clone(),
            target: self.request.arguments.target.clone(),
            took: took.unwrap_or_else(|| self.began.elapsed()),
            counts,
            results,
        }
    }

    /// The exit code, or the server's reason why the scan did not complete.
    fn judge(&self, ended: &Ended) -> Result<Exit, Failure> {
        let message = ended.error.as_ref().map(|error| error.message.trim().trim_end_matches('.'));
        let reason = message.filter(|text| !text.is_empty()).map(inert);
        let happened = match ended.status.as_str() {
            "completed" => return Ok(Exit::Done),
            "cancelled" => reason.unwrap_or_else(|| "it was cancelled".into()),
            "failed" => reason.unwrap_or_else(|| "it failed, and the server does not say why".into()),
            "unconfirmed" => "the server did not confirm that it was cancelled".into(),
            other => format!("its stream is over, yet the server says it is {}", inert(other)),
        };
        let failure = Failure::failed(self.request.wanted(), happened);
        Err(match ended.status.as_str() {
            "cancelled" | "failed" => failure,
            _ => failure.advise(format!("see how {} stands on {}", self.scan.scan_id, self.client.server())),
        })
    }
}
