//! One server and one kind of stream: memory, one publish a second, bursts, many topics.

use std::{
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

use vedette_bench::{
    figures::Figures,
    process::{cpu_microseconds, proportional_kib},
};

use crate::{
    Fault, Kind,
    board::Board,
    crowd::{Crowd, Taken, Topics},
    publisher::Publisher,
    say,
};

/// Longer than any server should take.
const PATIENCE: Duration = Duration::from_mins(1);
/// What a burst publishes at once.
const BURST: u16 = 16;

/// What is measured.
#[derive(Debug)]
pub(crate) struct FanOut {
    /// What its figures are called.
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// Where listeners dial.
    pub(crate) server: SocketAddr,
    /// The server's processes.
    pub(crate) pids: Vec<u32>,
    pub(crate) publisher: Publisher,
    /// Publishes of the paced part, one a second.
    pub(crate) seconds: u16,
    pub(crate) listeners: usize,
    pub(crate) bursts: u16,
}

/// Topics of all parts; each part has its own.
pub(crate) const TOPICS: usize = MANY.first + MANY.count;
const ONE: Topics = Topics { first: 0, count: 1 };
const BURSTS: Topics = Topics { first: 1, count: 1 };
const MANY: Topics = Topics { first: 2, count: 500 };
/// Listeners of each of many topics, and how many publishes a second all topics have together.
const EACH: usize = 10;
const RATE: u32 = 2000;

impl FanOut {
    pub(crate) fn measure(&mut self) -> Result<(), Fault> {
        self.paced()?;
        self.bursts()?;
        self.many_topics()
    }

    /// Everybody listens to one topic, to which something is published every second.
    fn paced(&mut self) -> Result<(), Fault> {
        let before = self.memory()?;
        let mut crowd = self.gather(ONE, self.listeners)?;
        crate::pause(Duration::from_secs(1));
        let count = u32::try_from(self.listeners)?;
        self.say("kib", (self.memory()? - before) / f64::from(count));
        let times: Vec<u32> = (0..u32::from(self.seconds)).map(|second| second * 1_000_000).collect();
        let (taken, cpu) = self.publish(&mut crowd, ONE, &times)?;
        self.say("paced.bytes", per(taken.bytes, taken.latencies_us.len()));
        self.say_latencies("paced", &taken, cpu);
        Ok(())
    }

    /// Half as many listen to one topic, to which bursts are published, one behind the other.
    fn bursts(&mut self) -> Result<(), Fault> {
        let mut crowd = self.gather(BURSTS, self.listeners / 2)?;
        let board = Board::new(TOPICS, usize::from(self.bursts * BURST));
        let deliveries = usize::from(BURST) * (self.listeners / 2);
        let (cpu, start) = (self.cpu()?, Instant::now());
        for burst in 0..self.bursts {
            let numbers = burst * BURST + 1..(burst + 1) * BURST + 1;
            let publisher = &mut self.publisher;
            thread::scope(|scope| {
                let burst = scope.spawn(|| publisher.publish(BURSTS.first, numbers, &board));
                crowd.take(deliveries, &board, PATIENCE)?;
                burst.join().map_err(|_| "the publisher panicked")?
            })?;
        }
        let (took, cpu) = (start.elapsed(), self.cpu()? - cpu);
        let all = f64::from(u32::try_from(deliveries * usize::from(self.bursts))?);
        self.say("burst.rate", all / took.as_secs_f64());
        self.say("burst.cpu", cpu / all);
        Ok(())
    }

    /// A few listen to each of many topics, to which is published by turns.
    fn many_topics(&mut self) -> Result<(), Fault> {
        let mut crowd = self.gather(MANY, EACH)?;
        let step = 1_000_000 / RATE;
        let times: Vec<u32> = (0..RATE * 4).map(|number| number * step).collect();
        let (taken, cpu) = self.publish(&mut crowd, MANY, &times)?;
        self.say_latencies("many", &taken, cpu);
        Ok(())
    }

    fn gather(&self, topics: Topics, each: usize) -> Result<Crowd, Fault> {
        Crowd::gather(self.server, topics, each, 0, |topic| self.publisher.subscription(topic, self.kind))
    }

    /// Publishes at the times, in microseconds from now, to the topics by turns; what came of it, and the processor time
    /// of the server in microseconds.
    fn publish(&mut self, crowd: &mut Crowd, topics: Topics, times: &[u32]) -> Result<(Taken, f64), Fault> {
        let board = Board::new(TOPICS, times.len() / topics.count);
        let deliveries = times.len() / topics.count * crowd.len();
        let (cpu, publisher) = (self.cpu()?, &mut self.publisher);
        let taken = thread::scope(|scope| {
            let all = scope.spawn(|| publisher.publish_at(times, topics, &board));
            let taken = crowd.take(deliveries, &board, PATIENCE)?;
            all.join().map_err(|_| "the publisher panicked")??;
            Ok::<Taken, Fault>(taken)
        })?;
        Ok((taken, self.cpu()? - cpu))
    }

    fn say_latencies(&self, part: &str, taken: &Taken, cpu: f64) {
        let latencies: Figures = taken.latencies_us.iter().copied().map(in_milliseconds).collect();
        self.say(&format!("{part}.p50"), latencies.percentile(50));
        self.say(&format!("{part}.p99"), latencies.percentile(99));
        self.say(&format!("{part}.cpu"), cpu / per(latencies.count(), 1));
    }

    fn say(&self, figure: &str, value: f64) {
        say(&format!("{}.{figure}", self.name), value);
    }

    fn cpu(&self) -> Result<f64, Fault> {
        Ok(self.pids.iter().map(|pid| cpu_microseconds(*pid)).sum::<Result<f64, _>>()?)
    }

    fn memory(&self) -> Result<f64, Fault> {
        Ok(self.pids.iter().map(|pid| proportional_kib(*pid)).sum::<Result<f64, _>>()?)
    }
}

/// A time in milliseconds.
pub(crate) fn in_milliseconds(microseconds: u64) -> f64 {
    Duration::from_micros(microseconds).as_secs_f64() * 1000.0
}

fn per(sum: usize, count: usize) -> f64 {
    let number = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    number(sum) / number(count)
}
