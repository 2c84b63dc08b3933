//! A scan and all it reported.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use portscan::{Error, Event, Probe, Settings, Shape, State, Stop, Summary, Tally, scan};

pub(crate) const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
pub(crate) const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) opened: Vec<Probe>,
    pub(crate) settled: Vec<(u64, Tally)>,
    pub(crate) verdicts: Tally,
    pub(crate) shapes: Vec<(SocketAddr, Shape)>,
    newest_verdict: Option<u64>,
}

impl Record {
    pub(crate) fn note(&mut self, event: Event) {
        match event {
            Event::Open(probe) => self.opened.push(probe),
            Event::Shape { address, shape } => self.shapes.push((address, shape)),
            Event::Verdict { number, state } => {
                assert!(self.newest_verdict < Some(number), "verdicts come in order, each once");
                self.newest_verdict = Some(number);
                match state {
                    State::Open => self.verdicts.open += 1,
                    State::Closed => self.verdicts.closed += 1,
                    State::Filtered => self.verdicts.filtered += 1,
                }
            }
            Event::Settled { below, tally } => {
                assert_eq!(self.verdicts, tally, "verdicts add up to the checkpoint");
                self.settled.push((below, tally));
            }
        }
    }

    /// The open addresses, in order.
    pub(crate) fn open_addresses(&self) -> Vec<SocketAddr> {
        let mut addresses: Vec<SocketAddr> = self.opened.iter().map(|probe| probe.address).collect();
        addresses.sort();
        addresses
    }
}

pub(crate) fn try_scan(
    settings: &Settings,
    probes: impl Iterator<Item = Probe> + Send,
) -> (Result<Summary, Error>, Record) {
    let mut record = Record::default();
    let result = scan(settings, probes, &Stop::new(), |event| record.note(event));
    (result, record)
}

pub(crate) fn record(settings: &Settings, addresses: Vec<SocketAddr>) -> (Summary, Record) {
    let (result, record) = try_scan(settings, numbered(addresses));
    (result.expect("the scan runs"), record)
}

pub(crate) fn numbered(
    addresses: impl IntoIterator<Item = SocketAddr, IntoIter: Send>,
) -> impl Iterator<Item = Probe> + Send {
    (0..).zip(addresses).map(|(number, address)| Probe { number, address })
}

/// A listener on a free port; `None`, said so, where the machine has no such address.
pub(crate) fn listen(address: IpAddr) -> Option<TcpListener> {
    let listener = TcpListener::bind((address, 0));
    if let Err(error) = &listener {
        println!("skipped: cannot listen on {address}: {error}");
    }
    listener.ok()
}
