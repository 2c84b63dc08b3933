//! From a worker's report to the sockets: the database, Redis and two api processes lie between.

use std::{
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

use vedette_bench::figures::Figures;

use crate::{
    Fault, Kind,
    board::Board,
    crowd::{Crowd, Topics},
    fan_out::in_milliseconds,
    publisher::Publisher,
    say,
    stage::{Stage, Worked},
};

/// Jobs that are worked at once, and listeners of each at each process.
const JOBS: usize = 8;
const EACH: usize = 5;
/// A worker reports so often, and finds so many ports in between: 2000 a second in all.
const STEP: Duration = Duration::from_millis(20);
const PORTS: u16 = 5;
/// Reports of each job.
const REPORTS: u16 = 200;

/// Prints the times from the call of each report, commit included, until a listener has read it.
pub(crate) fn measure(servers: &[SocketAddr]) -> Result<(), Fault> {
    let stage = Stage::open()?;
    let mut jobs = stage.claim_jobs(JOBS)?;
    let topics = Topics { first: 0, count: JOBS };
    let publisher = Publisher::Bell(Box::new(Stage::open()?), jobs.iter().map(Worked::id).collect());
    let board = Board::new(JOBS, usize::from(REPORTS * PORTS));
    let subscription = |topic| publisher.subscription(topic, Kind::Sse);
    let mut crowds = Vec::new();
    for server in servers {
        crowds.push(Crowd::gather(*server, topics, EACH, 0, subscription)?);
    }
    let deliveries = JOBS * EACH * usize::from(REPORTS * PORTS);
    let latencies = thread::scope(|scope| {
        let taking: Vec<_> = crowds
            .iter_mut()
            .map(|crowd| scope.spawn(|| crowd.take(deliveries, &board, Duration::from_mins(1))))
            .collect();
        let start = Instant::now();
        for report in 0..REPORTS {
            crate::pause((STEP * u32::from(report)).saturating_sub(start.elapsed()));
            let numbers = report * PORTS + 1..(report + 1) * PORTS + 1;
            stage.report_all(&mut jobs, &numbers, &board)?;
        }
        let mut latencies = Vec::new();
        for taken in taking {
            latencies.extend(taken.join().map_err(|_| "a reader panicked")??.latencies_us);
        }
        Ok::<_, Fault>(latencies)
    })?;
    let latencies: Figures = latencies.into_iter().map(in_milliseconds).collect();
    say("whole_way.p50", latencies.percentile(50));
    say("whole_way.p99", latencies.percentile(99));
    Ok(())
}
