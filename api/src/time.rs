//! Times as most dialects write them.

use chrono::{DateTime, Utc};

/// A time as `2024-02-06T12:00:00Z`.
pub(crate) fn seconds(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
