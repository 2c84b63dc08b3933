//! Finishing shards, many in one transaction, for as long as it takes.

use std::time::Duration;

use shared::{core::Core, id::ShardId, job::finish::finish};
use tokio::sync::{mpsc, oneshot};

/// Shards finished in one transaction at most.
const MOST: usize = 256;
/// How long the first of them waits for others.
const MOMENT: Duration = Duration::from_millis(1);

type Finished = ((ShardId, i64), oneshot::Sender<()>);

/// Collects what finishes while the last batch is being stored.
#[derive(Clone, Debug)]
pub(crate) struct Finisher(mpsc::Sender<Finished>);

impl Finisher {
    /// Starts the task that stores.
    pub(crate) fn start(core: Core) -> Self {
        let (sender, mut waiting) = mpsc::channel::<Finished>(MOST);
        tokio::spawn(async move {
            while let Some(first) = waiting.recv().await {
                let batch = gather(first, &mut waiting).await;
                let (claims, told): (Vec<(ShardId, i64)>, Vec<oneshot::Sender<()>>) =
                    batch.into_iter().unzip();
                store(&core, &claims).await;
                told.into_iter().for_each(tell);
            }
        });
        Self(sender)
    }

    /// Returns once the shard is marked as done, or its claim was found lost.
    pub(crate) async fn finish(&self, shard: ShardId, attempt: i64) {
        let (told, finished) = oneshot::channel();
        if self.0.send(((shard, attempt), told)).await.is_ok() {
            finished.await.unwrap_or_default();
        }
    }
}

/// What finishes in the next moment: shards that are stored together cost the database far less.
async fn gather(first: Finished, waiting: &mut mpsc::Receiver<Finished>) -> Vec<Finished> {
    tokio::time::sleep(MOMENT).await;
    let mut batch = vec![first];
    while batch.len() < MOST
        && let Ok(next) = waiting.try_recv()
    {
        batch.push(next);
    }
    batch
}

/// Whoever waited may be gone.
fn tell(finished: oneshot::Sender<()>) {
    finished.send(()).unwrap_or_default();
}

async fn store(core: &Core, claims: &[(ShardId, i64)]) {
    while let Err(error) = finish(core, claims).await {
        tracing::warn!(%error, shards = claims.len(), "finished shards are not stored yet");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
