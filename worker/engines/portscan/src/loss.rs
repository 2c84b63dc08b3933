/// How often an attempt came to nothing though the port answers, as far as this is seen.
///
/// Ports that answered a later attempt than the first tell it: each of them lost at least one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Loss {
    answered: u32,
    retried: u32,
}

/// Answers that are remembered with full weight; older ones fade, as a path may get worse.
const MEMORY: u32 = 4096;
/// Answers from which on the figure is one to go by.
const ENOUGH: u32 = 100;

impl Loss {
    /// Learns from an answer to the given attempt, counted from 1.
    pub(crate) fn learn(&mut self, attempt: u32) {
        if self.answered >= MEMORY {
            self.answered /= 2;
            self.retried /= 2;
        }
        self.answered += 1;
        self.retried += u32::from(attempt > 1);
    }

    /// Whether there were enough answers to tell.
    pub(crate) fn is_known(&self) -> bool {
        self.answered >= ENOUGH
    }

    /// The attempts after which a port that answers is missed less than once in 10,000 times, between `least` and
    /// `most`.
    pub(crate) fn tries(&self, least: u32, most: u32) -> u32 {
        if self.retried == 0 {
            return least;
        }
        let lost = f64::from(self.retried) / f64::from(self.answered);
        let mut missed = lost.powi(least.try_into().unwrap_or(i32::MAX));
        let mut tries = least;
        while missed > 1e-4 && tries < most {
            missed *= lost;
            tries += 1;
        }
        tries
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(first: u32, later: u32) -> Loss {
        Loss { answered: first + later, retried: later }
    }

    #[test]
    fn the_more_is_lost_the_oftener_it_is_tried() {
        let tries = |first, later| after(first, later).tries(2, 10);
        assert_eq!((tries(0, 0), tries(1000, 0)), (2, 2));
        // 0.5 %, 1 % and 5 % of the packets each way.
        assert_eq!((tries(990, 10), tries(980, 20), tries(9025, 975)), (2, 3, 4));
        assert_eq!((tries(1, 1), tries(0, 5)), (10, 10));
    }

    #[test]
    fn the_bounds_of_the_settings_hold() {
        assert_eq!(after(1, 1).tries(3, 3), 3);
        assert_eq!(after(1, 1).tries(5, 1), 5);
        assert_eq!(after(1000, 1).tries(4, 9), 4);
    }

    #[test]
    fn a_path_that_gets_worse_is_noticed() {
        let mut loss = Loss::default();
        (0..1_000_000).for_each(|_| loss.learn(1));
        (0..2000).for_each(|number| loss.learn(1 + number % 2));
        assert!(loss.tries(2, 20) >= 6, "{loss:?}");
    }
}
