use std::time::Duration;

/// Some first attempts sent one after another, and how many of them were answered.
#[derive(Debug)]
pub(crate) struct Sample {
    /// Which one it is, from 1; attempts that belong to none carry 0.
    pub(crate) number: u32,
    opened: Duration,
    goal: f64,
    sent: u32,
    answered: u32,
    /// Answers that were late, whichever sample they belong to.
    late: u32,
    /// The shortest trip of the late ones.
    soonest: Option<Duration>,
    closed: Option<Duration>,
}

/// Fewer than this say too little.
const LEAST: f64 = 64.0;
/// Late answers that are no accident.
const ENOUGH: u32 = 20;

impl Sample {
    /// The attempts from `opened` on; `goal` of them, but enough to say something.
    pub(crate) fn new(number: u32, opened: Duration, goal: f64) -> Self {
        Self {
            number,
            opened,
            goal: goal.max(LEAST),
            sent: 0,
            answered: 0,
            late: 0,
            soonest: None,
            closed: None,
        }
    }

    /// The number that attempts carry which are sent now.
    pub(crate) fn tag(&self, now: Duration) -> u32 {
        if self.closed.is_none() && now >= self.opened { self.number } else { 0 }
    }

    pub(crate) fn count_sent(&mut self, packets: u32, now: Duration) {
        self.sent += packets;
        if f64::from(self.sent) >= self.goal {
            self.closed = Some(now);
        }
    }

    pub(crate) fn count_answer(&mut self) {
        self.answered += 1;
    }

    pub(crate) fn count_late(&mut self, trip: Duration) {
        self.late += 1;
        self.soonest = Some(self.soonest.map_or(trip, |soonest| soonest.min(trip)));
    }

    /// The shortest trip of the late answers, if there were any.
    pub(crate) fn soonest_of_the_late(&self) -> Option<Duration> {
        self.soonest
    }

    /// When the last one was sent.
    pub(crate) fn closed(&self) -> Option<Duration> {
        self.closed
    }

    /// The packets a second at which it was sent.
    pub(crate) fn rate(&self) -> f64 {
        let took = self.closed.unwrap_or(self.opened).saturating_sub(self.opened);
        f64::from(self.sent) / took.as_secs_f64().max(1e-6)
    }

    /// Which share was answered.
    pub(crate) fn share(&self) -> f64 {
        f64::from(self.answered) / f64::from(self.sent.max(1))
    }

    /// Whether about as many were answered as that share would be.
    pub(crate) fn reaches(&self, share: f64) -> bool {
        self.share() >= 0.95 * share
    }

    /// Whether so many fewer were answered than that share that it is no accident.
    pub(crate) fn falls_short_of(&self, share: f64) -> bool {
        let expected = f64::from(self.sent) * share;
        let deviation = 1.0 + (expected * (1.0 - share).max(0.0)).sqrt();
        self.share() < 0.93 * share && f64::from(self.answered) < expected - 3.0 * deviation
    }

    /// Whether most answers since it was opened were late, so that packets queue up on the way.
    pub(crate) fn is_queued(&self) -> bool {
        self.late >= ENOUGH && self.late > self.answered
    }
}
