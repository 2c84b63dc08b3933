//! A worker is killed in the middle of a job: how soon another one starts on it.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use vedette_bench::figures::milliseconds;

use crate::{Fault, durable::next, say, stage::Stage, starts};

/// What the holder prints once it has a job.
const HOLDING: &str = "holding";

/// Prints the time from `kill -9` to the second start, and how much of it exceeds the lease.
pub(crate) async fn measure(stage: &Stage) -> Result<(), Fault> {
    let mut starts = starts::listen();
    let mut holder = spawn_holder()?;
    stage.submit().await?;
    wait_until_held(&mut holder).await?;
    let worker = stage.start_worker(64);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let killed = Instant::now();
    holder.kill().await?;
    let start = next(&mut starts).await?;
    if start.attempt != 2 {
        return Err(format!("the second start says attempt {}", start.attempt).into());
    }
    let took = milliseconds(start.at.duration_since(killed));
    let lease = Duration::from_secs(u64::try_from(stage.core.limits.lease_seconds)?);
    say("durable.redelivery", took);
    say("durable.redelivery.beyond", took - milliseconds(lease));
    worker.stop().await
}

fn spawn_holder() -> Result<Child, Fault> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("holder").stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    Ok(command.spawn()?)
}

async fn wait_until_held(holder: &mut Child) -> Result<(), Fault> {
    let output = holder.stdout.take().ok_or("the holder has no output")?;
    let mut lines = BufReader::new(output).lines();
    let line = timeout(Duration::from_secs(20), lines.next_line()).await??;
    if line.as_deref() == Some(HOLDING) { Ok(()) } else { Err("the holder took no job".into()) }
}

/// Takes one job, says so, and holds it until it is killed or its parent has gone.
pub(crate) async fn hold(stage: &Stage) -> Result<(), Fault> {
    let mut starts = starts::listen();
    let stop = CancellationToken::new();
    let working = Box::pin(worker::run_with(stage.core.clone(), 1, Duration::ZERO, stop, starts::hold));
    let telling = async {
        next(&mut starts).await?;
        println!("{HOLDING}");
        tokio::io::stdin().read_to_end(&mut Vec::new()).await?;
        Ok::<(), Fault>(())
    };
    tokio::select! {
        ended = working => ended,
        told = telling => told,
    }
}
