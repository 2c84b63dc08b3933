//! Following a scan to its end, over a network that may cut the stream at any time.

mod backoff;
mod cut;
mod event_source;
mod journal;
mod web_socket;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::arguments::Follow;
use crate::client::Client;
use crate::event::Event;
use crate::failure::Failure;
use crate::wire::Created;
use backoff::Backoff;
use cut::Cut;
use journal::Journal;

/// Streams in a row that told nothing new before another way is tried.
const SILENT_STREAMS: u32 = 3;
/// Attempts in a row that brought nothing before following is given up.
const ATTEMPTS: u32 = 8;
/// Events that may wait to be shown; a full queue holds the stream back.
const QUEUE: usize = 256;

/// What following brings.
#[derive(Debug)]
pub(crate) enum Followed {
    /// An event, in the server's order, none twice.
    Event(Event),
    /// Something the person should know.
    Note(String),
    /// The server has nothing more to tell: the scan ended, and every event of it was delivered before.
    Over,
    /// The scan cannot be followed any longer.
    Lost(Failure),
}

/// A scan being followed; dropping it ends that.
#[derive(Debug)]
pub(crate) struct Following {
    queue: mpsc::Receiver<Followed>,
    task: JoinHandle<()>,
}

impl Following {
    /// Begins to follow a scan.
    pub(crate) fn start(client: &Client, scan: &Created, follow: Follow) -> Self {
        let (sender, queue) = mpsc::channel(QUEUE);
        let follower = Follower {
            client: client.clone(),
            scan: scan.clone(),
            follow,
            way: if follow == Follow::Websocket { Way::WebSocket } else { Way::EventSource },
            journal: Journal::default(),
            backoff: Backoff::default(),
            silent_streams: 0,
            sender,
        };
        Self { queue, task: tokio::spawn(follower.run()) }
    }

    /// Waits for what comes next; nothing after [`Followed::Over`], [`Followed::Lost`] or the last event.
    pub(crate) async fn next(&mut self) -> Option<Followed> {
        self.queue.recv().await
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// How the events come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Way {
    EventSource,
    WebSocket,
}

struct Follower {
    client: Client,
    scan: Created,
    follow: Follow,
    way: Way,
    journal: Journal,
    backoff: Backoff,
    silent_streams: u32,
    sender: mpsc::Sender<Followed>,
}

impl Follower {
    async fn run(mut self) {
        loop {
            let cut = match self.way {
                Way::EventSource => event_source::read(&mut self).await,
                Way::WebSocket => web_socket::read(&mut self).await,
            };
            let last = match cut {
                Cut::Ended => return,
                Cut::Over => Followed::Over,
                Cut::Refused(error) => Followed::Lost(error.into_failure(self.wanted())),
                Cut::Unavailable(reason) => match self.switch(&reason) {
                    Ok(note) => note,
                    Err(failure) => Followed::Lost(failure),
                },
                Cut::Dropped(reason) => match self.wait(reason).await {
                    Ok(()) => continue,
                    Err(failure) => Followed::Lost(failure),
                },
            };
            let goes_on = matches!(last, Followed::Note(_));
            if self.sender.send(last).await.is_err() || !goes_on {
                return;
            }
        }
    }

    /// Hands an event on, unless it was handed on before. False when it was the last one, or nobody listens.
    async fn deliver(&mut self, event: Event) -> bool {
        if !self.journal.admit(&event) {
            return true;
        }
        self.backoff.succeeded();
        self.silent_streams = 0;
        let is_last = event.is_last();
        self.sender.send(Followed::Event(event)).await.is_ok() && !is_last
    }

    /// Waits before the next attempt, and says so.
    async fn wait(&mut self, reason: cut::Reason) -> Result<(), Failure> {
        if reason.was_open {
            self.silent_streams += 1;
        }
        if self.silent_streams >= SILENT_STREAMS && self.may_switch() {
            let note = self.switch("its streams end before they tell anything")?;
            return self.tell(note).await;
        }
        let Some(pause) = self.backoff.next().filter(|_| self.backoff.attempts() <= ATTEMPTS) else {
            return Err(Failure::failed(self.wanted(), format!("{}, {ATTEMPTS} times over", reason.text))
                .advise("see whether the server runs; the scan itself may still go on"));
        };
        let text = format!("{}; connecting again in {:.1} s", reason.text, pause.as_secs_f64());
        self.tell(Followed::Note(text)).await?;
        tokio::time::sleep(pause).await;
        Ok(())
    }

    async fn tell(&self, note: Followed) -> Result<(), Failure> {
        let nobody = |_| Failure::failed(self.wanted(), "nobody listens");
        self.sender.send(note).await.map_err(nobody)
    }

    fn may_switch(&self) -> bool {
        self.follow == Follow::Auto && self.way == Way::EventSource && self.scan.websocket_url.is_some()
    }

    /// Goes over to WebSocket, where that is allowed and was not done before.
    fn switch(&mut self, reason: &str) -> Result<Followed, Failure> {
        if self.may_switch() {
            self.way = Way::WebSocket;
            self.silent_streams = 0;
            return Ok(Followed::Note(format!("events cannot be had by SSE ({reason}); taking WebSocket")));
        }
        let way = match self.way {
            Way::EventSource => "SSE",
            Way::WebSocket => "WebSocket",
        };
        Err(Failure::failed(self.wanted(), format!("no events by {way}: {reason}"))
            .advise("see whether a proxy stands between; the scan itself goes on"))
    }

    fn wanted(&self) -> String {
        format!("following {} on {}", self.scan.scan_id, self.client.server())
    }
}
