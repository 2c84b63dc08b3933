//! What the server's HTTP API says, as far as the command line reads it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::arguments::ScanArgs;

/// What every answer is wrapped in.
#[derive(Debug, Deserialize)]
pub(crate) struct Envelope {
    /// What was asked for.
    pub(crate) data: Option<Value>,
    /// Why it was not given.
    pub(crate) error: Option<Problem>,
}

/// The server's own words for an error.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Problem {
    /// Upper-case word, such as `INVALID_TARGET`.
    #[serde(default)]
    pub(crate) code: String,
    /// For people.
    #[serde(default)]
    pub(crate) message: String,
    /// Seconds after which the same call may go well, where the server knows.
    pub(crate) retry_after: Option<u64>,
    /// What it is about, of a shape that depends on the code.
    #[serde(default)]
    pub(crate) details: Value,
}

/// The body of a request for a scan.
#[derive(Debug, Serialize)]
pub(crate) struct CreateScan<'text> {
    target: &'text str,
    scan_type: &'text str,
    ports: &'text str,
    options: Options<'text>,
}

#[derive(Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "the API's own four switches")]
struct Options<'text> {
    os_detection: bool,
    service_detection: bool,
    ssl_check: bool,
    fast_mode: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    engine: Option<&'text str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    discovery: Option<&'text str>,
}

impl<'text> From<&'text ScanArgs> for CreateScan<'text> {
    fn from(arguments: &'text ScanArgs) -> Self {
        Self {
            target: &arguments.target,
            scan_type: &arguments.scan_type,
            ports: &arguments.ports,
            options: Options {
                os_detection: arguments.looks.os_detection,
                service_detection: arguments.looks.service_detection,
                ssl_check: arguments.looks.ssl_check,
                fast_mode: arguments.looks.fast,
                engine: arguments.engine.as_deref(),
                rate: arguments.rate,
                discovery: arguments.discovery.as_deref(),
            },
        }
    }
}

/// The answer to a request for a scan.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Created {
    /// Such as `scan_Q8m2Zt4LxA0p`.
    pub(crate) scan_id: String,
    /// Where its events are sent.
    pub(crate) sse_url: Option<String>,
    /// Where its events are sent as WebSocket frames.
    pub(crate) websocket_url: Option<String>,
}

/// How a scan ended: the `complete` event, and what is read of the scan itself when that event was missed.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Ended {
    /// `completed`, `failed` or `cancelled`.
    #[serde(default)]
    pub(crate) status: String,
    /// In seconds.
    pub(crate) duration: Option<f64>,
    /// The same, finer.
    pub(crate) duration_ms: Option<u64>,
    /// What was counted.
    #[serde(default)]
    pub(crate) summary: Counts,
    /// Why it failed.
    pub(crate) error: Option<Problem>,
}

/// Address-port pairs by state.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default)]
pub(crate) struct Counts {
    /// All that were probed.
    #[serde(alias = "ports_scanned")]
    pub(crate) total_ports_scanned: u64,
    /// Accepting.
    pub(crate) open_ports: u64,
    /// Refusing.
    pub(crate) closed_ports: u64,
    /// Silent.
    pub(crate) filtered_ports: u64,
}

/// The `progress` event.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Progress {
    /// All there are to probe; 0 while unknown.
    pub(crate) total_ports: u64,
    /// What was counted so far.
    #[serde(flatten)]
    pub(crate) counts: Counts,
}

/// The `port_found` and `service_found` events, and a port of the results.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Port {
    /// 1 to 65535.
    #[serde(rename = "port")]
    pub(crate) number: u16,
    /// The address probed.
    pub(crate) address: Option<String>,
    /// The host as it was asked for.
    pub(crate) host: Option<String>,
    /// `tcp` or `udp`.
    pub(crate) protocol: Option<String>,
    /// Such as `open`.
    pub(crate) state: Option<String>,
    /// Such as `ssh`.
    pub(crate) service: Option<String>,
    /// Such as `OpenSSH`.
    pub(crate) product: Option<String>,
    /// Such as `9.6`.
    pub(crate) version: Option<String>,
    /// Such as `TLSv1.3`.
    pub(crate) tls_version: Option<String>,
    /// What the port showed in its handshake.
    pub(crate) certificate: Option<Certificate>,
    /// What it tells of the operating system.
    pub(crate) os: Option<Os>,
}

/// The certificate of a port.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Certificate {
    /// The distinguished name.
    #[serde(default)]
    pub(crate) subject: String,
    /// Such as `2027-01-01T00:00:00Z`.
    pub(crate) not_after: Option<String>,
    /// Whether a browser would believe its path.
    #[serde(default)]
    pub(crate) trusted: bool,
    /// Whether it was made out to the host.
    #[serde(default)]
    pub(crate) names_host: bool,
}

/// A hint at the operating system.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Os {
    /// Such as `Linux`.
    #[serde(default)]
    pub(crate) family: String,
    /// Such as `Debian`.
    pub(crate) name: Option<String>,
}

/// The `warning` event, and a warning of the results: what is not scanned, or not sure.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Warning {
    /// Upper-case word, such as `UNRESOLVED_HOST`.
    #[serde(default)]
    code: String,
    /// The target as it was given, or an address.
    host: Option<String>,
    /// For people.
    #[serde(default)]
    pub(crate) message: String,
}

impl Warning {
    /// The part of the target that is not scanned, if it tells of one.
    pub(crate) fn unresolved_host(&self) -> Option<&str> {
        self.host.as_deref().filter(|_| self.code == "UNRESOLVED_HOST")
    }
}

/// The results document, as far as the table needs it.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Results {
    /// In seconds.
    pub(crate) duration: Option<f64>,
    /// The same, finer.
    pub(crate) duration_ms: Option<u64>,
    /// What was counted.
    #[serde(default)]
    pub(crate) summary: Counts,
    /// The ports worth a record.
    #[serde(default)]
    pub(crate) ports: Vec<Port>,
    /// One entry an address.
    #[serde(default)]
    pub(crate) hosts: Vec<Value>,
    /// What was left out.
    #[serde(default)]
    pub(crate) warnings: Vec<Warning>,
}
