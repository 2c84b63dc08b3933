//! Counts in Redis, which every process shares.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use redis::{
    RedisError, Script,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use tokio::time::{Instant, timeout};

use super::{Count, Draw, once::MEMORY_MS, window::millis};
use crate::error::{Error, Result};

/// How long a request waits for an answer, as long as for the database: to be late is not to be away, and on a busy
/// machine nobody is to get past a limit.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a Redis that did not answer is left alone; then a request tries it again, for all.
const REST: Duration = Duration::from_secs(1);
const CONNECT: Duration = Duration::from_secs(5);

/// Reads, decides and counts in one step, so that no two callers see the same last one.
///
/// The hash holds the window that was counted last, what was used of it, and the end of a lock. A process whose clock
/// lags behind counts in the later window, as the others do.
const DRAW: &str = r"
local now, window, length = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local most, lock, cost = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local state = redis.call('HMGET', KEYS[1], 'window', 'used', 'locked')
local counted, used, locked = tonumber(state[1]), tonumber(state[2]) or 0, tonumber(state[3]) or 0
if locked > now then return {0, most, locked} end
if counted and counted >= window then window = counted else used = 0 end
local allowed, resets = 1, window + length
if used >= most then
  allowed = 0
  if cost > 0 and lock > 0 then
    resets = now + lock
    redis.call('HSET', KEYS[1], 'window', window, 'used', used, 'locked', resets)
  end
elseif cost > 0 then
  used = used + cost
  redis.call('HSET', KEYS[1], 'window', window, 'used', used)
end
if cost > 0 then redis.call('PEXPIRE', KEYS[1], math.max(window + length, resets) - now + 60000) end
return {allowed, used, resets}
";

/// A connection, and what is known of its other end.
#[derive(Clone, Debug)]
pub(super) struct Redis {
    connection: ConnectionManager,
    script: Arc<Script>,
    outage: Arc<Outage>,
}

impl Redis {
    pub(super) async fn connect(url: &str) -> Result<Self> {
        let client = redis::Client::open(url).map_err(away)?;
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(2)
            .set_max_delay(Duration::from_secs(1))
            .set_connection_timeout(Some(Duration::from_secs(2)))
            .set_response_timeout(Some(CONNECT));
        let connected = timeout(CONNECT, client.get_connection_manager_with_config(config)).await;
        let mut connection = connected
            .map_err(|elapsed| Error::Unavailable { what: "Redis", source: Box::new(elapsed) })?
            .map_err(away)?;
        let script = Script::new(DRAW);
        // A Redis that has forgotten it is told again by the call that finds out.
        script.load_async(&mut connection).await.map_err(away)?;
        Ok(Self { connection, script: Arc::new(script), outage: Arc::default() })
    }

    /// `None` while Redis is away.
    pub(super) async fn draw(&self, draw: &Draw<'_>) -> Option<Count> {
        if !self.outage.may_ask() {
            return None;
        }
        let mut connection = self.connection.clone();
        let mut call = self.script.key(format!("vedette:limit:{}:{}", draw.rule.name, draw.subject));
        let lock = draw.rule.lock.map_or(0, millis);
        call.arg(&[draw.now, draw.window.start, draw.window.length, draw.rule.most, lock, draw.cost]);
        match timeout(PATIENCE, call.invoke_async(&mut connection)).await {
            Ok(Ok((allowed, used, resets_at))) => {
                self.outage.ended();
                Some(Count { allowed, used, resets_at })
            }
            Ok(Err(error)) => self.outage.noticed(&error.to_string()),
            Err(_) => self.outage.noticed("it is slow"),
        }
    }
}

impl Redis {
    /// Whether nobody has shown this mark lately; `None` while Redis is away.
    pub(super) async fn is_first(&self, mark: &[u8; 16]) -> Option<bool> {
        if !self.outage.may_ask() {
            return None;
        }
        let mut connection = self.connection.clone();
        let mut set = redis::cmd("SET");
        let key = format!("vedette:once:{:032x}", u128::from_be_bytes(*mark));
        set.arg(key).arg(1).arg("NX").arg("PX").arg(MEMORY_MS);
        match timeout(PATIENCE, set.query_async::<Option<String>>(&mut connection)).await {
            Ok(Ok(stored)) => {
                self.outage.ended();
                Some(stored.is_some())
            }
            Ok(Err(error)) => self.outage.noticed(&error.to_string()),
            Err(_) => self.outage.noticed("it is slow"),
        }
    }
}

/// Whether Redis is away, and when it is to be asked again.
#[derive(Debug, Default)]
struct Outage(Mutex<Option<Instant>>);

impl Outage {
    /// Whether to ask: while Redis is away, one request at a time does.
    fn may_ask(&self) -> bool {
        let mut again = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let may = again.is_none_or(|again| now >= again);
        if may && again.is_some() {
            *again = Some(now + PATIENCE + REST);
        }
        may
    }

    /// Warns once for each outage, however many requests meet it.
    fn noticed<T>(&self, error: &str) -> Option<T> {
        let mut again = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if again.replace(Instant::now() + REST).is_none() {
            tracing::warn!(
                error,
                "limits cannot be counted in Redis: quotas let through, throttles count here"
            );
        }
        None
    }

    fn ended(&self) {
        let mut again = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if again.take().is_some() {
            tracing::info!("limits are counted in Redis again");
        }
    }
}

fn away(error: RedisError) -> Error {
    Error::Unavailable { what: "Redis", source: Box::new(error) }
}
