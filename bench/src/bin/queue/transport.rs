//! The bell alone, without a row behind it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use shared::{
    bell::Bell,
    id::{JobId, ShardId},
    job::Due,
    scan::Ability,
};
use tokio::sync::{Semaphore, mpsc};
use vedette_bench::figures::{Figures, milliseconds, rate};

use crate::{Fault, say, stage::Stage};

/// Ids worked at once, and heard at once: as in the worker.
const SLOTS: usize = 64;
const SLOTS_ALL: u32 = 64;
/// Ids of one ring, as a job cut into many shards rings them.
const RING: usize = 1000;

/// Prints ids a second of a backlog of `count`, then the times from ring to heard of `singles` ids.
pub(crate) async fn measure(stage: &Stage, count: u32, singles: u32) -> Result<(), Fault> {
    let bell = &stage.core.bell;
    let ids: Vec<Due> = (0..count).map(|_| due()).collect();
    for chunk in ids.chunks(RING) {
        bell.ring(chunk).await;
    }
    say("transport.drain", rate(count, drain(bell, ids.len()).await?));
    let times = one_by_one(bell, singles).await?;
    say("transport.p50", times.percentile(50));
    say("transport.p99", times.percentile(99));
    Ok(())
}

fn due() -> Due {
    let shard = ShardId { job: JobId::new(), number: 0 };
    Due { shard, needs: Ability::Connections }
}

async fn drain(bell: &Bell, count: usize) -> Result<Duration, Fault> {
    let slots = Arc::new(Semaphore::new(SLOTS));
    let start = Instant::now();
    let mut heard = 0;
    while heard < count {
        let mut free = vec![Arc::clone(&slots).acquire_owned().await?];
        while let Ok(slot) = Arc::clone(&slots).try_acquire_owned() {
            free.push(slot);
        }
        let ids = bell.hear(Ability::RawPackets, free.len()).await?;
        if ids.is_empty() {
            return Err(format!("{heard} of {count} ids were heard").into());
        }
        heard += ids.len();
        for (id, slot) in ids.into_iter().zip(free) {
            tokio::spawn(async move {
                std::hint::black_box(id);
                drop(slot);
            });
        }
    }
    // The last ones have ended when every slot is free.
    drop(slots.acquire_many(SLOTS_ALL).await?);
    Ok(start.elapsed())
}

async fn one_by_one(bell: &Bell, singles: u32) -> Result<Figures, Fault> {
    let (sender, mut heard) = mpsc::unbounded_channel();
    let hearing = bell.clone();
    let hearer = tokio::spawn(async move {
        while !sender.is_closed() {
            for id in hearing.hear(Ability::RawPackets, SLOTS).await? {
                // Whoever asked has all it wanted once it is gone.
                sender.send((id, Instant::now())).unwrap_or_default();
            }
        }
        Ok::<(), Fault>(())
    });
    let mut times = Vec::new();
    for _ in 0..singles {
        tokio::time::sleep(Duration::from_millis(10)).await;
        let (due, rung) = (due(), Instant::now());
        bell.ring(&[due]).await;
        let waiting = tokio::time::timeout(Duration::from_secs(5), heard.recv());
        let (which, at) = waiting.await?.ok_or("the hearer has gone")?;
        if which != due.shard {
            return Err("an id of somebody else was heard".into());
        }
        times.push(milliseconds(at.duration_since(rung)));
    }
    drop(heard);
    hearer.await??;
    Ok(times.into_iter().collect())
}
