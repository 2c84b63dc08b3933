//! A scripted network with its own clock: what the kernel and the paths behind it may do, on demand.

use std::{
    cell::RefCell,
    collections::{HashMap, VecDeque},
    io, mem,
    net::SocketAddr,
    rc::Rc,
    time::Duration,
};

use crate::{
    event::Shortage,
    probe::State,
    wire::{Reply, Wire},
};

/// A stop is looked for between two turns, and a turn waits once: so half of the 100 ms that a stop may take.
const LONGEST_WAIT: Duration = Duration::from_millis(50);

mod congestion;
mod drive;
mod properties;
mod stories;

/// What happens to one attempt.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Hop {
    Lost,
    AtOnce,
    /// The same, but this process is stopped for so long before it sees that.
    AfterPause(Duration),
    After(Duration),
    /// It meets itself.
    Void,
    /// It looks open, and may be.
    Doubt,
    Short(Shortage),
}

#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) truth: State,
    /// What happens to the attempts, in turn; all later ones are answered at once.
    pub(crate) hops: VecDeque<Hop>,
    /// The attempt before met another connection of the scan, so this one is refused at once.
    mirrored: bool,
}

impl Target {
    pub(crate) fn new(truth: State, hops: &[Hop]) -> Self {
        Self { truth, hops: hops.iter().copied().collect(), mirrored: false }
    }

    fn answer(&self) -> Reply {
        match self.truth {
            State::Open => Reply::Open,
            State::Closed => Reply::Refused,
            State::Filtered => Reply::Pending,
        }
    }

    /// The reply to one more attempt, and how long it takes.
    fn attempt(&mut self) -> (Reply, Duration) {
        if self.mirrored {
            return (Reply::Refused, Duration::ZERO);
        }
        match self.hops.pop_front().unwrap_or(Hop::AtOnce) {
            Hop::Lost => (Reply::Pending, Duration::ZERO),
            Hop::AtOnce | Hop::AfterPause(_) => (self.answer(), Duration::ZERO),
            Hop::After(delay) => (self.answer(), delay),
            Hop::Void => (Reply::Void, Duration::ZERO),
            Hop::Short(shortage) => (Reply::Short(shortage), Duration::ZERO),
            Hop::Doubt if self.truth == State::Filtered => (Reply::Pending, Duration::ZERO),
            Hop::Doubt => {
                self.mirrored = self.truth == State::Closed;
                (Reply::Doubtful, Duration::ZERO)
            }
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) now: Duration,
    pub(crate) targets: HashMap<SocketAddr, Target>,
    /// Until then, nothing can be started.
    pub(crate) storm_until: Duration,
    /// How long the process is stopped during its first wait, which then tells nothing.
    pub(crate) stall: Duration,
    pub(crate) attempts: usize,
    pub(crate) in_flight: usize,
    pub(crate) most_in_flight: usize,
    pub(crate) link: Link,
    noise: u64,
}

/// What all attempts go through.
#[derive(Debug, Default)]
pub(crate) struct Link {
    /// The time that one attempt takes it; what finds more than [`Link::QUEUE`] of it before itself is lost.
    pub(crate) interval: Duration,
    /// Of 1000 attempts, so many are lost at any rate.
    pub(crate) lost: usize,
    pub(crate) trip: Duration,
    free: Duration,
}

impl Link {
    const QUEUE: Duration = Duration::from_millis(20);

    /// How long an attempt made now waits before it is passed on; `None` where it is dropped.
    fn pass(&mut self, now: Duration) -> Option<Duration> {
        let waits = self.free.saturating_sub(now);
        if waits > Self::QUEUE {
            return None;
        }
        self.free = self.free.max(now) + self.interval;
        Some(waits)
    }
}

impl World {
    /// How long the next attempt at a target stops this process.
    fn pause(&self, address: SocketAddr) -> Duration {
        match self.targets.get(&address).and_then(|target| target.hops.front()) {
            Some(Hop::AfterPause(pause)) => *pause,
            _ => Duration::ZERO,
        }
    }

