use std::{
    collections::HashSet,
    mem,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    error::Error,
    event::Event,
    probe::{Probe, State},
    raw::{Kind, can_send_raw},
    scan::{scan, scan_raw},
    settings::{Method, Settings},
    stop::Stop,
};

/// Where hosts are asked: the usual ports of servers, desktops, routers and printers. One that is closed and says so is as
/// good as an open one.
const PORTS: [u16; 8] = [443, 80, 22, 445, 3389, 53, 25, 9100];
/// The place of a ping, which is for no port.
const NO_PORT: [u16; 1] = [0];

/// Tells at which of some addresses there is anybody: who answers a ping, or is open or closed at one of a few TCP ports.
///
/// Pings, and SYN packets in the place of connections, are sent where this process may. Of `settings`, what limits the
/// rate is kept; each question is asked twice, and silence for 750 ms is taken for an answer. A stop ends it early, with
/// those that were found by then.
///
/// ```
/// use portscan::{Settings, Stop, find_hosts};
///
/// let hosts = find_hosts(&Settings::default(), &["127.0.0.1".parse()?], &Stop::new())?;
/// assert_eq!(hosts.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Those of [`scan`](crate::scan()).
pub fn find_hosts(settings: &Settings, addresses: &[IpAddr], stop: &Stop) -> Result<HashSet<IpAddr>, Error> {
    let survey = Survey { addresses, found: Mutex::default() };
    if can_send_raw().is_err() {
        let by_connections = settings.in_haste(Method::Connect);
        scan(&by_connections, survey.probes(&PORTS), stop, |event| survey.note(event))?;
    } else {
        let by_packets = settings.in_haste(Method::Syn);
        scan_raw(Kind::Echo, &by_packets, survey.probes(&NO_PORT), stop, |event| survey.note(event))?;
        scan(&by_packets, survey.probes(&PORTS), stop, |event| survey.note(event))?;
    }
    Ok(mem::take(&mut *survey.found()))
}

struct Survey<'a> {
    addresses: &'a [IpAddr],
    found: Mutex<HashSet<IpAddr>>,
}

impl Survey<'_> {
    /// The probes of those that are not found yet when their turn comes: one port of all of them, then the next.
    fn probes(&self, ports: &'static [u16]) -> impl Iterator<Item = Probe> + Send {
        let everywhere =
            ports.iter().flat_map(|port| self.addresses.iter().map(move |address| (*address, *port)));
        let numbered = (0..).zip(everywhere);
        let missing = numbered.filter(|(_, (address, _))| !self.found().contains(address));
        missing.map(|(number, peer)| Probe { number, address: peer.into() })
    }

    fn note(&self, event: Event) {
        let Event::Verdict { number, state: State::Open | State::Closed } = event else { return };
        let count = self.addresses.len().max(1);
        let index = usize::try_from(number).ok().and_then(|number| number.checked_rem(count));
        if let Some(address) = index.and_then(|index| self.addresses.get(index)) {
            self.found().insert(*address);
        }
    }

    fn found(&self) -> MutexGuard<'_, HashSet<IpAddr>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
