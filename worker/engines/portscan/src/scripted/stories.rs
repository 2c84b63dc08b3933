use std::{net::SocketAddr, time::Duration};

use super::{
    Hop, Target, World,
    drive::{Run, drive},
};
use crate::{
    error::Error,
    event::{Shortage, Tally},
    probe::{Probe, State},
    settings::Settings,
};

fn settings() -> Settings {
    Settings { threads: 1, ..Settings::default() }
}

fn play(settings: &Settings, targets: &[Target]) -> (Run, World) {
    play_in(World::default(), settings, targets)
}

pub(super) fn play_in(mut world: World, settings: &Settings, targets: &[Target]) -> (Run, World) {
    let plan: Vec<Probe> =
        (0..).zip(1..).take(targets.len()).map(|(number, port)| probe(number, port)).collect();
    world.targets = plan.iter().map(|probe| probe.address).zip(targets.iter().cloned()).collect();
    drive(world, settings, &plan)
}

fn probe(number: u64, port: u16) -> Probe {
    Probe { number, address: SocketAddr::from(([127, 0, 0, 1], port)) }
}

fn only(state: State) -> Tally {
    let mut tally = Tally::default();
    tally.count(state);
    tally
}

#[test]
fn a_lost_packet_costs_a_retry_not_a_port() {
    let (run, world) = play(&settings(), &[Target::new(State::Open, &[Hop::Lost, Hop::Lost])]);
    assert_eq!((run.end().tally, run.retries), (only(State::Open), 2));
    // 500 ms and 1 s, each seen at most a sweep late.
    assert!((Duration::from_millis(1500)..Duration::from_millis(1530)).contains(&world.now));
}

#[test]
fn where_packets_get_lost_a_port_is_tried_more_often() {
    let lossy = vec![Target::new(State::Closed, &[Hop::Lost]); 50];
    let unlucky = Target::new(State::Open, &[Hop::Lost; 6]);
    let few = Settings { window: 10, ..settings() };
    let (run, _) = play(&few, &[lossy, vec![unlucky]].concat());
    assert_eq!(run.end().tally, Tally { open: 1, closed: 50, filtered: 0 });
}

#[test]
fn a_port_given_up_before_the_loss_was_known_is_tried_again() {
    let unlucky = Target::new(State::Open, &[Hop::Lost; 3]);
    // It starts a second later and answers 300 ms after the first was given up.
    let teacher = [Hop::Lost, Hop::Lost, Hop::After(Duration::from_millis(300))];
    let slow = Settings { rate: Some(1), ..settings() };
    let (run, _) = play(&slow, &[unlucky, Target::new(State::Closed, &teacher)]);
    assert_eq!(run.end().tally, Tally { open: 1, closed: 1, filtered: 0 });
}

#[test]
fn what_one_thread_learns_about_a_host_serves_the_others() {
    let chatty = Target::new(State::Closed, &[Hop::After(Duration::from_millis(20))]);
    let silent = vec![Target::new(State::Filtered, &[]); 200];
    let few = Settings { window: 20, threads: 2, ..Settings::default() };
    let (_, world) = play(&few, &[vec![chatty], silent].concat());
    // Ten rounds of 100 + 100 + 400 ms; without the answer, each takes 2.5 s.
    assert!(world.now < Duration::from_secs(7), "{:?}", world.now);
}

#[test]
fn silence_is_filtered_after_all_tries() {
    let (run, world) = play(&settings(), &[Target::new(State::Filtered, &[])]);
    assert_eq!((run.end().tally, run.retries, world.attempts), (only(State::Filtered), 2, 3));
}

#[test]
fn an_answer_after_the_last_try_is_too_late() {
    let late = Hop::After(Duration::from_secs(9));
    let (run, world) = play(&settings(), &[Target::new(State::Open, &[late; 3])]);
    assert_eq!((run.end().tally, world.in_flight), (only(State::Filtered), 0));
}

#[test]
fn a_slow_answer_within_the_timeout_needs_no_retry() {
    let slow = Hop::After(Duration::from_millis(490));
    let (run, _) = play(&settings(), &[Target::new(State::Closed, &[slow])]);
    assert_eq!((run.end().tally, run.retries), (only(State::Closed), 0));
}

#[test]
fn meeting_itself_is_tried_again_but_not_for_ever() {
    let (run, _) = play(&settings(), &[Target::new(State::Closed, &[Hop::Void; 5])]);
    assert_eq!(run.end().tally, only(State::Closed));
    let (run, _) = play(&settings(), &[Target::new(State::Closed, &[Hop::Void; 50])]);
    assert_eq!(run.end().tally, only(State::Filtered));
}

