use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::pace::Pace;

/// Packets a second that each address may be sent, by all scans of this process that share it; its clones are the same.
/// Loopback addresses are sent any number.
///
/// ```
/// use portscan::{HostBudget, Settings};
///
/// let gentle = Settings { hosts: Some(HostBudget::new(500)), ..Settings::default() };
/// ```
#[derive(Debug, Clone)]
pub struct HostBudget {
    rate: u32,
    hosts: Arc<Mutex<HashMap<IpAddr, Pace>>>,
}

/// With more hosts than this, those that were left alone for a while are forgotten.
const HOSTS: usize = 4096;

impl HostBudget {
    /// `rate` is in packets a second, retries included; 0 is read as 1.
    #[must_use]
    pub fn new(rate: u32) -> Self {
        Self { rate, hosts: Arc::default() }
    }

    /// Takes a packet to `address` out of it; or tells when there will be one.
    pub(crate) fn take(&self, now: Duration, address: IpAddr) -> Result<(), Duration> {
        if address.to_canonical().is_loopback() {
            return Ok(());
        }
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= HOSTS && !hosts.contains_key(&address) {
            hosts.retain(|_, pace| !pace.is_idle(now));
        }
        let pace = hosts.entry(address).or_insert_with(|| Pace::new(self.rate.into()));
        if pace.available(now, 1) == 0 {
            return Err(pace.due());
        }
        pace.spend(1);
        Ok(())
    }
}

/// Two are equal if they are the same.
impl PartialEq for HostBudget {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.hosts, &other.hosts)
    }
}

impl Eq for HostBudget {}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_secs(100);

    #[test]
    fn each_host_has_its_own_and_loopback_has_no_end() {
        let budget = HostBudget::new(1);
        let [one, other, own] = ["198.18.0.1", "2001:db8::1", "127.0.0.1"].map(|text| text.parse().unwrap());
        assert_eq!(budget.take(START, one), Ok(()));
        let due = budget.take(START, one).unwrap_err();
        assert!(due > START && due <= START + Duration::from_secs(1), "{due:?}");
        assert_eq!((budget.take(START, other), budget.take(due, one)), (Ok(()), Ok(())));
        assert!((0..1000).all(|_| budget.take(START, own).is_ok()));
    }

    #[test]
    fn hosts_that_are_left_alone_are_forgotten() {
        let budget = HostBudget::new(1000);
        for number in 0..20_000_u32 {
            let now = START + Duration::from_millis(number.into());
            assert_eq!(budget.take(now, IpAddr::V4(number.into())), Ok(()));
        }
        assert!(budget.hosts.lock().unwrap().len() <= HOSTS);
    }
}
