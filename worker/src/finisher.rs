//! Finishing shards, many in one transaction, for as long as it takes.

use std::time::Duration;

use shared::{core::Core, id::ShardId, job::finish::finish};
use tokio::sync::{mpsc, oneshot};

/// Shards finished in one transaction at most.
const MOST: usize = 256;

type Finished = ((ShardId, i64), oneshot::Sender<()>);

/// Collects what finishes while the last batch is being stored.
#[derive(Clone, Debug)]
pub(crate) struct Finisher(mpsc::Sender<Finished>);

impl Finisher {
    /// Starts the task that stores.
    pub(crate) fn start(core: Core) -> Self {
        let (sender, mut waiting) = mpsc::channel::<Finished>(MOST);
        tokio::spawn(async move {
            let mut batch = Vec::new();
            while waiting.recv_many(&mut batch, MOST).await > 0 {
                let (claims, told): (Vec<(ShardId, i64)>, Vec<oneshot::Sender<()>>) = batch.drain(..).unzip();
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