    /// What becomes of one more attempt, and how long it takes.
    fn pass(&mut self, address: SocketAddr) -> (Reply, Duration) {
        let (reply, delay) = self.targets.get_mut(&address).expect("only planned targets").attempt();
        let waits = self.link.pass(self.now);
        let is_lost = self.link.lost > 0 && self.roll(1000) < self.link.lost;
        match waits.filter(|_| !is_lost) {
            Some(waits) => (reply, delay + waits + self.link.trip),
            None => (Reply::Pending, Duration::ZERO),
        }
    }

    /// A number that looks random and is the same in every run.
    fn roll(&mut self, sides: usize) -> usize {
        self.noise =
            self.noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.noise >> 33).expect("31 bits") % sides
    }
}

#[derive(Debug)]
struct Attempt {
    address: SocketAddr,
    /// What comes, and when; an attempt that is lost stays pending for ever.
    reply: Reply,
    due: Duration,
}

pub(crate) struct ScriptedWire {
    world: Rc<RefCell<World>>,
    slots: Vec<Option<Attempt>>,
}

impl ScriptedWire {
    pub(crate) fn new(world: &Rc<RefCell<World>>) -> Self {
        Self { world: Rc::clone(world), slots: Vec::new() }
    }

    fn end(&mut self, slot: usize) -> Attempt {
        self.world.borrow_mut().in_flight -= 1;
        self.slots[slot].take().expect("the slot is taken")
    }
}

impl Wire for ScriptedWire {
    fn now(&self) -> Duration {
        self.world.borrow().now
    }

    fn connect(&mut self, slot: usize, address: SocketAddr) -> Reply {
        assert!(slot <= self.slots.len(), "slots are numbered without gaps");
        if slot == self.slots.len() {
            self.slots.push(None);
        }
        assert!(self.slots[slot].is_none(), "the slot is idle");
        let mut world = self.world.borrow_mut();
        let pause = world.pause(address);
        world.now += Duration::from_micros(5) + pause;
        if world.now < world.storm_until {
            return Reply::Short(Shortage::Ports);
        }
        world.attempts += 1;
        let now = world.now;
        let (reply, delay) = world.pass(address);
        if reply != Reply::Pending && delay.is_zero() {
            return reply;
        }
        world.in_flight += 1;
        world.most_in_flight = world.most_in_flight.max(world.in_flight);
        self.slots[slot] = Some(Attempt { address, reply, due: now + delay });
        Reply::Pending
    }

    fn check(&mut self, slot: usize, address: SocketAddr) -> Reply {
        let now = self.now();
        let attempt = self.slots[slot].as_ref().expect("only pending slots are checked");
        assert_eq!(attempt.address, address);
        if attempt.reply == Reply::Pending || now < attempt.due {
            return Reply::Pending;
        }
        self.end(slot).reply
    }

    fn abandon(&mut self, slot: usize) {
        self.end(slot);
    }

    fn discard(&mut self, slot: usize) {
        assert!(self.slots.get(slot).is_none_or(Option::is_none), "only idle slots are discarded");
    }

    /// Goes to the next answer or to the limit; reports answers out of order, some twice, and some that are none.
    fn wait(&mut self, limit: Duration, ready: &mut Vec<usize>) -> io::Result<()> {
        assert!(limit <= LONGEST_WAIT, "a stop is seen only after {limit:?}");
        let mut world = self.world.borrow_mut();
        let stall = mem::take(&mut world.stall);
        if !stall.is_zero() {
            world.now += stall;
            return Ok(());
        }
        let answers = self.slots.iter().flatten().filter(|attempt| attempt.reply != Reply::Pending);
        let next = answers.map(|attempt| attempt.due).min().unwrap_or(Duration::MAX);
        let end = world.now + limit;
        world.now = end.min(next.max(world.now));
        for slot in 0..self.slots.len() {
            let due = self.slots[slot].as_ref().is_some_and(|attempt| attempt.due <= world.now);
            if due || world.roll(8) == 0 {
                let place = world.roll(ready.len() + 1);
                ready.insert(place, slot);
            }
            if world.roll(16) == 0 {
                ready.push(slot);
            }
        }
        Ok(())
    }
}
