//! How fast the scans of this worker send.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use portscan::{Budget, HostBudget, Settings};
use shared::{id::JobId, scan::ScanRequest, settings::Limits};

/// Packets a second of a scan that leaves the machine, where neither the operator nor the caller says otherwise.
const POLITE: u32 = 10_000;

/// The budgets that the scans of this worker share; clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    all: Option<Budget>,
    hosts: Option<HostBudget>,
    scans: Arc<Mutex<HashMap<JobId, Weak<Budget>>>>,
}

impl Rates {
    /// Those that the operator sets.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        let all = limits.scan_rate.map(Budget::new);
        Self { all, hosts: Some(HostBudget::new(limits.host_rate)), scans: Arc::default() }
    }

    /// The budget of a scan of its own, for as long as a shard of it is worked here.
    pub(super) fn of_scan(&self, job: JobId, request: &ScanRequest, is_local: bool) -> Option<Arc<Budget>> {
        let usual = (self.all.is_none() && !is_local).then_some(POLITE);
        let rate = request.options.rate.or(usual)?;
        let mut scans = self.scans.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(budget) = scans.get(&job).and_then(Weak::upgrade) {
            return Some(budget);
        }
        scans.retain(|_, budget| budget.strong_count() > 0);
        let budget = Arc::new(Budget::new(rate));
        scans.insert(job, Arc::downgrade(&budget));
        Some(budget)
    }

    /// Has a scan keep to all of them.
    pub(super) fn limit(&self, settings: &mut Settings, of_scan: Option<&Arc<Budget>>) {
        settings.budgets = self.all.iter().chain(of_scan.map(Arc::as_ref)).cloned().collect();
        settings.hosts.clone_from(&self.hosts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(options: &str) -> ScanRequest {
        let text = format!(r#"{{"target": "198.51.100.1", "ports": "1", "options": {options}}}"#);
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn the_shards_of_a_scan_share_what_it_may_send_and_scans_do_not() {
        let (rates, job) = (Rates::default(), JobId::new());
        let asked = request(r#"{"rate": 100}"#);
        let of = |job| rates.of_scan(job, &asked, true).unwrap();
        let (one, same, other) = (of(job), of(job), of(JobId::new()));
        assert_eq!(one, same);
        assert_ne!(one, other);
        drop((one, same, other));
        assert_eq!(rates.scans.lock().unwrap().len(), 2);
        let _again = of(job);
        assert_eq!(rates.scans.lock().unwrap().len(), 1, "those that have ended are forgotten");
    }

    #[test]
    fn a_scan_is_polite_where_nobody_says_otherwise() {
        let usual = request("{}");
        let is_limited = |rates: &Rates, is_local| rates.of_scan(JobId::new(), &usual, is_local).is_some();
        assert!(is_limited(&Rates::default(), false));
        assert!(!is_limited(&Rates::default(), true));
        let by_operator = Rates { all: Some(Budget::new(1)), ..Rates::default() };
        assert!(!is_limited(&by_operator, false));
        let mut settings = Settings::default();
        by_operator.limit(&mut settings, None);
        assert_eq!(settings.budgets, by_operator.all.into_iter().collect::<Vec<Budget>>());
    }
}
