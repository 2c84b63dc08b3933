//! How much may be followed.

use super::{LookUp, Unusable, number};

/// How long events are kept, and how many streams there may be. Streams are counted by each process for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Streams {
    /// `VEDETTE_EVENT_DAYS`, 30: the events of a job are removed so long after its end; `None` for never, written 0.
    pub event_days: Option<i64>,
    /// `VEDETTE_STREAMS`, 20000: streams of one process that are open at any moment.
    pub in_all: usize,
    /// `VEDETTE_ORGANIZATION_STREAMS`, 10000: of them those of one organization.
    pub of_an_organization: usize,
    /// `VEDETTE_ADDRESS_STREAMS`, 2000: those of one address.
    pub of_an_address: usize,
    /// `VEDETTE_KEY_STREAMS`, 1000: those of one key.
    pub of_a_key: usize,
}

pub(super) fn streams(look_up: LookUp<'_>) -> Result<Streams, Unusable> {
    let days = number(look_up, "VEDETTE_EVENT_DAYS", 30, 0..=36_500)?;
    let most = |name, default| number(look_up, name, default, 1..=10_000_000);
    Ok(Streams {
        event_days: (days > 0).then_some(days),
        in_all: most("VEDETTE_STREAMS", 20_000)?,
        of_an_organization: most("VEDETTE_ORGANIZATION_STREAMS", 10_000)?,
        of_an_address: most("VEDETTE_ADDRESS_STREAMS", 2000)?,
        of_a_key: most("VEDETTE_KEY_STREAMS", 1000)?,
    })
}