#[test]
fn a_doubtful_port_is_closed_only_if_refused() {
    let (run, _) = play(&settings(), &[Target::new(State::Closed, &[Hop::Doubt])]);
    assert_eq!((run.end().tally, run.opened.len()), (only(State::Closed), 0));
    let (run, _) =
        play(&settings(), &[Target::new(State::Open, &[Hop::Doubt, Hop::Lost, Hop::Lost, Hop::Lost])]);
    assert_eq!((run.end().tally, run.opened.len()), (only(State::Open), 1));
}

#[test]
fn a_storm_of_shortage_delays_and_filters_nothing() {
    let world = World { storm_until: Duration::from_secs(20), ..World::default() };
    let targets = vec![Target::new(State::Closed, &[]); 300];
    let (run, world) = play_in(world, &settings(), &targets);
    assert_eq!(run.end().tally, Tally { closed: 300, ..Tally::default() });
    assert!(world.now < Duration::from_secs(21), "it goes on at once after the storm");
}

#[test]
fn a_machine_that_never_lets_us_start_is_an_error() {
    let world = World { storm_until: Duration::MAX, ..World::default() };
    let (run, _) = play_in(world, &settings(), &[Target::new(State::Open, &[])]);
    assert!(
        matches!(run.failure, Some(Error::Starved { shortage: Shortage::Ports, .. })),
        "{:?}",
        run.failure
    );
    assert_eq!(run.end().tally, Tally::default());
}

#[test]
fn new_probes_keep_to_the_rate() {
    let targets = vec![Target::new(State::Closed, &[]); 1000];
    for (threads, rate) in [(1, 100), (2, 5000)] {
        let (run, world) = play(&Settings { threads, rate: Some(rate), ..Settings::default() }, &targets);
        assert_eq!(run.end().tally.closed, 1000);
        let due = Duration::from_secs(1000) / rate;
        assert!(
            world.now >= due.mul_f64(0.9) && world.now <= due.mul_f64(1.1),
            "{:?} for {due:?}",
            world.now
        );
    }
}

#[test]
fn an_answer_to_a_retry_teaches_nothing_about_time() {
    // The answer 20 ms after the second attempt may be one to the first, 520 ms late.
    let retried = Target::new(State::Closed, &[Hop::Lost, Hop::After(Duration::from_millis(20))]);
    let silent = Target::new(State::Filtered, &[]);
    let (_, world) = play(&Settings { window: 1, ..settings() }, &[retried, silent]);
    // 520 ms, then 500 + 1000 + 1000 ms as for an address not known yet.
    assert!(world.now >= Duration::from_millis(3020), "{:?}", world.now);
}

#[test]
fn an_answer_that_lay_unread_during_a_pause_counts() {
    let answered = Hop::After(Duration::from_millis(20));
    let world = World { stall: Duration::from_secs(5), ..World::default() };
    let (run, _) = play_in(world, &settings(), &[Target::new(State::Open, &[answered])]);
    assert_eq!((run.end().tally, run.retries), (only(State::Open), 0));
}

#[test]
fn the_window_is_used_and_kept() {
    let targets = vec![Target::new(State::Filtered, &[]); 3000];
    let small = Settings { window: 700, threads: 2, ..Settings::default() };
    let (run, world) = play(&small, &targets);
    assert_eq!((run.end().tally.filtered, world.most_in_flight), (3000, 700));
}

#[test]
fn a_chatty_host_is_waited_for_no_longer_than_it_needs() {
    let answers = vec![Target::new(State::Closed, &[Hop::After(Duration::from_millis(20))]); 200];
    let silent = vec![Target::new(State::Filtered, &[]); 200];
    let few = Settings { window: 10, ..settings() };
    let (_, world) = play(&few, &[answers, silent].concat());
    // 20 rounds of 20 ms, then 20 rounds of 100 + 100 + 400 ms, instead of 20 rounds of 2.5 s.
    assert!(world.now < Duration::from_secs(16), "{:?}", world.now);
}

#[test]
fn what_is_lost_before_anybody_answers_is_not_waited_for_longer_than_the_rest() {
    let soon = Hop::After(Duration::from_millis(20));
    let unlucky = vec![Target::new(State::Closed, &[Hop::Lost, soon]); 5];
    let others = vec![Target::new(State::Closed, &[soon]); 195];
    let (run, world) = play(&settings(), &[unlucky, others].concat());
    assert_eq!((run.end().tally.closed, run.retries), (200, 5));
    // The shortest timeout and a trip, and not the 500 ms that an unknown host is waited for.
    assert!(world.now < Duration::from_millis(200), "{:?}", world.now);
}
