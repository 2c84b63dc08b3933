use std::{num::NonZero, thread, time::Duration};

use crate::{budget::Budget, host_budget::HostBudget};

/// How hard to try.
///
/// Zeros are read as the smallest value that makes sense (one try, one connection, one thread), so every value
/// makes a scan that ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How to try a port. Default [`Method::Connect`].
    pub method: Method,
    /// Attempts per probe, the first one included, where nothing seems to get lost. Default 3.
    pub tries: u32,
    /// Attempts per probe where packets get lost: as many as make a missed port rarer than 1 in 10,000 at the loss that
    /// is seen, but no more than this. Default 10; a value below `tries` is read as `tries`.
    pub most_tries: u32,
    /// Wait for an answer from an address that has not answered yet. Default 500 ms; doubled from try to try. Once it has
    /// answered, its own time counts, and that of the second try is not doubled.
    pub first_timeout: Duration,
    /// Shortest wait, however fast an address answers. Default 100 ms.
    pub min_timeout: Duration,
    /// Longest wait, doubling included. Default 1 s.
    pub max_timeout: Duration,
    /// Probes in flight at most, all threads together. Default 4000; the file limit may lower it for
    /// [`Method::Connect`], which takes an open file for each.
    pub window: usize,
    /// How far, in probe numbers, work may run ahead of the lowest unsettled probe. Default 65,536.
    ///
    /// A checkpoint never lags further than this; memory grows with it, by 16 bytes a probe.
    pub spread: u64,
    /// Scanning threads. Default 2, or 1 where only one processor is available.
    pub threads: usize,
    /// Packets a second at most, all threads together, retries included. Default: as fast as the way to the targets
    /// bears.
    pub rate: Option<u32>,
    /// Packets a second that this scan shares with others: each packet is taken out of every one. Default: none.
    pub budgets: Vec<Budget>,
    /// Packets a second that each address may be sent. Default: any number.
    pub hosts: Option<HostBudget>,
}

/// How to try a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Method {
    /// A connection, made and closed again. It takes no right.
    #[default]
    Connect,
    /// A bare SYN. It takes [raw sockets](crate::can_send_raw), as the next three do, and hardly any memory for a port
    /// that is silent.
    Syn,
    /// A bare FIN. A closed port answers it with RST; an open one is silent, as a filtered one is.
    Fin,
    /// A TCP packet without a flag; answered like a FIN.
    Null,
    /// A TCP packet with FIN, PSH and URG; answered like a FIN.
    Xmas,
    /// A datagram, for many ports one that its usual service answers. A closed port is told by an ICMP error, an open one
    /// by whatever comes back; an open one whose service says nothing is like a filtered one.
    Udp,
}

impl Settings {
    /// The same by another method, with as many probes in flight as it bears. Datagrams are sent by one thread, which sees
    /// all ICMP errors of a host.
    ///
    /// By [`Method::Udp`] a port is not tried more often where answers get lost: hosts limit how many ICMP errors they
    /// send, and that looks the same.
    ///
    /// ```
    /// use portscan::{Method, Settings};
    ///
    /// let settings = Settings::fast().by(Method::Syn);
    /// assert_eq!((settings.method, settings.tries), (Method::Syn, 2));
    /// ```
    #[must_use]
    pub fn by(self, method: Method) -> Self {
        match method {
            Method::Connect => Self { method, ..self },
            Method::Syn | Method::Fin | Method::Null | Method::Xmas => {
                Self { method, window: 32_768, ..self }
            }
            Method::Udp => Self { method, most_tries: self.tries, threads: 1, ..self },
        }
    }

    /// For a quick look by some method, which keeps what limits the rate.
    pub(crate) fn in_haste(&self, method: Method) -> Self {
        let Self { rate, budgets, hosts, .. } = self.clone();
        Self { rate, budgets, hosts, ..Self::fast().by(method) }
    }

    /// For paths that hardly lose packets: 2 tries, 250 ms first, 50 to 500 ms after that.
    ///
    /// A silent port costs 750 ms at most instead of 2.5 s, and a port is missed where two packets in a row are lost.
    ///
    /// ```
    /// let fast = portscan::Settings::fast();
    /// assert_eq!(fast.tries, 2);
    /// assert_eq!(fast.window, portscan::Settings::default().window);
    /// ```
    #[must_use]
    pub fn fast() -> Self {
        Self {
            tries: 2,
            most_tries: 2,
            first_timeout: Duration::from_millis(250),
            min_timeout: Duration::from_millis(50),
            max_timeout: Duration::from_millis(500),
            ..Self::default()
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        Self {
            method: Method::Connect,
            tries: 3,
            most_tries: 10,
            first_timeout: Duration::from_millis(500),
            min_timeout: Duration::from_millis(100),
            max_timeout: Duration::from_secs(1),
            window: 4000,
            spread: 65_536,
            threads: processors.min(2),
            rate: None,
            budgets: Vec::new(),
            hosts: None,
        }
    }
}
