use std::{collections::HashMap, net::IpAddr, time::Duration};

/// Recognises hosts that limit the ICMP errors they send: a burst first, then about one a second, as Linux does.
#[derive(Debug, Default)]
pub(super) struct Limiter {
    hosts: HashMap<IpAddr, Errors>,
    limited: Option<IpAddr>,
}

/// The port unreachables of one host.
#[derive(Debug)]
struct Errors {
    first: Duration,
    count: u32,
    /// Attempts that nothing was heard of.
    silent: u32,
}

/// Errors that come at once.
const BURST: u32 = 6;
/// Hosts that are remembered.
const HOSTS: usize = 4096;
/// So many times as many attempts are silent as are answered by an error.
const MOSTLY: u32 = 4;

impl Limiter {
    /// Notes an error that came from there.
    pub(super) fn error(&mut self, address: IpAddr, now: Duration) {
        if self.hosts.len() >= HOSTS {
            self.hosts.clear();
        }
        let errors = self.hosts.entry(address).or_insert(Errors { first: now, count: 0, silent: 0 });
        errors.count += 1;
    }

    /// Notes an attempt there that nothing was heard of.
    pub(super) fn silence(&mut self, address: IpAddr, now: Duration) {
        let Some(errors) = self.hosts.get_mut(&address) else { return };
        errors.silent += 1;
        let seconds = u32::try_from(now.saturating_sub(errors.first).as_secs()).unwrap_or(u32::MAX);
        let allowed = BURST.saturating_add(seconds).saturating_add(1);
        let is_limited = (BURST..=allowed).contains(&errors.count) && errors.silent > errors.count * MOSTLY;
        if is_limited {
            self.limited = Some(address);
        }
    }

    /// A host that does.
    pub(super) fn limited(&self) -> Option<IpAddr> {
        self.limited
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(198, 18, 0, 2));

    /// Errors at these milliseconds, then silence for `silent` attempts.
    fn after(errors: &[u64], silent: u32) -> Option<IpAddr> {
        let mut limiter = Limiter::default();
        for at in errors {
            limiter.error(HOST, Duration::from_millis(*at));
        }
        let end = Duration::from_millis(errors.last().copied().unwrap_or_default());
        (0..silent).for_each(|_| limiter.silence(HOST, end));
        limiter.limited()
    }

    #[test]
    fn a_burst_and_one_a_second_is_a_limiter() {
        assert_eq!(after(&[0, 1, 1, 2, 2, 3], 100), Some(HOST));
        assert_eq!(after(&[0, 1, 1, 2, 2, 3, 1000, 2000], 100), Some(HOST));
    }

    #[test]
    fn neither_a_firewall_nor_a_host_that_answers_is_one() {
        assert_eq!(after(&[], 1000), None);
        assert_eq!(after(&[0, 1, 2], 1000), None);
        assert_eq!(after(&[0; 20], 1000), None);
        assert_eq!(after(&[0; 6], 10), None);
    }
}
