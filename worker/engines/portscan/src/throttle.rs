use std::time::Duration;

use crate::{budget::Budget, pace::Pace, sample::Sample, settings::Settings};

/// How fast packets go out: as fast as the way to the targets bears.
///
/// The share of first attempts that are answered in time is compared from sample to sample, and the rate grows while it
/// holds. When it falls, the rate is cut to see whether that helps. If it does, packets were sent faster than they
/// are passed on, be they dropped or queued up. If not, fewer ports answer, or the path loses packets at any rate: that
/// is the usual share from then on.
#[derive(Debug)]
pub(crate) struct Throttle {
    pace: Pace,
    rate: f64,
    most: f64,
    budgets: Vec<Budget>,
    /// Since when the budgets have given nothing, though there was something to send.
    starving: Option<Duration>,
    /// Whether they ever gave nothing for [`STARVED`].
    pub(crate) starved: bool,
    sample: Sample,
    /// The share of answers where packets are not sent too fast, as far as is known.
    usual: f64,
    /// The share for which the rate was cut, until it is known whether that helped.
    cut_at: Option<f64>,
    /// What a round trip takes at best, smoothed over the hosts that answer.
    trip: Option<Duration>,
    /// What answers take at least without being late, where it is known to be longer than the shortest trips.
    ordinary: Duration,
    /// How often in a row the rate was cut because answers were late, and what it was before.
    cuts: u32,
    uncut: f64,
    /// The wait for answers before there has been one.
    first_timeout: Duration,
    growth: f64,
    /// Attempts until then met a link that was too full.
    flooded: Duration,
}

/// Packets a second to begin with.
const START: f64 = 10_000.0;
const LEAST: f64 = 500.0;
const MOST: u32 = 10_000_000;
/// Until something is known about the path, the rate grows by this from sample to sample,
const QUICKLY: f64 = 1.5;
/// where nobody has answered, by this,
const BLINDLY: f64 = 4.0;
/// and once it has been too fast, by this.
const SLOWLY: f64 = 1.25;
/// So much better is no accident.
const HELPED: f64 = 1.15;
/// A queue is gone after so many cuts.
const CUTS: u32 = 4;
/// What an answer may take beyond the round trip, in this process and in others, without meaning anything.
const JITTER: Duration = Duration::from_millis(5);
/// How long a scan may wait for the budget without being told to have starved.
const STARVED: Duration = Duration::from_secs(1);

/// Leave to send.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grant {
    pub(crate) packets: usize,
    /// The sample to which first attempts belong.
    pub(crate) sample: u32,
    /// When there will be more.
    pub(crate) more: Duration,
}

impl Throttle {
    pub(crate) fn new(settings: &Settings) -> Self {
        let most = f64::from(settings.rate.unwrap_or(MOST).max(1));
        let rate = START.min(most);
        Self {
            pace: Pace::new(rate),
            rate,
            most,
            budgets: settings.budgets.clone(),
            starving: None,
            starved: false,
            sample: Sample::new(1, Duration::ZERO, 0.0),
            usual: 1.0,
            cut_at: None,
            trip: None,
            ordinary: Duration::ZERO,
            cuts: 0,
            uncut: rate,
            first_timeout: settings.first_timeout,
            growth: QUICKLY,
            flooded: Duration::ZERO,
        }
    }

    /// Gives leave for up to `wanted` packets.
    pub(crate) fn grant(&mut self, now: Duration, wanted: usize) -> Grant {
        self.judge(now);
        let (packets, more) = self.take(now, wanted);
        Grant { packets, sample: self.sample.tag(now), more }
    }

    fn take(&mut self, now: Duration, wanted: usize) -> (usize, Duration) {
        let allowed = self.pace.available(now, wanted);
        if allowed == 0 {
            return (0, self.pace.due());
        }
        match self.take_shared(now, allowed) {
            Ok(packets) => {
                self.starving = None;
                self.pace.spend(packets);
                (packets, self.pace.due())
            }
            Err(due) => {
                let since = *self.starving.get_or_insert(now);
                self.starved |= now.saturating_sub(since) >= STARVED;
                (0, due)
            }
        }
    }

    /// Takes up to `wanted` packets, at least one, out of each budget.
    fn take_shared(&self, now: Duration, wanted: usize) -> Result<usize, Duration> {
        let mut packets = wanted;
        for (taken, budget) in self.budgets.iter().enumerate() {
            let result = budget.take(now, packets);
            let rest = packets - result.unwrap_or_default();
            self.budgets.iter().take(taken).for_each(|earlier| earlier.give_back(rest));
            packets = result?;
        }
        Ok(packets)
    }

    /// Takes back packets that were granted and not sent.
    pub(crate) fn give_back(&mut self, packets: usize) {
        self.pace.give_back(packets);
        self.budgets.iter().for_each(|budget| budget.give_back(packets));
    }

    /// Whether packets were sent too fast at that time.
    pub(crate) fn was_flooded(&self, at: Duration) -> bool {
        at < self.flooded
    }

    /// Counts first attempts of a sample.
    pub(crate) fn sent(&mut self, sample: u32, packets: u32, now: Duration) {
        if sample == self.sample.tag(now) && sample != 0 {
            self.sample.count_sent(packets, now);
        }
    }

    /// Learns from an answer in time to a first attempt of a sample, from a host that answers after `best` at best.
    pub(crate) fn answered(&mut self, sample: u32, best: Duration) {
        self.trip = Some(self.trip.map_or(best, |smoothed| (smoothed * 7 + best) / 8));
        if sample == self.sample.number {
            self.sample.count_answer();
        }
    }

