use std::{collections::BTreeSet, time::Duration};

use proptest::{collection::vec, prelude::*};

use super::{
    Hop, Target, World,
    drive::{Run, drive},
};
use crate::{
    event::{Shortage, Tally},
    probe::{Probe, State},
    settings::Settings,
};

const TRIES: u32 = 3;

/// One line of a plan: the gap before its number, and what the target does.
type Line = (u64, State, Vec<Hop>);

fn hop() -> impl Strategy<Value = Hop> {
    let shortage = prop_oneof![Just(Shortage::Files), Just(Shortage::Ports), Just(Shortage::Memory)];
    prop_oneof![
        4 => Just(Hop::Lost),
        4 => Just(Hop::AtOnce),
        // Sooner than the shortest timeout, or later than the longest.
        4 => (1..90_u64).prop_map(|delay| Hop::After(Duration::from_millis(delay))),
        2 => (1100..5000_u64).prop_map(|delay| Hop::After(Duration::from_millis(delay))),
        1 => Just(Hop::Void),
        1 => Just(Hop::Doubt),
        1 => shortage.prop_map(Hop::Short),
    ]
}

fn lines() -> impl Strategy<Value = Vec<Line>> {
    let state = prop_oneof![Just(State::Open), Just(State::Closed), Just(State::Filtered)];
    vec((1..50_u64, state, vec(hop(), 0..6)), 0..120)
}

fn settings() -> impl Strategy<Value = Settings> {
    (1..3_usize, 2..60_usize, 0..400_u64).prop_map(|(threads, window, spread)| Settings {
        tries: TRIES,
        // As many as the script says, whatever is lost.
        most_tries: TRIES,
        window,
        spread,
        threads,
        ..Settings::default()
    })
}

/// What an exact scan finds, by the script alone.
fn expected(line: &Line) -> State {
    let (_, truth, hops) = line;
    let mut lost = 0;
    for hop in hops {
        match hop {
            Hop::Void | Hop::Short(_) => {}
            Hop::Doubt | Hop::AtOnce | Hop::AfterPause(_) => return *truth,
            Hop::After(delay) if delay.as_millis() < 100 => return *truth,
            Hop::Lost | Hop::After(_) => lost += 1,
        }
        if lost == TRIES {
            return State::Filtered;
        }
    }
    *truth
}

fn tally_of(lines: &[Line]) -> Tally {
    let mut tally = Tally::default();
    for line in lines {
        tally.count(expected(line));
    }
    tally
}

fn plan(lines: &[Line]) -> Vec<Probe> {
    let mut number = 0;
    let mut probes = Vec::new();
    for (port, (gap, ..)) in (1000..).zip(lines) {
        number += gap;
        let address = match port % 3 {
            0 => (std::net::Ipv6Addr::LOCALHOST, port).into(),
            host => ([127, 0, 0, u8::try_from(host).expect("below 3")], port).into(),
        };
        probes.push(Probe { number, address });
    }
    probes
}

fn open_numbers(plan: &[Probe], lines: &[Line]) -> BTreeSet<u64> {
    let numbered = plan.iter().zip(lines);
    numbered.filter(|(_, line)| expected(line) == State::Open).map(|(probe, _)| probe.number).collect()
}

/// Runs the part of the plan from a number on.
fn run_from(start: u64, plan: &[Probe], lines: &[Line], settings: &Settings) -> Run {
    let targets = plan.iter().zip(lines);
    let world = World {
        targets: targets
            .map(|(probe, (_, truth, hops))| (probe.address, Target::new(*truth, hops)))
            .collect(),
        ..World::default()
    };
    let rest: Vec<Probe> = plan.iter().filter(|probe| probe.number >= start).copied().collect();
    let (run, world) = drive(world, settings, &rest);
    assert_eq!(world.in_flight, 0, "every connection is given up or answered");
    assert!(world.most_in_flight <= settings.window, "the window is kept");
    run
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_mix_ends_with_the_exact_result(lines in lines(), settings in settings()) {
        let plan = plan(&lines);
        let run = run_from(0, &plan, &lines, &settings);
        prop_assert!(run.failure.is_none());
        prop_assert_eq!(run.end().tally, tally_of(&lines));
        let found: Vec<u64> = run.numbers(run.opened.len());
        prop_assert_eq!(u64::try_from(found.len()), Ok(run.end().tally.open), "none twice");
        prop_assert_eq!(BTreeSet::from_iter(found), open_numbers(&plan, &lines));
        prop_assert_eq!(run.end().below, plan.last().map_or(0, |probe| probe.number + 1));
    }

    #[test]
    fn checkpoints_rise_and_count_exactly_what_lies_below(lines in lines(), settings in settings()) {
        let plan = plan(&lines);
        let run = run_from(0, &plan, &lines, &settings);
        prop_assert!(run.checkpoints.is_sorted_by_key(|checkpoint| checkpoint.below));
        for checkpoint in &run.checkpoints {
            let handed_out = plan.iter().take_while(|probe| probe.number < checkpoint.below).count();
            prop_assert_eq!(checkpoint.tally, tally_of(&lines[..handed_out]));
            let reported = run.numbers(checkpoint.opened);
            for number in open_numbers(&plan[..handed_out], &lines) {
                prop_assert!(reported.contains(&number), "open ports come before the checkpoint over them");
            }
            let ahead = reported.iter().max().map_or(0, |highest| highest.saturating_sub(checkpoint.below));
            prop_assert!(ahead <= settings.spread, "no work runs further ahead");
        }
    }

    #[test]
    fn stopped_anywhere_and_resumed_it_finds_the_union(
        lines in lines(), settings in settings(), moment in any::<prop::sample::Index>(),
    ) {
        let plan = plan(&lines);
        let first = run_from(0, &plan, &lines, &settings);
        let stopped = *moment.get(&first.checkpoints);
        let second = run_from(stopped.below, &plan, &lines, &settings);
        prop_assert_eq!(stopped.tally + second.end().tally, tally_of(&lines));
        let mut union = BTreeSet::from_iter(first.numbers(stopped.opened));
        union.extend(second.numbers(second.opened.len()));
        prop_assert_eq!(union, open_numbers(&plan, &lines));
    }
}
