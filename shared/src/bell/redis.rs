//! The bell in Redis: a list of shard ids for each ability that they need, three Pub/Sub channels.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use redis::{
    RedisError, RedisResult,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use serde::{Serialize, de::DeserializeOwned};
use tokio::{sync::mpsc, time::timeout};

use super::{Heard, News, Turns, Workers};
use crate::{
    error::{Error, Result},
    id::{JobId, ShardId, UserId},
    job::Due,
    scan::Ability,
};

const NEWS: &str = "vedette:news";
const STOPS: &str = "vedette:stops";
const ACCESS: &str = "vedette:access";
/// Kept alive by workers that can do no more than open connections.
const UNPRIVILEGED: &str = "vedette:worker:unprivileged";
/// Kept alive by workers that can send raw packets.
const PRIVILEGED: &str = "vedette:worker:privileged";

/// Ids that a list may hold; older ones fall off and are rung again by the sweeper.
const MOST_RINGS: isize = 100_000;
/// News in one message: enough to make its cost small, few enough to keep it small itself.
const MOST_NEWS: usize = 64;
/// A ring comes after the commit: a Redis that is slow must not slow the caller further than this.
const PATIENCE: Duration = Duration::from_millis(200);
const PAUSE: Duration = Duration::from_millis(250);

/// Lists and channels in Redis.
#[derive(Clone, Debug)]
pub struct Redis {
    client: redis::Client,
    tell: ConnectionManager,
    /// A connection of its own: a blocking read holds up whatever is queued behind it.
    hear: ConnectionManager,
    turns: Arc<Turns>,
}

/// Where rings wait for a worker that is able to do what they need.
fn list(needs: Ability) -> &'static str {
    match needs {
        Ability::Connections => "vedette:rings",
        Ability::RawPackets => "vedette:rings:raw",
    }
}

impl Redis {
    pub(super) async fn connect(url: &str) -> Result<Self> {
        let client = redis::Client::open(url).map_err(away)?;
        let place = client.get_connection_info().addr().to_string();
        let refused = |error: RedisError| Error::Unavailable {
            what: "Redis",
            source: format!("{place}: {error}").into(),
        };
        let config = || {
            ConnectionManagerConfig::new()
                .set_max_delay(Duration::from_secs(1))
                .set_connection_timeout(Some(Duration::from_secs(2)))
        };
        let short = config().set_number_of_retries(2).set_response_timeout(Some(Duration::from_secs(5)));
        let tell = timeout(Duration::from_secs(5), client.get_connection_manager_with_config(short)).await;
        let tell = tell.map_err(unanswered)?.map_err(refused)?;
        let hear = client
            .get_connection_manager_with_config(config().set_response_timeout(None))
            .await
            .map_err(away)?;
        Ok(Self { client, tell, hear, turns: Arc::default() })
    }

    pub(super) async fn ring(&self, shards: &[Due]) {
        let mut rings = redis::pipe();
        for needs in Ability::ALL {
            let ids: Vec<String> =
                shards.iter().filter(|due| due.needs == needs).map(|due| due.shard.to_string()).collect();
            if !ids.is_empty() {
                rings.rpush(list(needs), ids).ignore();
                rings.ltrim(list(needs), -MOST_RINGS, -1).ignore();
            }
        }
        self.send("rings", &rings).await;
    }

    pub(super) async fn hear(&self, ability: Ability, most: usize) -> Result<Vec<ShardId>> {
        let lists: Vec<&str> = self.turns.next(ability).into_iter().map(list).collect();
        let mut pop = redis::cmd("BLMPOP");
        pop.arg(1).arg(lists.len()).arg(lists).arg("LEFT").arg("COUNT").arg(most);
        let mut hear = self.hear.clone();
        let heard: Option<(String, Vec<Vec<u8>>)> = pop.query_async(&mut hear).await.map_err(away)?;
        Ok(heard.map(|(_, ids)| parse(&ids)).unwrap_or_default())
    }

    pub(super) async fn rung(&self, most: usize) -> Option<Vec<ShardId>> {
        let mut connection = self.tell.clone();
        let mut ranges = redis::pipe();
        for needs in Ability::ALL {
            ranges.lrange(list(needs), 0, isize::try_from(most).ok()?);
        }
        let lists = ranges.query_async::<Vec<Vec<Vec<u8>>>>(&mut connection);
        let lists = timeout(PATIENCE, lists).await.ok()?.ok()?;
        let is_short = lists.iter().all(|ids| ids.len() <= most);
        is_short.then(|| lists.iter().flat_map(|ids| parse(ids)).collect())
    }

    pub(super) async fn waiting(&self) -> Option<usize> {
        let mut connection = self.tell.clone();
        let mut lengths = redis::pipe();
        for needs in Ability::ALL {
            lengths.llen(list(needs));
        }
        let lengths = lengths.query_async::<Vec<usize>>(&mut connection);
        Some(timeout(PATIENCE, lengths).await.ok()?.ok()?.into_iter().sum())
    }

    pub(super) async fn tell(&self, news: &[News]) {
        let mut messages = redis::pipe();
        for several in news.chunks(MOST_NEWS) {
            push_message(&mut messages, NEWS, several);
        }
        self.send("news", &messages).await;
    }