    /// Learns from an answer that was late, after `trip`.
    pub(crate) fn answered_late(&mut self, trip: Duration) {
        self.sample.count_late(trip);
    }

    /// What an answer takes at best, from where the shortest trip was `best`.
    pub(crate) fn at_best(&self, best: Duration) -> Duration {
        best.max(self.ordinary)
    }

    /// Looks at the sample, once its answers have had their time or are there sooner.
    fn judge(&mut self, now: Duration) {
        let Some(closed) = self.sample.closed() else { return };
        if self.sample.reaches(self.usual) {
            return self.speed_up(now);
        }
        if now.saturating_sub(closed) < self.trip.map_or(self.first_timeout, patience) {
            return;
        }
        let share = self.sample.share();
        let has_helped = self.cut_at.is_none_or(|before| share > before * HELPED);
        if self.trip.is_none() {
            self.go_on(now, self.rate * BLINDLY);
        } else if !self.sample.falls_short_of(self.usual) {
            self.speed_up(now);
        } else if self.cuts >= CUTS && self.sample.is_queued() {
            self.take_for_ordinary(now);
        } else if self.sample.is_queued() || has_helped {
            self.slow_down(now);
        } else {
            self.usual = share;
            self.speed_up(now);
        }
    }

    /// Answers that are late at any rate come from farther away than others, as where something near refuses a few ports in
    /// the place of their host.
    fn take_for_ordinary(&mut self, now: Duration) {
        self.ordinary = self.sample.soonest_of_the_late().unwrap_or(self.ordinary);
        self.trip = self.trip.map(|trip| trip.max(self.ordinary));
        self.cuts = 0;
        self.cut_at = None;
        self.go_on(now, self.uncut);
    }

    fn speed_up(&mut self, now: Duration) {
        self.cuts = 0;
        let share = self.sample.share();
        if share > self.usual {
            self.usual += (share - self.usual) / 4.0;
        }
        if self.cut_at.take().is_some_and(|before| share > before * HELPED) {
            self.growth = SLOWLY;
        }
        // A rate that is not made use of says nothing about a higher one.
        let used = self.sample.rate() * 4.0;
        self.go_on(now, (self.rate * self.growth).min(used).max(self.rate));
    }

    fn slow_down(&mut self, now: Duration) {
        let share = self.sample.share();
        self.cut_at = Some(share);
        self.flooded = now;
        if self.cuts == 0 {
            self.uncut = self.rate;
        }
        self.cuts += u32::from(self.sample.is_queued());
        let rate = self.rate.min(self.sample.rate() * 2.0) * (share / self.usual).clamp(0.5, 0.9);
        // What is queued up has to go first.
        self.go_on(now + self.trip.map_or(JITTER, patience), rate);
    }

    fn go_on(&mut self, from: Duration, rate: f64) {
        self.rate = rate.max(LEAST).min(self.most);
        self.pace.set_rate(self.rate);
        // Half a trip of sending says enough, and is judged soon after: a rate that is too high does less harm.
        let goal = self.rate * self.trip.unwrap_or_default().as_secs_f64() / 2.0;
        self.sample = Sample::new(self.sample.number.wrapping_add(1).max(1), from, goal);
    }
}

/// How long an answer may take from where it takes `best` at best, if nothing queues up.
pub(crate) fn patience(best: Duration) -> Duration {
    best + best / 2 + JITTER
}

#[cfg(test)]
mod tests {
    use super::*;

    const START_AT: Duration = Duration::from_secs(100);

    fn sharing(budgets: &[&Budget]) -> Throttle {
        let budgets = budgets.iter().copied().cloned().collect();
        Throttle::new(&Settings { budgets, ..Settings::default() })
    }

    /// What each of two scans is granted in a second in which they ask in turn.
    fn granted(scans: [Throttle; 2]) -> [usize; 2] {
        let mut granted = [0, 0];
        let [mut one, mut other] = scans;
        for millisecond in 0..1000_u64 {
            let now = START_AT + Duration::from_millis(millisecond);
            if millisecond % 2 == 0 {
                granted[0] += one.grant(now, 100).packets;
                granted[1] += other.grant(now, 100).packets;
            } else {
                granted[1] += other.grant(now, 100).packets;
                granted[0] += one.grant(now, 100).packets;
            }
        }
        granted
    }

    #[test]
    fn two_scans_share_one_budget_and_neither_starves() {
        let budget = Budget::new(1000);
        let [one, other] = granted([sharing(&[&budget]), sharing(&[&budget])]);
        assert!((990..=1020).contains(&(one + other)), "{one} and {other}");
        assert!(one.min(other) > 400, "{one} and {other}");
    }

    #[test]
    fn a_scan_of_two_budgets_takes_no_more_of_the_larger_than_the_smaller_lets_it_use() {
        let (large, small) = (Budget::new(1000), Budget::new(100));
        let [slow, fast] = granted([sharing(&[&large, &small]), sharing(&[&large])]);
        assert!((95..=105).contains(&slow), "{slow}");
        assert!((990..=1020).contains(&(slow + fast)), "{slow} and {fast}");
    }

    #[test]
    fn packets_that_are_given_back_are_granted_again() {
        let budget = Budget::new(1);
        let mut scan = sharing(&[&budget]);
        assert_eq!(scan.grant(START_AT, 10).packets, 1);
        assert_eq!(scan.grant(START_AT, 10).packets, 0);
        scan.give_back(1);
        assert_eq!(scan.grant(START_AT, 10).packets, 1);
    }
}
