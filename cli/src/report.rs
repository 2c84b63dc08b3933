//! What a person, or a program, sees of a scan.

mod progress;
mod summary;
mod table;

use std::io;

use serde_json::Value;

use crate::arguments::ScanArgs;
use crate::event::Event;
use crate::inert::inert_json;
use crate::terminal::Terminal;
use crate::wire::{Port, Progress, Warning};

pub(crate) use summary::Summary;
use table::Table;

/// The two ways to show a scan.
#[derive(Debug)]
enum Format {
    Table(Table),
    JsonLines,
}

/// Shows a scan as it goes on: results to standard output, the bar to standard error.
#[derive(Debug)]
pub(crate) struct Report<'terminal> {
    terminal: &'terminal Terminal,
    format: Format,
    /// The event that says all there is to a row.
    row_event: &'static str,
    latest: Progress,
}

impl<'terminal> Report<'terminal> {
    /// Starts the report, and the bar with it.
    pub(crate) fn start(terminal: &'terminal Terminal, arguments: &ScanArgs) -> Self {
        let table = || Format::Table(Table::new(&arguments.target));
        let format = if arguments.json { Format::JsonLines } else { table() };
        progress::start(terminal.bar());
        let row_event = if arguments.looks.identify() { "service_found" } else { "port_found" };
        Self { terminal, format, row_event, latest: Progress::default() }
    }

    /// Shows one event.
    ///
    /// # Errors
    /// When standard output takes no more.
    pub(crate) fn event(&mut self, event: &Event) -> io::Result<()> {
        if matches!(self.format, Format::JsonLines) {
            self.terminal.line(&inert_json(&event.to_json()))?;
        }
        match event.kind.as_str() {
            "progress" => self.progress(event),
            kind if kind == self.row_event => return self.row(event),
            "warning" => self.warning(event),
            "status" => progress::status(self.terminal.bar(), event),
            _ => {}
        }
        Ok(())
    }

    fn progress(&mut self, event: &Event) {
        let Some(latest) = event.read() else { return self.unreadable(event) };
        self.latest = latest;
        progress::show(self.terminal.bar(), &latest);
    }

    /// Whoever reads the lines of JSON has it there.
    fn warning(&self, event: &Event) {
        if matches!(self.format, Format::JsonLines) {
            return;
        }
        let Some(warning) = event.read::<Warning>() else { return self.unreadable(event) };
        let rest = if warning.unresolved_host().is_some() { "; the rest is scanned" } else { "" };
        self.terminal.note(&format!("warning: {}{rest}", warning.message));
    }

    fn row(&mut self, event: &Event) -> io::Result<()> {
        let Some(port) = event.read::<Port>() else {
            self.unreadable(event);
            return Ok(());
        };
        match &mut self.format {
            Format::Table(table) => table.show(&port, self.terminal),
            Format::JsonLines => Ok(()),
        }
    }

    fn unreadable(&self, event: &Event) {
        self.terminal.note(&format!("an event could not be read: {}", inert_json(&event.to_json())));
    }

    /// Shows how the scan ended: ports whose events were missed, and the summary; or the results document.
    ///
    /// # Errors
    /// When standard output takes no more.
    pub(crate) fn end(&mut self, summary: &Summary, results: Option<&Value>) -> io::Result<()> {
        self.terminal.bar().finish_and_clear();
        match &mut self.format {
            Format::JsonLines => match results {
                Some(document) => {
                    self.terminal.line(&inert_json(&format!(r#"{{"event":"result","data":{document}}}"#)))
                }
                None => Ok(()),
            },
            Format::Table(table) => {
                for port in summary.open_ports() {
                    table.show(port, self.terminal)?;
                }
                self.terminal.line(&summary.text(table.is_empty()))
            }
        }
    }

    /// The last progress that was told of.
    pub(crate) fn latest(&self) -> Progress {
        self.latest
    }
}

impl Drop for Report<'_> {
    fn drop(&mut self) {
        self.terminal.bar().finish_and_clear();
    }
}
