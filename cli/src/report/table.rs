//! The ports as a table that is printed while it grows.

use std::collections::HashSet;
use std::io;

use crate::inert::inert;
use crate::terminal::Terminal;
use crate::wire::{Certificate, Port};

/// Wide enough for `255.255.255.255`.
const IPV4_WIDTH: usize = 15;
/// Wide enough for eight groups of four digits.
const IPV6_WIDTH: usize = 39;
/// A longer name pushes its own line aside, not the table.
const WIDEST_HOST: usize = 40;

/// Columns of fixed width, chosen before the first port is known.
#[derive(Debug)]
pub(super) struct Table {
    address_width: usize,
    host_width: usize,
    shown: HashSet<[String; 4]>,
}

impl Table {
    /// A table for the parts of a target.
    pub(super) fn new(target: &str) -> Self {
        let longest = target.split(',').map(|part| part.trim().chars().count()).max().unwrap_or_default();
        Self {
            address_width: if target.contains(':') { IPV6_WIDTH } else { IPV4_WIDTH },
            host_width: longest.clamp("HOST".len(), WIDEST_HOST),
            shown: HashSet::new(),
        }
    }

    /// Whether no port was shown.
    pub(super) fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// Prints a port, unless it stands there already; the head goes before the first.
    pub(super) fn show(&mut self, port: &Port, terminal: &Terminal) -> io::Result<()> {
        let address = text(port.address.as_deref().or(port.host.as_deref()));
        let (protocol, host) = (text(port.protocol.as_deref()), text(port.host.as_deref()));
        let is_first = self.shown.is_empty();
        if !self.shown.insert([address.clone(), port.number.to_string(), protocol, host]) {
            return Ok(());
        }
        if is_first {
            terminal.line(&self.head())?;
        }
        terminal.line(&self.row(port, &address, terminal.has_colours()))
    }

    fn head(&self) -> String {
        let state = format!("{:<8}", "STATE");
        let (address, host) = (format!("{:<1$}", "ADDRESS", self.address_width), self.host("HOST"));
        format!("{address}  {:>5}  {:<5}  {state}  {:<14}  {host}  VERSION", "PORT", "PROTO", "SERVICE")
    }

    fn row(&self, port: &Port, address: &str, colours: bool) -> String {
        let state = state_cell(&text(port.state.as_deref()), colours);
        let protocol = text(port.protocol.as_deref());
        let service = text(port.service.as_deref());
        let host = self.host(&text(port.host.as_deref()));
        let version = version_cell(port);
        let address = format!("{address:<0$}", self.address_width);
        let row = format!(
            "{address}  {:>5}  {protocol:<5}  {state}  {service:<14}  {host}  {version}",
            port.number
        );
        row.trim_end().to_owned()
    }

    fn host(&self, name: &str) -> String {
        format!("{name:<0$}", self.host_width)
    }
}

/// The text of a cell, `-` where there is none.
fn text(value: Option<&str>) -> String {
    value.filter(|text| !text.is_empty()).map_or_else(|| "-".to_owned(), inert)
}

/// Product and version, then in brackets what TLS showed and what the system is.
fn version_cell(port: &Port) -> String {
    let mut parts: Vec<String> =
        [&port.product, &port.version].into_iter().flatten().map(|text| inert(text)).collect();
    let mut asides: Vec<String> = port.tls_version.as_deref().map(inert).into_iter().collect();
    asides.extend(port.certificate.as_ref().map(certificate_text));
    let os = port.os.as_ref().map(|os| os.name.as_ref().unwrap_or(&os.family));
    asides.extend(os.map(|name| inert(name)));
    parts.extend((!asides.is_empty()).then(|| format!("[{}]", asides.join("; "))));
    parts.join(" ")
}

fn certificate_text(certificate: &Certificate) -> String {
    let day = certificate.not_after.as_deref().and_then(|time| time.split('T').next()).unwrap_or("?");
    let trust = if certificate.trusted { "" } else { ", not trusted" };
    let name = if certificate.names_host { "" } else { ", another name" };
    format!("{} until {}{trust}{name}", inert(&certificate.subject), inert(day))
}

/// Padded before it is coloured: the colour's own bytes take no room on the screen.
fn state_cell(state: &str, colours: bool) -> String {
    let padded = format!("{state:<8}");
    if colours && state == "open" { format!("\u{1b}[32m{padded}\u{1b}[0m") } else { padded }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port() -> Port {
        Port {
            number: 22,
            host: Some("lab.test".into()),
            protocol: Some("tcp".into()),
            state: Some("open".into()),
            service: Some("ssh\u{1b}[2J".into()),
            product: Some("OpenSSH".into()),
            version: Some("9.6".into()),
            ..Port::default()
        }
    }

    #[test]
    fn the_columns_stand_below_their_heads() {
        let table = Table::new("lab.test,192.0.2.0/28");
        assert_eq!(
            table.head(),
            "ADDRESS           PORT  PROTO  STATE     SERVICE         HOST          VERSION"
        );
        assert_eq!(
            table.row(&port(), "192.0.2.1", false),
            "192.0.2.1           22  tcp    open      ssh\u{fffd}[2J         lab.test      OpenSSH 9.6"
        );
    }

    #[test]
    fn colours_keep_the_width() {
        assert_eq!(state_cell("open", true), "\u{1b}[32mopen    \u{1b}[0m");
        assert_eq!(state_cell("filtered", true), "filtered");
    }

    #[test]
    fn what_tls_showed_stands_behind_the_version() {
        let certificate = Certificate {
            subject: "CN=lab.test".into(),
            not_after: Some("2027-01-01T00:00:00Z".into()),
            names_host: true,
            ..Certificate::default()
        };
        let port = Port { tls_version: Some("TLSv1.3".into()), certificate: Some(certificate), ..port() };
        assert_eq!(version_cell(&port), "OpenSSH 9.6 [TLSv1.3; CN=lab.test until 2027-01-01, not trusted]");
    }

    #[test]
    fn absent_cells_are_dashes_and_lines_have_no_tail() {
        let bare = Port { number: 80, ..Port::default() };
        let row = Table::new("::1").row(&bare, "::1", false);
        assert!(row.ends_with('-'));
        assert!(row.starts_with(&format!("{:<39}  ", "::1")));
    }
}
