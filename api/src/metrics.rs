//! Numbers for whoever operates the server, in the text that Prometheus reads: few, and each with a bounded set of labels.
//!
//! Each process counts for itself from its start. Jobs are counted as this process hears of their end, and every process
//! hears of all: their numbers are not to be added up over processes.

use std::{
    fmt,
    sync::{Arc, atomic::AtomicU64},
};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, text::encode},
    metrics::{
        counter::{ConstCounter, Counter},
        family::Family,
        gauge::Gauge,
    },
    registry::Registry,
};
use shared::{core::Core, job::Status, limit::Limiter};

/// The media type of [`Metrics::text`].
pub(crate) const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What is counted. Clones share the counts.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    core: Core,
    registry: Arc<Registry>,
    requests: Family<Answered, Counter>,
    jobs: Family<Ended, Counter>,
    streams: Family<Carried, Gauge>,
    queue: Gauge<f64, AtomicU64>,
    unnoted: Counter,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    dialect: &'static str,
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Carried {
    carrier: &'static str,
}

impl Metrics {
    pub(crate) fn new(core: Core) -> Self {
        let mut registry = Registry::with_prefix("vedette");
        let (requests, jobs, streams) = (Family::default(), Family::default(), Family::default());
        let (queue, unnoted) = (Gauge::default(), Counter::default());
        registry.register("requests", "Requests answered", requests.clone());
        registry.register("jobs_ended", "Jobs that ended, as this process heard of it", jobs.clone());
        registry.register("streams_open", "Live streams that are open", streams.clone());
        registry.register("queue_waiting", "Jobs of which a shard waits for a worker", queue.clone());
        registry.register("audit_failures", "Refused keys that the audit log lacks", unnoted.clone());
        registry.register_collector(Box::new(LetThrough(core.limiter.clone())));
        Self { core, registry: registry.into(), requests, jobs, streams, queue, unnoted }
    }

    /// A job has ended.
    pub(crate) fn job_ended(&self, status: Status) {
        self.jobs.get_or_create(&Ended { outcome: status.as_str() }).inc();
    }

    /// A refused key could not be written into the audit log.
    pub(crate) fn audit_failed(&self) {
        self.unnoted.inc();
    }

    /// Counts a stream for as long as what is returned is kept.
    pub(crate) fn stream_opened(&self, carrier: &'static str) -> OpenStream {
        let gauge = self.streams.get_or_create(&Carried { carrier }).clone();
        gauge.inc();
        OpenStream(gauge)
    }

    /// All numbers.
    ///
    /// # Errors
    /// None in practice: nothing is written but into memory.
    pub(crate) async fn text(&self) -> Result<String, fmt::Error> {
        let waiting = self.core.bell.waiting().await.and_then(|waiting| u32::try_from(waiting).ok());
        self.queue.set(waiting.map_or(f64::NAN, f64::from));
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// A stream that is open.
#[derive(Debug)]
pub(crate) struct OpenStream(Gauge);

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Requests that a quota let through because it could not be counted.
#[derive(Debug)]
struct LetThrough(Limiter);

impl Collector for LetThrough {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let counter = ConstCounter::new(self.0.let_through());
        let help = "Requests that passed a quota uncounted, since Redis was away";
        let encoder = encoder.encode_descriptor("quota_failed_open", help, None, counter.metric_type())?;
        counter.encode(encoder)
    }
}

/// Counts the requests of a dialect by how they were answered.
pub(crate) async fn count(
    State((metrics, dialect)): State<(Metrics, &'static str)>,
    request: Request,
    next: Next,
) -> Response {
    let response = next.run(request).await;
    let status = match response.status().as_u16() {
        100..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    };
    metrics.requests.get_or_create(&Answered { dialect, status }).inc();
    response
}
