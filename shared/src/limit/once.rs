//! What may be said once only, and was said already.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use sha2::{Digest, Sha256};

/// How long a word is remembered, in milliseconds: as long as a signature may be from now, both ways.
pub(super) const MEMORY_MS: i64 = 120_000;
/// Words that are remembered of each stretch of that length. More are refused: better than to be forgotten.
const MOST: usize = 1 << 18;

/// A word's digest, so that each takes the same room.
type Mark = [u8; 16];

pub(super) fn mark(word: &str) -> Mark {
    let digest = Sha256::digest(word.as_bytes());
    digest.first_chunk().copied().unwrap_or_default()
}

/// The words of this process, in bounded memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Said(Arc<Mutex<Memory>>);

/// Two stretches of time: a word is kept for at least one, and nothing has to be looked for to be forgotten.
#[derive(Debug, Default)]
struct Memory {
    since: i64,
    young: HashSet<Mark>,
    old: HashSet<Mark>,
}

impl Said {
    /// Whether this is the first time.
    pub(super) fn is_first(&self, mark: Mark, now: i64) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_first(mark, now)
    }
}

impl Memory {
    fn is_first(&mut self, mark: Mark, now: i64) -> bool {
        let age = now.saturating_sub(self.since);
        if age >= MEMORY_MS {
            let past = std::mem::take(&mut self.young);
            self.old = if age >= 2 * MEMORY_MS { HashSet::new() } else { past };
            self.since = now;
        }
        !self.old.contains(&mark) && self.young.len() < MOST && self.young.insert(mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_remembered_for_its_time_and_forgotten_after_twice_that() {
        let mut memory = Memory::default();
        let start = 1_000_000_000;
        for (word, now, expected) in [
            ("a", start, true),
            ("a", start, false),
            ("b", start + MEMORY_MS - 1, true),
            ("a", start + MEMORY_MS, false),
            ("b", start + 2 * MEMORY_MS - 2, false),
            ("a", start + 2 * MEMORY_MS, true),
            ("a", start + 9 * MEMORY_MS, true),
        ] {
            assert_eq!(memory.is_first(mark(word), now), expected, "{word} at {}", now - start);
        }
    }

    #[test]
    fn a_full_memory_believes_nothing_new_and_forgets_nothing() {
        let mut memory = Memory::default();
        let number = |number: usize| mark(&number.to_string());
        assert!((0..MOST).all(|word| memory.is_first(number(word), 0)));
        assert!(!memory.is_first(number(MOST), 1));
        assert!(!memory.is_first(number(0), 1));
        assert!(memory.is_first(number(MOST), MEMORY_MS));
    }
}
