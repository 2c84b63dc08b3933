//! Counts in this process, in bounded memory.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::{Count, Draw, Subject, window::millis};

/// Subjects of one rule that are told apart in one window, and those that are locked out.
const MOST: usize = 100_000;

/// The counts of each rule, by its name.
#[derive(Clone, Debug, Default)]
pub(super) struct Embedded(Arc<Mutex<HashMap<&'static str, Counts>>>);

impl Embedded {
    pub(super) fn draw(&self, draw: &Draw<'_>) -> Count {
        let mut rules = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rules.entry(draw.rule.name).or_default().draw(draw)
    }
}

/// The counts of one rule. All its windows end at once, so nothing has to be looked for to be forgotten.
#[derive(Debug)]
struct Counts {
    window: i64,
    used: HashMap<Subject, i64>,
    locked: HashMap<Subject, i64>,
}

impl Default for Counts {
    fn default() -> Self {
        Self { window: i64::MIN, used: HashMap::new(), locked: HashMap::new() }
    }
}

impl Counts {
    fn draw(&mut self, draw: &Draw<'_>) -> Count {
        if draw.window.start > self.window {
            self.window = draw.window.start;
            self.used = HashMap::new();
            self.locked.retain(|_, end| *end > draw.now);
        }
        let most = draw.rule.most;
        if let Some(end) = self.locked.get(&draw.subject).copied().filter(|end| *end > draw.now) {
            return Count { allowed: false, used: most, resets_at: end };
        }
        let resets_at = self.window.saturating_add(draw.window.length);
        let subject = self.subject(draw.subject);
        let used = self.used.get(&subject).copied().unwrap_or(0);
        if used >= most {
            let resets_at = self.lock(draw).unwrap_or(resets_at);
            return Count { allowed: false, used, resets_at };
        }
        let used = used + draw.cost;
        if draw.cost > 0 {
            self.used.insert(subject, used);
        }
        Count { allowed: true, used, resets_at }
    }

    /// A newcomer who finds no room is counted with the others who found none: neither unlimited nor remembered.
    fn subject(&self, subject: Subject) -> Subject {
        let is_new = self.used.len() >= MOST && !self.used.contains_key(&subject);
        if is_new { Subject::Others } else { subject }
    }

    /// Locks a subject out that wants more than it has; when that ends.
    fn lock(&mut self, draw: &Draw<'_>) -> Option<i64> {
        let end = draw.now.saturating_add(millis(draw.rule.lock?));
        if draw.cost == 0 || self.locked.len() >= MOST {
            return None;
        }
        self.locked.insert(draw.subject, end);
        Some(end)
    }
}

#[cfg(test)]
mod tests {
    use std::{net::IpAddr, time::Duration};

    use super::*;
    use crate::limit::{Purpose, Rule, window::Window};

    const RULE: Rule = Rule {
        name: "test",
        unit: "tries a second",
        most: 1,
        window: Duration::from_secs(1),
        lock: None,
        purpose: Purpose::Throttle,
    };

    #[test]
    fn any_number_of_strangers_takes_bounded_memory_and_none_is_unlimited() {
        let mut counts = Counts::default();
        let mut draw = |number: u32, now: i64| {
            let subject = Subject::from(IpAddr::from(number.to_be_bytes()));
            let window = Window::around(now, RULE.window);
            let allowed = counts.draw(&Draw { rule: &RULE, subject, now, window, cost: 1 }).allowed;
            (allowed, counts.used.len())
        };
        let most = u32::try_from(MOST).unwrap();
        assert!((0..most).all(|number| draw(number, 0).0));
        assert_eq!(draw(most, 0), (true, MOST + 1), "the first of the others");
        for number in [most, most + 1, most + 2, 0, most - 1] {
            assert_eq!(draw(number, 999), (false, MOST + 1), "{number}");
        }
        assert_eq!(draw(most + 1, 1000), (true, 1), "in the next window all are forgotten");
    }
}
