//! From the lines of all rounds to medians, ratios and bars.

use std::collections::HashMap;

use vedette_bench::figures::Figures;

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

type Rounds = HashMap<String, Figures>;

/// Prints everything; whether every bar is met.
pub(crate) fn print(lines: &str) -> bool {
    let rounds = read(lines);
    println!("{:<26} {:>10} {:>10} {:>10}  {:<6} rounds", "median of rounds", "median", "least", "most", "");
    for (name, unit, meaning) in ROWS {
        let Some(figures) = rounds.get(name) else { continue };
        let (median, least, most) = (figures.median(), figures.least(), figures.most());
        let count = figures.count();
        println!("{name:<26} {median:>10.2} {least:>10.2} {most:>10.2}  {unit:<6} {count:>2}  {meaning}");
    }
    println!();
    let median = |name: &str| rounds.get(name).map_or(f64::NAN, Figures::median);
    let most = |name: &str| rounds.get(name).map_or(f64::NAN, Figures::most);
    let times = |name: &str| median(name) / median("bullmq.drain");
    [
        at_least("bell alone / BullMQ, drain", times("transport.drain"), 5.0),
        at_least("jobs in Postgres / BullMQ, drain", times("durable.drain"), 1.0),
        at_most("bell alone, p50 ms", median("transport.p50"), 1.0),
        at_most("jobs in Postgres, p50 ms", median("durable.p50"), 5.0),
        at_most("redelivery beyond the lease, worst ms", most("durable.redelivery.beyond"), 1000.0),
    ]
    .into_iter()
    .all(|met| met)
}

fn read(lines: &str) -> Rounds {
    let mut measured: HashMap<String, Vec<f64>> = HashMap::new();
    for line in lines.lines() {
        if let Some((name, figure)) = line.split_once(' ')
            && let Ok(figure) = figure.trim().parse()
        {
            measured.entry(name.to_owned()).or_default().push(figure);
        }
    }
    measured.into_iter().map(|(name, figures)| (name, figures.into_iter().collect())).collect()
}

fn at_least(what: &str, is: f64, bar: f64) -> bool {
    bar_line(what, is, &format!(">= {bar}"), is >= bar)
}

fn at_most(what: &str, is: f64, bar: f64) -> bool {
    bar_line(what, is, &format!("<= {bar}"), is <= bar)
}

fn bar_line(what: &str, is: f64, bar: &str, met: bool) -> bool {
    println!("{what:<38} {is:>9.2}  bar {bar:<8} {}", if met { "met" } else { "MISSED" });
    met
}
