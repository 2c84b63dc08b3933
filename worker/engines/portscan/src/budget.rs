use std::{
    sync::{Arc, Mutex, PoisonError},
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
/// let of_one_scan = Settings { budget: Some(budget.clone()), ..Settings::default() };
/// let of_another = Settings { budget: Some(budget), ..Settings::fast() };
/// assert_eq!(of_one_scan.budget, of_another.budget);
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
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        match pace.available(now, wanted) {
            0 => Err(pace.due()),
            packets => {
                pace.spend(packets);
                Ok(packets)
            }
        }
    }
}

/// Two are equal if they are the same.
impl PartialEq for Budget {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.pace, &other.pace)
    }
}

impl Eq for Budget {}
