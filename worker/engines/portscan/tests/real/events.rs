use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use portscan::{Error, Method, Probe, Settings, Stop, scan};

use crate::record::{V4, record, try_scan};

fn closed(count: u64) -> impl Iterator<Item = Probe> + Send {
    (0..count).map(|number| Probe { number, address: ([127, 83, 62, 1], 1).into() })
}

#[test]
fn checkpoints_rise_and_end_with_the_summary() {
    let (result, record) = try_scan(&Settings::default(), closed(60_000));
    let summary = result.expect("the scan runs");
    assert!(record.settled.is_sorted_by_key(|(below, _)| *below));
    assert!(record.settled.iter().all(|(below, tally)| tally.total() == *below));
    assert_eq!(record.settled.last(), Some(&(60_000, summary.tally)));
    let most = summary.elapsed.as_millis() / 50 + 1;
    assert!(u128::try_from(record.settled.len()).is_ok_and(|count| count <= most), "at most one in 50 ms");
}

#[test]
fn resuming_at_a_checkpoint_repeats_nothing() {
    let stop = Stop::new();
    let mut below = 0;
    let stopped = scan(&Settings::default(), closed(200_000), &stop, |event| {
        if let portscan::Event::Settled { below: settled, .. } = event {
            below = settled;
            stop.stop();
        }
    });
    let rest = closed(200_000).filter(|probe| probe.number >= below);
    let resumed = scan(&Settings::default(), rest, &Stop::new(), |_| {});
    let both = stopped.expect("the scan runs").tally + resumed.expect("the scan runs").tally;
    assert_eq!((both.closed, both.total()), (200_000, 200_000));
}

#[test]
fn gaps_and_a_high_start_are_counted_over() {
    let probes = closed(100).map(|probe| Probe { number: 1_000_000 + probe.number * 7000, ..probe });
    let (result, record) = try_scan(&Settings { spread: 0, ..Settings::default() }, probes);
    assert_eq!(result.expect("the scan runs").tally.total(), 100);
    assert_eq!(record.settled.last().map(|(below, _)| *below), Some(1_693_001));
}

#[test]
fn numbers_that_do_not_ascend_are_an_error() {
    let probes = closed(10).chain(closed(10));
    let (result, record) = try_scan(&Settings::default(), probes);
    assert!(matches!(result, Err(Error::NotAscending { number: 0, after: 9 })));
    assert_eq!(record.settled.last().map(|(below, tally)| (*below, tally.total())), Some((10, 10)));
}

#[test]
fn zero_settings_still_make_a_scan() {
    let none = Duration::ZERO;
    let settings = Settings {
        method: Method::Connect,
        tries: 0,
        most_tries: 0,
        first_timeout: none,
        min_timeout: none,
        max_timeout: none,
        window: 0,
        spread: 0,
        threads: 0,
        rate: None,
        budgets: Vec::new(),
        hosts: None,
    };
    let (summary, _) = record(&settings, vec![(V4, 1).into(); 50]);
    assert_eq!(summary.tally.total(), 50);
}

#[test]
fn a_panic_of_the_caller_is_passed_on_and_hangs_nothing() {
    let broken = closed(5000).inspect(|probe| assert!(probe.number < 3000, "the plan breaks"));
    let in_plan = catch_unwind(AssertUnwindSafe(|| scan(&Settings::default(), broken, &Stop::new(), |_| {})));
    assert!(in_plan.is_err());
    let in_event = catch_unwind(AssertUnwindSafe(|| {
        scan(&Settings::default(), closed(u64::MAX), &Stop::new(), |_| panic!("full"))
    }));
    assert!(in_event.is_err());
}
