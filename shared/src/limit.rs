//! Limits on how often: so much in each window of time, counted apart for each subject.
//!
//! Windows are *fixed*, and begin at whole multiples of their length in UTC: hours at minute 0, days at midnight. The
//! dialects promise their callers the moment at which counting begins anew. A fixed window has such a moment, the same
//! for every process; a sliding one has none. Its price is that around that moment twice the limit can pass in less
//! than a window's length.
//!
//! What is counted stands in Redis where there is one, so that all processes count together, and else in this process.

mod embedded;
mod once;
mod redis;
mod window;

use std::{
    fmt,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};

use self::{embedded::Embedded, once::Said, redis::Redis, window::Window};
use crate::{
    error::{Error, Result},
    id::{KeyId, OrganizationId, UserId},
};

/// One limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Tells its counts from those of other rules: lower case, with dots between.
    pub name: &'static str,
    /// What it counts, for a person, such as `requests an hour`.
    pub unit: &'static str,
    /// How many each subject has in a window.
    pub most: i64,
    /// The length of a window.
    pub window: Duration,
    /// A subject that wants more than that is refused for so long, whatever the window says.
    pub lock: Option<Duration>,
    /// What it is for.
    pub purpose: Purpose,
}

impl Rule {
    /// Slows strangers down to so many an hour.
    #[must_use]
    pub fn throttle(name: &'static str, unit: &'static str, most: i64) -> Self {
        Self { name, unit, most, window: Duration::from_hours(1), lock: None, purpose: Purpose::Throttle }
    }
}

/// What a rule is for, which decides what happens while Redis is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To share the server out among known callers: without Redis everybody is let through.
    Quota,
    /// To slow down strangers: without Redis each process counts for itself.
    Throttle,
}

/// On whose account something is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A user, with whichever of their keys.
    User(UserId),
    /// All users of an organization together.
    Organization(OrganizationId),
    /// A key, apart from its user's others.
    Key(KeyId),
    /// An address, or the /64 network of an IPv6 address: whoever has one of it has them all.
    Address(IpAddr),
    /// Those for whom there is no room any more, together.
    Others,
}

impl From<UserId> for Subject {
    fn from(user: UserId) -> Self {
        Self::User(user)
    }
}

impl From<OrganizationId> for Subject {
    fn from(organization: OrganizationId) -> Self {
        Self::Organization(organization)
    }
}

impl From<KeyId> for Subject {
    fn from(key: KeyId) -> Self {
        Self::Key(key)
    }
}

impl From<IpAddr> for Subject {
    fn from(address: IpAddr) -> Self {
        Self::Address(match address.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::from([a, b, c, d, 0, 0, 0, 0])
            }
            v4 @ IpAddr::V4(_) => v4,
        })
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => write!(f, "user:{user}"),
            Self::Organization(organization) => write!(f, "organization:{organization}"),
            Self::Key(key) => write!(f, "key:{key}"),
            Self::Address(address) => write!(f, "address:{address}"),
            Self::Others => f.write_str("others"),
        }
    }
}

/// Where a subject stands with a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether it may go on.
    pub allowed: bool,
    /// What it counts, for a person.
    pub unit: &'static str,
    /// How many it has in a window.
    pub limit: i64,
    /// How many of them are left.
    pub remaining: i64,
    /// When it has all of them again.
    pub resets_at: DateTime<Utc>,
    /// Whole seconds until then, at least 1.
    pub retry_after: i64,
}

impl Standing {
    /// Where somebody stands who has used `used` of the rule's window around `now`.
    #[must_use]
    pub fn new(rule: &Rule, used: i64, now: DateTime<Utc>) -> Self {
        let window = Window::around(now.timestamp_millis(), rule.window);
        Count { allowed: used < rule.most, used, resets_at: window.end() }.standing(rule, now)
    }
}

/// One question to the counts; times in milliseconds since 1970.
#[derive(Clone, Copy, Debug)]
struct Draw<'a> {
    rule: &'a Rule,
    subject: Subject,
    now: i64,
    window: Window,
    /// 1 to use one, 0 only to look.
    cost: i64,
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Count {
    allowed: bool,
    used: i64,
    resets_at: i64,
}

