//! The last lines of a scan.

use std::time::Duration;

use crate::duration::written;
use crate::inert::inert;
use crate::wire::{Counts, Port, Results, Warning};

/// How a scan ended, from the best source there is: its results, its last event, or its last progress.
#[derive(Clone, Debug, Default)]
pub(crate) struct Summary {
    /// `completed`, `failed`, `cancelled`, or what else the server called it.
    pub(crate) status: String,
    /// As it was asked for.
    pub(crate) target: String,
    /// How long it took.
    pub(crate) took: Duration,
    /// What was counted.
    pub(crate) counts: Counts,
    /// What the server keeps of it.
    pub(crate) results: Results,
}

impl Summary {
    /// The open ports of the results.
    pub(super) fn open_ports(&self) -> impl Iterator<Item = &Port> {
        self.results.ports.iter().filter(|port| port.state.as_deref() == Some("open"))
    }

    /// Shape: a blank line, what was scanned, what was found, and which hosts were left out, if any.
    pub(super) fn text(&self, nothing_found: bool) -> String {
        let counts = self.counts;
        let gap = if nothing_found { "No open port was found.\n" } else { "" };
        let scanned = counts.total_ports_scanned;
        let ports = if scanned == 1 { "port" } else { "ports" };
        format!(
            "{gap}\n{}{}: {scanned} {ports} scanned in {} ({})\n{} open, {} closed, {} filtered{}",
            inert(&self.target),
            self.addresses(),
            written(self.took),
            inert(&self.status),
            counts.open_ports,
            counts.closed_ports,
            counts.filtered_ports,
            self.left_out()
        )
    }

    fn addresses(&self) -> String {
        match self.results.hosts.len() {
            0 => String::new(),
            1 => " (1 address)".into(),
            count => format!(" ({count} addresses)"),
        }
    }

    fn left_out(&self) -> String {
        let hosts = self.results.warnings.iter().filter_map(Warning::unresolved_host);
        let hosts: Vec<String> = hosts.map(inert).collect();
        if hosts.is_empty() { String::new() } else { format!("\nnot scanned: {}", hosts.join(", ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_port_is_no_plural_and_a_host_without_an_address_is_named() {
        let warning = |code: &str, host: &str| {
            serde_json::from_value::<Warning>(serde_json::json!({ "code": code, "host": host })).unwrap()
        };
        let gone = |host: &str| warning("UNRESOLVED_HOST", host);
        let summary = Summary {
            status: "completed".into(),
            target: "192.0.2.1,one.test,two.test".into(),
            counts: Counts { total_ports_scanned: 1, open_ports: 1, ..Counts::default() },
            results: Results {
                warnings: vec![gone("one.test"), warning("ICMP_LIMITED", "192.0.2.1"), gone("two.test")],
                ..Results::default()
            },
            ..Summary::default()
        };
        assert_eq!(
            summary.text(false),
            "\n192.0.2.1,one.test,two.test: 1 port scanned in 0 ms (completed)\n\
             1 open, 0 closed, 0 filtered\nnot scanned: one.test, two.test"
        );
    }

    #[test]
    fn the_summary_tells_targets_ports_states_and_time() {
        let summary = Summary {
            status: "completed".into(),
            target: "192.0.2.0/30".into(),
            took: Duration::from_millis(12_300),
            counts: Counts { total_ports_scanned: 8, open_ports: 0, closed_ports: 7, filtered_ports: 1 },
            results: Results { hosts: vec![serde_json::Value::Null; 4], ..Results::default() },
        };
        assert_eq!(
            summary.text(true),
            "No open port was found.\n\n192.0.2.0/30 (4 addresses): 8 ports scanned in 12.3 s (completed)\n\
             0 open, 7 closed, 1 filtered"
        );
    }
}
