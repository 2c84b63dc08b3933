//! From the lines of all rounds to medians, ratios and bars.

use vedette_bench::rounds::{Rounds, at_least, at_most};

/// Name, unit and meaning of each figure, in the order of the report.
const ROWS: [(&str, &str, &str); 15] = [
    ("bullmq.drain", "jobs/s", "BullMQ: waiting jobs, until all are completed"),
    ("transport.drain", "ids/s", "our bell alone: waiting ids, into 64 slots"),
    ("durable.drain", "jobs/s", "our jobs in Postgres: waiting jobs, until all are completed"),
    ("durable.submit", "jobs/s", "our jobs in Postgres: submitted by 16 callers"),
    ("bullmq.p50", "ms", "BullMQ, idle: add called to handler started, median"),
    ("transport.p50", "ms", "our bell alone, idle: ring to heard, median"),
    ("durable.p50", "ms", "our jobs, idle: submit called to job started, median"),
    ("durable.returned.p50", "ms", "our jobs, idle: submit returned to job started, median"),
    ("bullmq.p99", "ms", "the same, 99 of 100"),
    ("transport.p99", "ms", ""),
    ("durable.p99", "ms", ""),
    ("durable.returned.p99", "ms", ""),
    ("bullmq.redelivery", "ms", "BullMQ, defaults: kill -9 to second start"),
    ("durable.redelivery", "ms", "our jobs: kill -9 to second start"),
    ("durable.redelivery.beyond", "ms", "our jobs: what of it exceeds the lease"),
];

/// Prints everything; whether every bar is met.
pub(crate) fn print(lines: &str) -> bool {
    let rounds = Rounds::read(lines);
    rounds.print(&ROWS);
    println!();
    let times = |name: &str| rounds.median(name) / rounds.median("bullmq.drain");
    [
        at_least("bell alone / BullMQ, drain", times("transport.drain"), 5.0),
        at_least("jobs in Postgres / BullMQ, drain", times("durable.drain"), 1.0),
        at_most("bell alone, p50 ms", rounds.median("transport.p50"), 1.0),
        at_most("jobs in Postgres, p50 ms", rounds.median("durable.p50"), 5.0),
        at_most("redelivery beyond the lease, worst ms", rounds.most("durable.redelivery.beyond"), 1000.0),
    ]
    .into_iter()
    .all(|met| met)
}
