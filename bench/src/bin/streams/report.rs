//! From the lines of all rounds to medians, ratios and bars.

use vedette_bench::rounds::{Rounds, at_least, at_most};

const SERVERS: [&str; 3] = ["ours", "nchan", "node"];
const KINDS: [&str; 2] = ["sse", "websocket"];
/// Name, unit and meaning of what is measured of each server and kind of stream.
const FIGURES: [(&str, &str, &str); 9] = [
    ("kib", "KiB", "memory of the server for each of 10,000 idle listeners"),
    ("paced.p50", "ms", "one topic, 1 publish/s: publish to read, median"),
    ("paced.p99", "ms", "99 of 100"),
    ("paced.cpu", "us", "processor time of the server for each delivery"),
    ("paced.bytes", "bytes", "a delivery, framing included"),
    ("burst.rate", "/s", "5000 listeners, bursts of 16: deliveries"),
    ("burst.cpu", "us", "processor time of the server for each delivery"),
    ("many.p50", "ms", "500 topics of 10 listeners, 20,000 deliveries/s: publish to read, median"),
    ("many.p99", "ms", "99 of 100"),
];
const OURS: [(&str, &str, &str); 4] = [
    ("resume.gathered", "ms", "10,000 listeners come back: until all are answered"),
    ("resume.whole", "ms", "until all have what they missed"),
    ("whole_way.p50", "ms", "a worker's report to the sockets of two api processes, 2000 ports/s, median"),
    ("whole_way.p99", "ms", "99 of 100"),
];

/// Prints everything; whether every bar is met.
pub(crate) fn print(lines: &str) -> bool {
    let rounds = Rounds::read(lines);
    let mut rows = Vec::new();
    for (kind, (figure, unit, meaning)) in KINDS.iter().flat_map(|kind| FIGURES.map(|row| (kind, row))) {
        rows.extend(SERVERS.map(|server| (format!("{server}.{kind}.{figure}"), unit, meaning)));
    }
    rows.extend(OURS.map(|(name, unit, meaning)| (name.to_owned(), unit, meaning)));
    rounds.print(&rows);
    println!();
    let mut all = true;
    for kind in KINDS {
        all &= bars(&rounds, kind);
    }
    all &= at_most("whole way, p50 ms", rounds.median("whole_way.p50"), 2.0);
    all & at_most("whole way, p99 ms", rounds.median("whole_way.p99"), 15.0)
}

fn bars(rounds: &Rounds, kind: &str) -> bool {
    let ours = |figure: &str| rounds.median(&format!("ours.{kind}.{figure}"));
    let than =
        |figure: &str, server: &str| ours(figure) / rounds.median(&format!("{server}.{kind}.{figure}"));
    let memory = if kind == "sse" { 10.0 } else { 6.0 };
    [
        at_least(&format!("{kind}: bursts, ours / nchan"), than("burst.rate", "nchan"), 3.0),
        at_least(&format!("{kind}: bursts, ours / node"), than("burst.rate", "node"), 3.0),
        at_most(&format!("{kind}: one topic, p99, ours / nchan"), than("paced.p99", "nchan"), 1.0),
        at_most(&format!("{kind}: one topic, CPU, ours / nchan"), than("paced.cpu", "nchan"), 1.0),
        at_most(&format!("{kind}: many topics, p99, ours / nchan"), than("many.p99", "nchan"), 1.0),
        at_most(&format!("{kind}: KiB for an idle listener"), ours("kib"), memory),
    ]
    .into_iter()
    .all(|met| met)
}
