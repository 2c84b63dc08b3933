//! A scan, ordered and then followed.

use std::collections::BTreeSet;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::client::Client;
use crate::follow::{Follow, Frame};
use crate::wait::{LONG, until, within};
use crate::websocket::Socket;

/// A scan that is about to be asked for.
#[derive(Debug)]
pub struct ScanOrder {
    client: Client,
    body: Value,
}

impl ScanOrder {
    pub(crate) fn new(client: &Client, target: &str) -> ScanOrder {
        ScanOrder { client: client.clone(), body: json!({ "target": target, "scan_type": "tcp" }) }
    }

    /// The ports, such as `22-25,80`.
    #[must_use]
    pub fn ports(self, ports: &str) -> ScanOrder {
        self.with("ports", json!(ports))
    }

    /// Any other field of the body.
    #[must_use]
    pub fn with(mut self, field: &str, value: Value) -> ScanOrder {
        self.body[field] = value;
        self
    }

    /// Sends the order and returns whatever comes back.
    pub async fn answer(self) -> Answer {
        self.client.post("/api/v1/scans", &self.body).await
    }
}

impl IntoFuture for ScanOrder {
    type Output = Scan;
    type IntoFuture = Pin<Box<dyn Future<Output = Scan> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async {
            let client = self.client.clone();
            let answer = self.answer().await;
            let data = answer.created().clone();
            let id = data["scan_id"].as_str().unwrap().to_owned();
            Scan::new(&client, &id, data)
        })
    }
}

/// A scan by its id, through the eyes of one client.
#[derive(Clone, Debug)]
pub struct Scan {
    client: Client,
    /// The public id, `scan_..`.
    pub id: String,
    /// What the server said when it was created.
    pub created: Value,
}

impl Scan {
    pub(crate) fn new(client: &Client, id: &str, created: Value) -> Scan {
        Scan { client: client.clone(), id: id.to_owned(), created }
    }

    /// The same scan through somebody else's eyes, or through another api.
    #[must_use]
    pub fn seen_by(&self, client: &Client) -> Scan {
        Scan::new(client, &self.id, self.created.clone())
    }

    /// The path of one of its resources; the empty text means the scan itself.
    #[must_use]
    pub fn path(&self, resource: &str) -> String {
        format!("/api/v1/scans/{}{resource}", self.id)
    }

    /// The state of it.
    pub async fn status(&self) -> Value {
        self.ask_status().await.ok().clone()
    }

    /// The answer to a question for its state.
    pub async fn ask_status(&self) -> Answer {
        self.client.get(&self.path("")).await
    }

    /// The results of a finished scan.
    pub async fn results(&self) -> Value {
        self.ask_results().await.ok().clone()
    }

    /// The answer to a question for its results.
    pub async fn ask_results(&self) -> Answer {
        self.client.get(&self.path("/results")).await
    }

    /// Cancels it.
    pub async fn cancel(&self) -> Answer {
        self.client.delete(&self.path("")).await
    }

    /// Cancels it, and insists that this works: the end of a test that needs no more of it.
    ///
    /// # Panics
    /// When it cannot be cancelled.
    pub async fn stop(&self) {
        assert_eq!(self.cancel().await.ok()["status"], "cancelled");
    }

    /// Deletes what it found.
    pub async fn delete_results(&self) -> Answer {
        self.client.delete(&self.path("/results")).await
    }

    /// Its live stream from the start.
    pub async fn follow(&self) -> Follow {
        self.client.open(&self.path("/stream"), None).await
    }

    /// Its live stream after a number.
    pub async fn follow_after(&self, number: u64) -> Follow {
        self.client.open(&self.path("/stream"), Some(number)).await
    }

    /// Its live stream after a number, if there is a server and it opens one.
    pub async fn try_follow_after(&self, number: Option<u64>) -> Option<Follow> {
        let stream = self.client.try_open(&self.path("/stream"), number).await?;
        (stream.status == 200).then_some(stream)
    }

    /// Its WebSocket.
    ///
    /// # Panics
    /// When the upgrade is refused.
    pub async fn websocket(&self) -> Socket {
        self.client.websocket(&format!("/ws/scans/{}", self.id)).await.unwrap()
    }

    /// Every frame of its stream until `complete`.
    pub async fn told_to_the_end(&self) -> Vec<Frame> {
        let mut stream = self.follow().await;
        within("the end of a scan", LONG, stream.rest()).await
    }

    /// Waits for its end and returns its state then.
    ///
    /// # Panics
    /// When the stream ends before the scan does.
    pub async fn finished(&self) -> Value {
        let frames = self.told_to_the_end().await;
        assert!(frames.last().is_some_and(|frame| frame.event == "complete"), "{frames:?}");
        self.status().await
    }

    /// Waits until it has got so far, in percent, and still runs.
    ///
    /// # Panics
    /// When it ends before.
    pub async fn reached(&self, percent: u64) {
        until("some progress of a running scan", LONG, async || {
            let now = self.status().await;
            assert!(
                ["queued", "running"].contains(&now["status"].as_str().unwrap()),
                "too fast to meddle: {now}"
            );
            (now["progress"].as_u64().unwrap() >= percent).then_some(())
        })
        .await;
    }
}

/// The open ports a record of results tells, as `(address, port)`.
///
/// # Panics
/// When a port stands in it twice.
#[must_use]
pub fn open_ports(results: &Value) -> BTreeSet<(String, u64)> {
    let records = results["ports"].as_array().expect("results have ports[]");
    let open = records.iter().filter(|record| record["state"] == "open");
    let found: Vec<_> =
        open.map(|record| (text(record, "address"), record["port"].as_u64().unwrap())).collect();
    let distinct: BTreeSet<_> = found.iter().cloned().collect();
    assert_eq!(found.len(), distinct.len(), "a port stands twice in {results}");
    distinct
}

fn text(record: &Value, field: &str) -> String {
    record[field].as_str().unwrap_or_else(|| panic!("no {field} in {record}")).to_owned()
}
