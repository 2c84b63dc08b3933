use std::{fs::File, iter, sync::Mutex};

use portscan::{Event, Probe, Settings, Shortage, Stop, Tally, scan};

use crate::{
    child,
    full_backlog::{DeafListener, impatient},
    record::{numbered, record},
};

#[test]
fn a_low_file_limit_makes_it_slower_and_no_less_exact() {
    child::run(
        "ulimit -n 64",
        "file_limit::a_low_file_limit_makes_it_slower_and_no_less_exact",
        scan_with_few_files,
    );
}

fn scan_with_few_files() {
    let listener = DeafListener::new();
    let (summary, _) = record(&impatient(), vec![listener.address; 200]);
    assert_eq!(summary.tally, Tally { filtered: 200, ..Tally::default() });
    assert_eq!(summary.window_limited, Some(Shortage::Files));
}

#[test]
fn the_soft_limit_is_raised_to_the_hard_one() {
    child::run(
        "ulimit -S -n 64",
        "file_limit::the_soft_limit_is_raised_to_the_hard_one",
        scan_with_a_low_soft_limit,
    );
}

fn scan_with_a_low_soft_limit() {
    let listener = DeafListener::new();
    let settings = Settings { window: 100, ..impatient() };
    let (summary, _) = record(&settings, vec![listener.address; 300]);
    assert_eq!((summary.tally.filtered, summary.window_limited), (300, None));
}

#[test]
fn files_taken_while_it_runs_are_waited_for() {
    child::run(
        "ulimit -n 200",
        "file_limit::files_taken_while_it_runs_are_waited_for",
        scan_while_files_run_out,
    );
}

fn scan_while_files_run_out() {
    let listener = DeafListener::new();
    let settings = Settings { window: 100, ..impatient() };
    let taken = Mutex::new(Vec::new());
    // All that are left when the first probe is asked for, so that not one socket can be had.
    let take_all = |probe: &Probe| {
        if probe.number == 0 {
            let mut files = taken.lock().expect("nobody panicked");
            files.extend(iter::from_fn(|| File::open("/dev/null").ok()));
        }
    };
    let mut checkpoints = 0;
    let give_back = |event| {
        checkpoints += u32::from(matches!(event, Event::Settled { .. }));
        if checkpoints == 4 {
            taken.lock().expect("nobody panicked").clear();
        }
    };
    let probes = numbered(vec![listener.address; 1000]).inspect(take_all);
    let summary = scan(&settings, probes, &Stop::new(), give_back).expect("the scan runs");
    assert_eq!(summary.tally, Tally { filtered: 1000, ..Tally::default() });
    assert_eq!(summary.window_limited, Some(Shortage::Files));
}
