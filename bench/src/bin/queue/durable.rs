//! Whole jobs: rows, events, claims, finishes.

use std::time::{Duration, Instant};

use tokio::{sync::mpsc::UnboundedReceiver, time::timeout};
use vedette_bench::figures::{Figures, milliseconds, rate};

use crate::{
    Fault, say,
    stage::Stage,
    starts::{self, Start},
};

/// Longer than any measurement may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Prints jobs a second of a backlog of `count`, then the times from submit to start of `singles` jobs.
pub(crate) async fn measure(stage: &Stage, count: u32, singles: u32, slots: usize) -> Result<(), Fault> {
    let mut starts = starts::listen();
    let before = stage.completed().await?;
    let submitting = Instant::now();
    stage.submit_many(count).await?;
    say("durable.submit", rate(count, submitting.elapsed()));

    let start = Instant::now();
    let worker = stage.start_worker(slots);
    for _ in 0..count {
        next(&mut starts).await?;
    }
    while stage.completed().await? < before + count {
        if start.elapsed() > PATIENCE {
            return Err("not every job was completed".into());
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    say("durable.drain", rate(count, start.elapsed()));

    let (called, returned) = one_by_one(stage, &mut starts, singles).await?;
    say("durable.p50", called.percentile(50));
    say("durable.p99", called.percentile(99));
    say("durable.returned.p50", returned.percentile(50));
    say("durable.returned.p99", returned.percentile(99));
    worker.stop().await?;
    if starts.try_recv().is_ok() {
        return Err("a job was started twice".into());
    }
    Ok(())
}

/// Times to the start of each job, from the call of submit and from its return. A job may start before submit
/// returns; that counts as 0.
async fn one_by_one(
    stage: &Stage,
    starts: &mut UnboundedReceiver<Start>,
    singles: u32,
) -> Result<(Figures, Figures), Fault> {
    let (mut called, mut returned) = (Vec::new(), Vec::new());
    for _ in 0..singles {
        tokio::time::sleep(Duration::from_millis(10)).await;
        let call = Instant::now();
        stage.submit().await?;
        let back = Instant::now();
        let start = next(starts).await?;
        called.push(milliseconds(start.at.duration_since(call)));
        returned.push(milliseconds(start.at.saturating_duration_since(back)));
    }
    Ok((called.into_iter().collect(), returned.into_iter().collect()))
}

/// The next start of a job.
pub(crate) async fn next(starts: &mut UnboundedReceiver<Start>) -> Result<Start, Fault> {
    Ok(timeout(PATIENCE, starts.recv()).await?.ok_or("nobody can start a job any more")?)
}
