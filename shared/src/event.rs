//! What happens in a job's life: stored facts with gapless numbers, and fleeting progress.

mod position;

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use self::position::{NoPosition, Position};
use crate::{
    error::Result,
    id::JobId,
    job::{Failure, Status},
    scan::{Protocol, service::Service, warning::Warning},
    store::{self, Tx},
};

/// A stored event: the `seq`-th of its job, counted from 1 without a gap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The job it belongs to.
    pub job: JobId,
    /// Its number in the job.
    pub seq: i64,
    /// When it was stored, UTC.
    pub at: DateTime<Utc>,
    /// What happened.
    pub fact: Fact,
}

/// What happened. Stored as JSON: a new version may add kinds and optional fields, never change or drop one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum Fact {
    /// The job was queued, or taken up by its first worker.
    Status {
        /// The new state.
        status: Status,
    },
    /// A scan found a port open.
    PortFound(FoundPort),
    /// A scan found out what runs on an open port; always after the event that tells the port.
    ServiceFound(FoundService),
    /// A scan goes on without a host whose name has no address.
    UnresolvedHost(UnresolvedHost),
    /// The results of a scan say less than they seem to.
    Warning(Warning),
    /// The job ended. Always the last event.
    Complete {
        /// How it ended.
        status: Status,
        /// From the first claim to the end, in milliseconds; 0 when it never started.
        duration_ms: i64,
        /// What was counted until then.
        tally: Tally,
        /// Why it did not complete.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<Failure>,
    },
}

/// One open port of one address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundPort {
    /// The address that was scanned.
    pub address: IpAddr,
    /// The target as it was given.
    pub host: String,
    /// 1 to 65535.
    pub port: u16,
    /// What it was reached by.
    #[serde(default)]
    pub protocol: Protocol,
    /// Its place in the job's plan.
    pub unit: i64,
}

/// What runs on one open port of one address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundService {
    /// The port.
    #[serde(flatten)]
    pub port: FoundPort,
    /// What was found out; nothing was when it says nothing.
    pub service: Box<Service>,
}

/// A host that is not scanned, because its name has no address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnresolvedHost {
    /// The target as it was given.
    pub host: String,
    /// What came of looking it up, for a person.
    pub reason: String,
}

/// Ports by what they answered, each counted once for each address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Took the connection.
    pub open: i64,
    /// Refused it.
    pub closed: i64,
    /// Gave no answer, or one that a firewall gave in their place.
    pub filtered: i64,
}

/// How far a job is. Never stored; a newer one replaces an older one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The job it belongs to.
    pub job: JobId,
    /// The number of the newest stored event when this was measured.
    pub seq: i64,
    /// When it was measured, UTC.
    pub at: DateTime<Utc>,
    /// Units settled.
    pub done: i64,
    /// Units in all; 0 until the job has been planned.
    pub total: i64,
    /// What was counted so far.
    pub tally: Tally,
}

impl Progress {
    /// Whether this is further along than `other`, or newer where both are as far.
    #[must_use]
    pub fn is_after(&self, other: &Self) -> bool {
        (self.done, self.total, self.at) > (other.done, other.total, other.at)
    }

    /// Whole per cent, 0 to 100; 100 only when everything is done.
    #[must_use]
    pub fn percent(&self) -> i64 {
        if self.total <= 0 { 0 } else { (self.done.saturating_mul(100) / self.total).clamp(0, 100) }
    }
}

/// Stores `facts` behind the events that end at `last`, in the transaction that changed the job.
pub(crate) async fn append(
    tx: &mut Tx,
    job: JobId,
    last: i64,
    at: DateTime<Utc>,
    facts: Vec<Fact>,
) -> Result<Vec<Event>> {
    let first = last - i64::try_from(facts.len()).unwrap_or(i64::MAX) + 1;
    let events: Vec<Event> = (first..).zip(facts).map(|(seq, fact)| Event { job, seq, at, fact }).collect();
    store::events::insert(tx, &events).await?;
    Ok(events)
}
