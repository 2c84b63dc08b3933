//! Which events were had.

use std::collections::HashSet;

use crate::event::Event;

/// Remembers the ids of events, over all streams of a scan.
///
/// A set, not the highest number: the snapshot at the start of a stream may hold a late progress before an
/// early port.
#[derive(Debug, Default)]
pub(super) struct Journal {
    seen: HashSet<String>,
    last: Option<String>,
}

impl Journal {
    /// Notes an event; false when it was noted before.
    pub(super) fn admit(&mut self, event: &Event) -> bool {
        let Some(id) = &event.id else { return true };
        self.last = Some(id.clone());
        self.seen.insert(id.clone())
    }

    /// The id of the event that came last: where the next stream goes on.
    pub(super) fn last(&self) -> Option<&str> {
        self.last.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: Option<&str>) -> Event {
        Event { id: id.map(str::to_owned), kind: "progress".into(), data: serde_json::Value::Null }
    }

    #[test]
    fn an_event_is_admitted_once_and_the_last_one_is_remembered() {
        let mut journal = Journal::default();
        assert_eq!(journal.last(), None);
        assert!(journal.admit(&event(Some("9"))));
        assert!(journal.admit(&event(Some("3"))));
        assert!(!journal.admit(&event(Some("9"))));
        assert!(journal.admit(&event(None)) && journal.admit(&event(None)));
        assert_eq!(journal.last(), Some("9"));
    }
}