    pub(super) async fn stop(&self, job: JobId) {
        let mut messages = redis::pipe();
        push_message(&mut messages, STOPS, &[job]);
        self.send("stop", &messages).await;
    }

    pub(super) async fn tell_access(&self, user: UserId) {
        let mut messages = redis::pipe();
        push_message(&mut messages, ACCESS, &[user]);
        self.send("access", &messages).await;
    }

    async fn send(&self, what: &str, commands: &redis::Pipeline) {
        let mut connection = self.tell.clone();
        match timeout(PATIENCE, commands.query_async::<()>(&mut connection)).await {
            Ok(Ok(())) => (),
            Ok(Err(error)) => tracing::warn!(what, %error, "not told to Redis"),
            Err(_) => tracing::warn!(what, "not told to Redis: it is slow"),
        }
    }

    pub(super) async fn report_worker(&self, ability: Ability) {
        let kind = match ability {
            Ability::Connections => UNPRIVILEGED,
            Ability::RawPackets => PRIVILEGED,
        };
        let mut command = redis::pipe();
        command.set_ex(kind, 1, 10).ignore();
        self.send("worker", &command).await;
    }

    pub(super) async fn workers(&self) -> Option<Workers> {
        let mut connection = self.tell.clone();
        let mut exist = redis::pipe();
        exist.exists(UNPRIVILEGED).exists(PRIVILEGED);
        let exist = exist.query_async::<(bool, bool)>(&mut connection);
        let (all, best) = match timeout(PATIENCE, exist).await.ok()?.ok()? {
            (false, false) => return None,
            (true, false) => (Ability::Connections, Ability::Connections),
            (true, true) => (Ability::Connections, Ability::RawPackets),
            (false, true) => (Ability::RawPackets, Ability::RawPackets),
        };
        Some(Workers { all, best })
    }

    pub(super) fn news(&self) -> mpsc::Receiver<Heard<News>> {
        subscribe(self.client.clone(), NEWS)
    }

    pub(super) fn stops(&self) -> mpsc::Receiver<Heard<JobId>> {
        subscribe(self.client.clone(), STOPS)
    }

    pub(super) fn access(&self) -> mpsc::Receiver<Heard<UserId>> {
        subscribe(self.client.clone(), ACCESS)
    }

    pub(super) async fn ping(&self) -> Result<()> {
        let mut connection = self.tell.clone();
        let ping = redis::cmd("PING");
        let answer = timeout(Duration::from_secs(1), ping.query_async::<()>(&mut connection)).await;
        answer.map_err(unanswered)?.map_err(away)
    }
}

/// An entry that is no id is not ours, and passed over.
fn parse(ids: &[Vec<u8>]) -> Vec<ShardId> {
    ids.iter().filter_map(|id| ShardId::parse(str::from_utf8(id).ok()?)).collect()
}

/// What is wrong with the address of a Redis, if anything. Never repeats it: it may hold a password.
pub(crate) fn fault_in_url(url: &str) -> Option<String> {
    redis::Client::open(url).err().map(|error| error.to_string())
}

/// Every message is a list.
fn push_message<T: Serialize>(messages: &mut redis::Pipeline, channel: &str, message: &[T]) {
    match serde_json::to_string(message) {
        Ok(text) => {
            messages.publish(channel, text).ignore();
        }
        Err(error) => tracing::error!(%error, channel, "a message cannot be written as JSON"),
    }
}

fn away(error: RedisError) -> Error {
    Error::Unavailable { what: "Redis", source: Box::new(error) }
}

fn unanswered(elapsed: tokio::time::error::Elapsed) -> Error {
    Error::Unavailable { what: "Redis", source: Box::new(elapsed) }
}

/// Follows one channel for as long as somebody receives, through every loss of the connection.
fn subscribe<T: DeserializeOwned + Send + 'static>(
    client: redis::Client,
    channel: &'static str,
) -> mpsc::Receiver<Heard<T>> {
    let (sender, messages) = mpsc::channel(1024);
    tokio::spawn(async move {
        while !sender.is_closed() {
            if let Err(error) = follow(&client, channel, &sender).await {
                tracing::warn!(%error, channel, "the subscription is cut");
            }
            tokio::time::sleep(PAUSE).await;
        }
    });
    messages
}

async fn follow<T: DeserializeOwned>(
    client: &redis::Client,
    channel: &str,
    sender: &mpsc::Sender<Heard<T>>,
) -> RedisResult<()> {
    let mut pubsub = client.get_async_pubsub().await?;
    pubsub.subscribe(channel).await?;
    // Whatever was published while nobody was subscribed is gone.
    drop(sender.send(Heard::Gap).await);
    let mut messages = pubsub.into_on_message();
    loop {
        let message = tokio::select! {
            message = messages.next() => message,
            () = sender.closed() => None,
        };
        let Some(message) = message else { return Ok(()) };
        match serde_json::from_slice::<Vec<T>>(message.get_payload_bytes()) {
            Ok(several) => {
                for one in several {
                    drop(sender.send(Heard::Message(one)).await);
                }
            }
            Err(error) => tracing::warn!(%error, channel, "a foreign message is passed over"),
        }
    }
}
