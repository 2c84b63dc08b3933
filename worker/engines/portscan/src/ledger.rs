use std::{collections::VecDeque, mem};

use crate::{
    event::Tally,
    probe::{Probe, State},
};

/// What is settled of the probes handed out, kept in the order of their numbers.
///
/// Each probe gets a *line*; lines are dense where numbers may have gaps, so a gap costs no memory.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    lines: VecDeque<Line>,
    first_line: u64,
    tally: Tally,
    below: u64,
    verdicts: Vec<(u64, State)>,
}

#[derive(Debug)]
struct Line {
    number: u64,
    state: Option<State>,
}

impl Ledger {
    /// Notes that a probe is handed out, and gives its line.
    pub(crate) fn open_line(&mut self, probe: &Probe) -> u64 {
        let line = self.first_line + u64::try_from(self.lines.len()).unwrap_or(u64::MAX);
        if self.lines.is_empty() {
            self.below = probe.number;
        }
        self.lines.push_back(Line { number: probe.number, state: None });
        line
    }

    /// Notes what became of the probe of a line.
    pub(crate) fn settle(&mut self, line: u64, state: State) {
        let index = line.checked_sub(self.first_line).and_then(|index| usize::try_from(index).ok());
        if let Some(entry) = index.and_then(|index| self.lines.get_mut(index)) {
            entry.state = Some(state);
        }
        self.advance();
    }

    fn advance(&mut self) {
        while let Some(&Line { number, state: Some(state) }) = self.lines.front() {
            self.tally.count(state);
            self.verdicts.push((number, state));
            self.lines.pop_front();
            self.first_line += 1;
            self.below = self.lines.front().map_or(number.saturating_add(1), |line| line.number);
        }
    }

    /// The lowest number that is handed out and not settled.
    pub(crate) fn lowest_unsettled(&self) -> Option<u64> {
        self.lines.front().map(|line| line.number)
    }

    /// Every number lower than this one is settled, or was never handed out.
    pub(crate) fn below(&self) -> u64 {
        self.below
    }

    /// The verdicts that `below` has passed since they were last taken, in order.
    pub(crate) fn take_verdicts(&mut self) -> Vec<(u64, State)> {
        mem::take(&mut self.verdicts)
    }

    pub(crate) fn unread_verdicts(&self) -> usize {
        self.verdicts.len()
    }

    /// The count of the probes below [`below`](Self::below).
    pub(crate) fn tally(&self) -> Tally {
        self.tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(number: u64) -> Probe {
        Probe { number, address: ([127, 0, 0, 1], 1).into() }
    }

    #[test]
    fn below_waits_for_the_lowest_and_jumps_over_gaps() {
        let mut ledger = Ledger::default();
        let lines: Vec<u64> = [10, 20, 21].iter().map(|number| ledger.open_line(&probe(*number))).collect();
        assert_eq!((ledger.below(), ledger.lowest_unsettled()), (10, Some(10)));
        ledger.settle(lines[1], State::Closed);
        assert_eq!((ledger.below(), ledger.tally().total()), (10, 0));
        ledger.settle(lines[0], State::Open);
        assert_eq!(ledger.below(), 21);
        ledger.settle(lines[2], State::Filtered);
        assert_eq!((ledger.below(), ledger.lowest_unsettled()), (22, None));
        assert_eq!(ledger.tally(), Tally { open: 1, closed: 1, filtered: 1 });
    }
}
