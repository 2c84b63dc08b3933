//! What a scan does to a link, and the link to a scan.

use std::time::Duration;

use super::{
    Hop, Link, Target, World,
    drive::{Run, drive},
    stories::play_in,
};
use crate::{
    budget::Budget,
    event::Tally,
    host_budget::HostBudget,
    probe::{Probe, State},
    settings::Settings,
};

const PORTS: u64 = 20_000;
const TRIP: Duration = Duration::from_millis(20);

fn all_closed() -> Tally {
    Tally { closed: PORTS, ..Tally::default() }
}

/// Scans closed ports over a link, by one thread or two.
fn scan_over(link: Link, threads: usize) -> (Run, World) {
    let settings = Settings { threads, window: 20_000, ..Settings::default() };
    let targets = vec![Target::new(State::Closed, &[]); usize::try_from(PORTS).expect("few")];
    play_in(World { link, ..World::default() }, &settings, &targets)
}

#[test]
fn a_narrow_link_is_filled_and_not_flooded() {
    for (threads, capacity) in [(1, 2000), (2, 5000), (1, 50_000)] {
        let interval = Duration::from_secs(1) / capacity;
        let (run, world) = scan_over(Link { interval, trip: TRIP, ..Link::default() }, threads);
        assert_eq!(run.end().tally, all_closed());
        assert!(run.retries < PORTS / 2, "{} retries at {capacity}", run.retries);
        let best = interval * u32::try_from(PORTS).expect("few");
        let limit = best * 2 + Duration::from_secs(1);
        assert!(world.now < limit, "{:?} instead of {best:?} at {capacity}", world.now);
    }
}

#[test]
fn a_link_that_loses_packets_at_any_rate_is_not_spared() {
    for lost in [20, 100] {
        let (run, world) = scan_over(Link { lost, trip: TRIP, ..Link::default() }, 1);
        assert_eq!(run.end().tally, all_closed(), "{lost}");
        // Most of it are the four or five attempts of the last few.
        assert!(world.now < Duration::from_secs(3), "{:?} at {lost}", world.now);
    }
}

#[test]
fn a_stretch_of_silence_does_not_stop_it() {
    let settings = Settings { threads: 1, window: 20_000, ..Settings::default() };
    let some = |state| vec![Target::new(state, &[]); 5000];
    let targets = [some(State::Closed), some(State::Filtered), some(State::Closed)].concat();
    let link = Link { trip: TRIP, ..Link::default() };
    let (run, world) = play_in(World { link, ..World::default() }, &settings, &targets);
    assert_eq!(run.end().tally, Tally { closed: 10_000, filtered: 5000, open: 0 });
    assert!(world.now < Duration::from_secs(4), "{:?}", world.now);
}

#[test]
fn an_answer_that_waited_for_this_process_does_not_make_all_others_late() {
    let usual = Target::new(State::Closed, &[Hop::After(TRIP)]);
    let mut targets = vec![usual; usize::try_from(PORTS).expect("few")];
    targets[100] = Target::new(State::Closed, &[Hop::AfterPause(TRIP * 2)]);
    let settings = Settings { threads: 2, window: 20_000, ..Settings::default() };
    let (run, world) = play_in(World::default(), &settings, &targets);
    assert_eq!(run.end().tally, all_closed());
    assert!(world.now < Duration::from_secs(1), "{:?}", world.now);
}

/// As where a firewall on the way refuses some ports in the place of their host.
#[test]
fn a_few_answers_from_nearby_do_not_make_all_others_late() {
    for one_of in [2, 10, 1000] {
        let answered = |delay| Target::new(State::Closed, &[Hop::After(delay)]);
        let targets: Vec<Target> =
            (0..PORTS).map(|number| answered(if number % one_of == 1 { TRIP / 20 } else { TRIP })).collect();
        let settings = Settings { threads: 2, window: 20_000, ..Settings::default() };
        let (run, world) = play_in(World::default(), &settings, &targets);
        assert_eq!(run.end().tally, all_closed());
        assert!(world.now < Duration::from_secs(2), "{:?} with one of {one_of}", world.now);
    }
}

#[test]
fn retries_count_against_a_budget_as_against_a_rate() {
    let targets = vec![Target::new(State::Filtered, &[]); 1000];
    let usual = Settings { threads: 2, ..Settings::default() };
    let by_rate = Settings { rate: Some(500), ..usual.clone() };
    let by_budget = Settings { budgets: vec![Budget::new(500)], ..usual };
    for settings in [by_rate, by_budget] {
        let (_, world) = play_in(World::default(), &settings, &targets);
        assert!(world.now >= Duration::from_millis(5900), "{:?}", world.now);
    }
}

#[test]
fn each_host_is_sent_what_it_may_be_sent_and_none_waits_for_another() {
    let numbered = (0..).zip((1..=100).flat_map(|port| [(1, port), (2, port)]));
    let at = |(host, port): (u8, u16)| ([198, 18, 0, host], port).into();
    let plan: Vec<Probe> =
        numbered.take(200).map(|(number, peer)| Probe { number, address: at(peer) }).collect();
    let closed = Target::new(State::Closed, &[]);
    let targets = plan.iter().map(|probe| (probe.address, closed.clone())).collect();
    let settings = Settings { hosts: Some(HostBudget::new(100)), threads: 2, ..Settings::default() };
    let (run, world) = drive(World { targets, ..World::default() }, &settings, &plan);
    assert_eq!(run.end().tally, Tally { closed: 200, ..Tally::default() });
    assert!(
        (Duration::from_millis(970)..Duration::from_millis(1200)).contains(&world.now),
        "{:?}",
        world.now
    );
}
