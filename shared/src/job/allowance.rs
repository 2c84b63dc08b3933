//! Whether a user may submit one more scan.

use std::time::Duration;

use chrono::{DateTime, NaiveTime, Utc};

use super::Kind;
use crate::{
    core::Core,
    error::{Error, Result},
    identity::Principal,
    limit::{Purpose, Rule, Standing},
    store::{Tx, identity::hold_user, jobs},
};

/// Refuses a scan beyond what the user's tier allows.
///
/// What counts is what is stored, and it is counted while the user's row is held: of any number of submissions at
/// once, in any number of processes, each sees those before it. Nothing has to be given back when one fails.
///
/// # Errors
/// `LimitReached` for the scans of this day, `TooManyScans` for those that have not ended.
pub(super) async fn check(core: &Core, principal: &Principal, tx: &mut Tx) -> Result<()> {
    let (user, now) = (principal.user, core.clock.now());
    let allowance = core.limits.allowances.of(principal.tier);
    if allowance.scans_a_day.is_none() && allowance.scans_at_once.is_none() {
        return Ok(());
    }
    hold_user(tx, user).await?;
    if let Some(most) = allowance.scans_a_day {
        let today = jobs::count_since(tx, user, Kind::Scan, midnight(now)).await?;
        let standing = Standing::new(&daily(most), today, now);
        if !standing.allowed {
            return Err(Error::LimitReached(standing));
        }
    }
    match allowance.scans_at_once {
        Some(most) if jobs::count_unfinished(tx, user, Kind::Scan).await? >= most => {
            Err(Error::TooManyScans { most })
        }
        Some(_) | None => Ok(()),
    }
}

/// What a user has had of their scans.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Scans since midnight UTC.
    pub scans_today: i64,
    /// Scans that have not ended.
    pub scans_at_once: i64,
}

/// What a caller has had of their scans.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn usage(core: &Core, principal: &Principal) -> Result<Usage> {
    let since = midnight(core.clock.now());
    let (scans_today, scans_at_once) = jobs::usage(&core.store, principal.user, Kind::Scan, since).await?;
    Ok(Usage { scans_today, scans_at_once })
}

fn midnight(now: DateTime<Utc>) -> DateTime<Utc> {
    now.with_time(NaiveTime::MIN).earliest().unwrap_or(now)
}

/// Counted in the database, but told as any other limit.
fn daily(most: i64) -> Rule {
    Rule {
        name: "scans",
        unit: "scans a day",
        most,
        window: Duration::from_hours(24),
        lock: None,
        purpose: Purpose::Quota,
    }
}
