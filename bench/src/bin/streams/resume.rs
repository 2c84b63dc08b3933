//! Everybody comes back at once: what a restart of the server makes of many streams.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use vedette_bench::figures::milliseconds;

use crate::{
    Fault,
    board::Board,
    crowd::{Crowd, Topics},
    say,
    stage::Stage,
};

/// Events that the job has behind its first two.
const EVENTS: u16 = 1000;
/// Those of them that a listener has seen before.
const SEEN: u16 = 900;
/// Events of the job ahead of the first port: that it waits, and that it runs.
const BEFORE: u16 = 2;

/// Makes a job with events, and says its id.
#[expect(clippy::print_stdout, reason = "the script reads it")]
pub(crate) fn prepare() -> Result<(), Fault> {
    let stage = Stage::open()?;
    let mut worker = stage.claim_jobs(1)?;
    let job = worker.first_mut().ok_or("no job")?;
    for first in (1..=EVENTS).step_by(100) {
        stage.report(job, first..first + 100)?;
    }
    println!("{}", job.id().to_base62());
    Ok(())
}

/// Prints how long it takes until everybody has everything.
pub(crate) fn measure(server: SocketAddr, job: &str, listeners: usize) -> Result<(), Fault> {
    let key = std::env::var_os("VEDETTE_OWNER_KEY").and_then(|key| key.into_string().ok());
    let key = key.ok_or("VEDETTE_OWNER_KEY is not set")?;
    let request = |_| {
        format!(
            "GET /api/v1/scans/scan_{job}/stream?api_key={key} HTTP/1.1\r\nhost: {server}\r\nlast-event-id: {}\r\n\r\n",
            SEEN + BEFORE
        )
    };
    let start = Instant::now();
    let mut crowd = Crowd::gather(server, Topics { first: 0, count: 1 }, listeners, SEEN, request)?;
    say("resume.gathered", milliseconds(start.elapsed()));
    let missed = usize::from(EVENTS - SEEN);
    crowd.take(listeners * missed, &Board::new(1, usize::from(EVENTS)), Duration::from_mins(1))?;
    say("resume.whole", milliseconds(start.elapsed()));
    Ok(())
}
