//! The bar on standard error.

use std::fmt::Write;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use crate::event::Event;
use crate::inert::inert;
use crate::wire::Progress;

const TICK: Duration = Duration::from_millis(120);
const WAITING: &str = "{spinner} {msg} [{elapsed}]";
const COUNTING: &str = "[{bar:10}] {pos}/{len}  {rate}  {eta} left  {wide_msg}";

/// Shows the bar, which waits for the scan to begin.
pub(super) fn start(bar: &ProgressBar) {
    bar.reset();
    bar.set_style(style(WAITING));
    bar.set_message("starting");
    bar.enable_steady_tick(TICK);
}

/// Shows where the scan stands, while nothing is counted.
pub(super) fn status(bar: &ProgressBar, event: &Event) {
    let status = event.data.get("status").and_then(serde_json::Value::as_str);
    if let (Some(text), None) = (status, bar.length()) {
        bar.set_message(inert(text));
    }
}

/// Shows the counts; the speed and the time left follow from them.
pub(super) fn show(bar: &ProgressBar, progress: &Progress) {
    if progress.total_ports == 0 {
        return;
    }
    if bar.length() != Some(progress.total_ports) {
        bar.set_length(progress.total_ports);
        bar.set_style(style(COUNTING));
        bar.set_position(progress.counts.total_ports_scanned);
        // The time before the first count says nothing about the speed.
        bar.reset_eta();
    }
    let counts = progress.counts;
    bar.set_message(format!(
        "{} open {} closed {} filtered",
        counts.open_ports, counts.closed_ports, counts.filtered_ports
    ));
    bar.set_position(counts.total_ports_scanned);
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
        .tick_chars("|/-\\ ")
        .with_key("rate", |state: &ProgressState, output: &mut dyn Write| {
            // A label that cannot be written is a label that is not shown.
            output.write_fmt(format_args!("{:.0} ports/s", state.per_sec())).unwrap_or_default();
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_well_formed() {
        assert!(ProgressStyle::with_template(WAITING).is_ok());
        assert!(ProgressStyle::with_template(COUNTING).is_ok());
    }
}
