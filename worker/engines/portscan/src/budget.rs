use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::pace::Pace;

/// Packets a second that several scans of this process share, first come, first served; its clones are the same
/// budget.
///
/// ```
/// use portscan::{Budget, Settings};
///
/// let budget = Budget::new(5000);
/// let of_one_scan = Settings { budgets: vec![budget.clone()], ..Settings::default() };
/// let of_another = Settings { budgets: vec![budget], ..Settings::fast() };
/// assert_eq!(of_one_scan.budgets, of_another.budgets);
/// ```
#[derive(Debug, Clone)]
pub struct Budget {
    pace: Arc<Mutex<Pace>>,
}

impl Budget {
    /// `rate` is in packets a second, retries included; 0 is read as 1.
    #[must_use]
    pub fn new(rate: u32) -> Self {
        Self { pace: Arc::new(Mutex::new(Pace::new(rate.into()))) }
    }

    /// Takes up to `wanted` packets out of it; or tells when there will be one.
    pub(crate) fn take(&self, now: Duration, wanted: usize) -> Result<usize, Duration> {
        let mut pace = self.pace();
        match pace.available(now, wanted) {
            0 => Err(pace.due()),
            packets => {
                pace.spend(packets);
                Ok(packets)
            }
        }
    }

    /// Puts back packets that were not sent.
    pub(crate) fn give_back(&self, packets: usize) {
        self.pace().give_back(packets);
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Two are equal if they are the same.
impl PartialEq for Budget {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.pace, &other.pace)
    }
}

impl Eq for Budget {}
