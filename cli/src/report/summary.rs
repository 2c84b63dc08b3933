//! The last lines of a scan.

use std::time::Duration;

use super::duration::written;
use crate::wire::{Counts, Port, Results};

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

    /// Shape: a blank line, what was scanned, what was found.
    pub(super) fn text(&self, nothing_found: bool) -> String {
        let counts = self.counts;
        let gap = if nothing_found { "No open port was found.\n" } else { "" };
        format!(
            "{gap}\n{}{}: {} ports scanned in {} ({})\n{} open, {} closed, {} filtered",
            crate::inert::inert(&self.target),
            self.addresses(),
            counts.total_ports_scanned,
            written(self.took),
            crate::inert::inert(&self.status),
            counts.open_ports,
            counts.closed_ports,
            counts.filtered_ports
        )
    }

    fn addresses(&self) -> String {
        match self.results.hosts.len() {
            0 => String::new(),
            1 => " (1 address)".into(),
            count => format!(" ({count} addresses)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