impl Count {
    fn standing(self, rule: &Rule, now: DateTime<Utc>) -> Standing {
        Standing {
            allowed: self.allowed,
            unit: rule.unit,
            limit: rule.most,
            remaining: (rule.most - self.used).max(0),
            resets_at: DateTime::from_timestamp_millis(self.resets_at).unwrap_or(now),
            retry_after: window::seconds_until(self.resets_at, now.timestamp_millis()),
        }
    }
}

/// Counts. Clones share the counts.
#[derive(Clone, Debug)]
pub struct Limiter {
    redis: Option<Redis>,
    /// Without Redis all there is, and with it the stand-in while it is away.
    embedded: Embedded,
    said: Said,
    let_through: Arc<AtomicU64>,
}

impl Limiter {
    /// Counts in the Redis at `url`, or in this process.
    ///
    /// # Errors
    /// `Unavailable` when that Redis does not answer.
    pub async fn open(url: Option<&str>) -> Result<Self> {
        let redis = match url {
            Some(url) => Some(Redis::connect(url).await?),
            None => None,
        };
        Ok(Self { redis, embedded: Embedded::default(), said: Said::default(), let_through: Arc::default() })
    }

    /// Uses one, if one is left. Of any number of callers at once, in any number of processes, no more than the limit
    /// are allowed.
    pub async fn take(&self, rule: &Rule, subject: Subject, now: DateTime<Utc>) -> Standing {
        self.draw(rule, subject, now, 1).await
    }

    /// Uses one, or refuses.
    ///
    /// # Errors
    /// `LimitReached` when none is left.
    pub async fn require(&self, rule: &Rule, subject: Subject, now: DateTime<Utc>) -> Result<()> {
        let standing = self.take(rule, subject, now).await;
        if standing.allowed { Ok(()) } else { Err(Error::LimitReached(standing)) }
    }

    /// Only looks.
    pub async fn look(&self, rule: &Rule, subject: Subject, now: DateTime<Utc>) -> Standing {
        self.draw(rule, subject, now, 0).await
    }

    /// Whether a word that is to be said once only, such as a nonce, is said for the first time in two minutes: of any
    /// number of callers at once, in any number of processes, one hears yes. While Redis is away each process knows what
    /// it heard itself.
    pub async fn is_first(&self, word: &str, now: DateTime<Utc>) -> bool {
        let mark = once::mark(word);
        // Here too, whatever Redis says: it may lose what it was told.
        if !self.said.is_first(mark, now.timestamp_millis()) {
            return false;
        }
        match &self.redis {
            Some(redis) => redis.is_first(&mark).await.unwrap_or(true),
            None => true,
        }
    }

    /// How often, since the process began, something passed a quota because Redis was away.
    #[must_use]
    pub fn let_through(&self) -> u64 {
        self.let_through.load(Ordering::Relaxed)
    }

    async fn draw(&self, rule: &Rule, subject: Subject, now: DateTime<Utc>, cost: i64) -> Standing {
        let window = Window::around(now.timestamp_millis(), rule.window);
        let draw = Draw { rule, subject, now: now.timestamp_millis(), window, cost };
        let counted = match &self.redis {
            Some(redis) => redis.draw(&draw).await,
            None => Some(self.embedded.draw(&draw)),
        };
        counted.unwrap_or_else(|| self.draw_here(&draw)).standing(rule, now)
    }

    /// What holds while Redis is away.
    fn draw_here(&self, draw: &Draw<'_>) -> Count {
        let here = self.embedded.draw(draw);
        if draw.rule.purpose == Purpose::Throttle {
            return here;
        }
        self.let_through.fetch_add(u64::from(draw.cost > 0), Ordering::Relaxed);
        Count { allowed: true, ..here }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_network_is_one_subject_and_a_mapped_address_is_the_ipv4_inside() {
        let subject = |text: &str| Subject::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(subject("2001:db8:1:2:3::4"), subject("2001:db8:1:2:ffff::1"));
        assert_ne!(subject("2001:db8:1:2::1"), subject("2001:db8:1:3::1"));
        assert_eq!(subject("::ffff:127.0.0.1"), subject("127.0.0.1"));
        assert_ne!(subject("127.0.0.1"), subject("127.0.0.2"));
        assert_eq!(subject("127.0.0.1").to_string(), "address:127.0.0.1");
    }
}
