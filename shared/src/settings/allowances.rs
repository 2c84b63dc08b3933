//! How much callers may do, by what they have paid for.

use super::{LookUp, Unusable, number};
use crate::identity::Tier;

/// What one user may do, with all their keys together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Requests an hour.
    pub requests_an_hour: i64,
    /// Scans from midnight to midnight UTC; `None` for any number.
    pub scans_a_day: Option<i64>,
    /// Scans that have not ended, at any moment; `None` for any number.
    pub scans_at_once: Option<i64>,
}

/// What each may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowances {
    /// `VEDETTE_FREE_REQUESTS`, 100; `VEDETTE_FREE_SCANS`, 10; `VEDETTE_FREE_SCANS_AT_ONCE`, 2. Of scans, 0 is any number.
    pub free: Allowance,
    /// `VEDETTE_PRO_REQUESTS`, 1000; `VEDETTE_PRO_SCANS`, any number; `VEDETTE_PRO_SCANS_AT_ONCE`, 10.
    pub pro: Allowance,
    /// `VEDETTE_ENTERPRISE_REQUESTS`, 1000000, which stands for any number where clients want to read one;
    /// `VEDETTE_ENTERPRISE_SCANS` and `VEDETTE_ENTERPRISE_SCANS_AT_ONCE`, any number.
    pub enterprise: Allowance,
    /// `VEDETTE_ANONYMOUS_REQUESTS`, 100: requests an hour of one address without a valid key.
    pub anonymous_requests_an_hour: i64,
    /// `VEDETTE_AIP_REQUESTS`, 200: signed requests a minute of one organization.
    pub signed_requests_a_minute: i64,
    /// `VEDETTE_AIP_ADDRESS_REQUESTS`, 1000: requests a minute of one address to where requests are signed; more lock
    /// it out.
    pub signed_requests_a_minute_of_an_address: i64,
    /// `VEDETTE_REGISTRATIONS`, 20: accounts that one address may ask for in an hour.
    pub registrations_an_hour: i64,
    /// `VEDETTE_LOGINS`, 60: logins that one address may try in an hour.
    pub logins_an_hour: i64,
    /// `VEDETTE_CLAIMS`, 60: claims that one address may make in an hour.
    pub claims_an_hour: i64,
    /// `VEDETTE_CLAIMED_EMAILS`, 5: e-mail addresses that nobody claimed before and one address may claim in a day.
    pub claimed_emails_a_day: i64,
    /// `VEDETTE_REFUSED_KEYS`, 100: keys without a prefix that one address may get wrong in an hour.
    pub refused_keys_an_hour: i64,
    /// `VEDETTE_KEYCHEST_REQUESTS`, 60: requests a minute of a user, or of an address without a valid key.
    pub keychest_requests_a_minute: i64,
    /// `VEDETTE_CHENIST_REQUESTS`, 1000: requests an hour of a key.
    pub chenist_requests_an_hour: i64,
    /// `VEDETTE_CHAD_REQUESTS`, 60: requests a minute of a key, or of an address without a valid one.
    pub chad_requests_a_minute: i64,
    /// `VEDETTE_CHAD_HIGH_REQUESTS`, 300: requests a minute of a key of the high rate tier.
    pub chad_high_requests_a_minute: i64,
}

impl Allowances {
    /// What a user of this tier may do.
    #[must_use]
    pub fn of(&self, tier: Tier) -> Allowance {
        match tier {
            Tier::Free => self.free,
            Tier::Pro => self.pro,
            Tier::Enterprise => self.enterprise,
        }
    }
}

pub(super) fn allowances(look_up: LookUp<'_>) -> Result<Allowances, Unusable> {
    let requests = |name, default| number(look_up, name, default, 1..=1_000_000_000_000);
    let scans = |name, default| {
        number(look_up, name, default, 0..=1_000_000_000_000).map(|most| (most > 0).then_some(most))
    };
    Ok(Allowances {
        free: Allowance {
            requests_an_hour: requests("VEDETTE_FREE_REQUESTS", 100)?,
            scans_a_day: scans("VEDETTE_FREE_SCANS", 10)?,
            scans_at_once: scans("VEDETTE_FREE_SCANS_AT_ONCE", 2)?,
        },
        pro: Allowance {
            requests_an_hour: requests("VEDETTE_PRO_REQUESTS", 1000)?,
            scans_a_day: scans("VEDETTE_PRO_SCANS", 0)?,
            scans_at_once: scans("VEDETTE_PRO_SCANS_AT_ONCE", 10)?,
        },
        enterprise: Allowance {
            requests_an_hour: requests("VEDETTE_ENTERPRISE_REQUESTS", 1_000_000)?,
            scans_a_day: scans("VEDETTE_ENTERPRISE_SCANS", 0)?,
            scans_at_once: scans("VEDETTE_ENTERPRISE_SCANS_AT_ONCE", 0)?,
        },
        anonymous_requests_an_hour: requests("VEDETTE_ANONYMOUS_REQUESTS", 100)?,
        signed_requests_a_minute: requests("VEDETTE_AIP_REQUESTS", 200)?,
        signed_requests_a_minute_of_an_address: requests("VEDETTE_AIP_ADDRESS_REQUESTS", 1000)?,
        registrations_an_hour: requests("VEDETTE_REGISTRATIONS", 20)?,
        logins_an_hour: requests("VEDETTE_LOGINS", 60)?,
        claims_an_hour: requests("VEDETTE_CLAIMS", 60)?,
        claimed_emails_a_day: requests("VEDETTE_CLAIMED_EMAILS", 5)?,
        refused_keys_an_hour: requests("VEDETTE_REFUSED_KEYS", 100)?,
        keychest_requests_a_minute: requests("VEDETTE_KEYCHEST_REQUESTS", 60)?,
        chenist_requests_an_hour: requests("VEDETTE_CHENIST_REQUESTS", 1000)?,
        chad_requests_a_minute: requests("VEDETTE_CHAD_REQUESTS", 60)?,
        chad_high_requests_a_minute: requests("VEDETTE_CHAD_HIGH_REQUESTS", 300)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &'static str, value: &'static str) -> Result<Allowances, Unusable> {
        allowances(&|asked| (asked == name).then(|| value.to_owned()))
    }

    #[test]
    fn the_defaults_are_those_of_the_document() {
        let allowances = read("", "").unwrap();
        let told = |tier| {
            let Allowance { requests_an_hour, scans_a_day, scans_at_once } = allowances.of(tier);
            (requests_an_hour, scans_a_day, scans_at_once)
        };
        assert_eq!(told(Tier::Free), (100, Some(10), Some(2)));
        assert_eq!(told(Tier::Pro), (1000, None, Some(10)));
        assert_eq!(told(Tier::Enterprise), (1_000_000, None, None));
    }

    #[test]
    fn no_scans_is_any_number_and_no_requests_is_refused() {
        assert_eq!(read("VEDETTE_FREE_SCANS", "0").unwrap().free.scans_a_day, None);
        assert_eq!(read("VEDETTE_PRO_SCANS", "7").unwrap().pro.scans_a_day, Some(7));
        for (name, value) in
            [("VEDETTE_FREE_REQUESTS", "0"), ("VEDETTE_FREE_SCANS", "-1"), ("VEDETTE_PRO_SCANS", "x")]
        {
            assert_eq!(read(name, value).unwrap_err().name, name);
        }
    }
}
