//! The order in which the units of a shard are tried.

use std::ops::Range;

use portscan::Permutation;

/// A shard's units in an order of the job's own, so that the addresses of a shard take turns. Positions run over the
/// same numbers as the units, and a checkpoint is a position: any worker goes on from it in the same order.
#[derive(Debug)]
pub(super) struct Order {
    units: Range<i64>,
    permutation: Permutation,
}

impl Order {
    /// The order that belongs to `key`.
    pub(super) fn new(units: Range<i64>, key: u64) -> Self {
        let length = u64::try_from(units.end.saturating_sub(units.start)).unwrap_or_default();
        Self { units, permutation: Permutation::new(length, key) }
    }

    /// The unit at a position; `None` outside of the shard.
    pub(super) fn unit(&self, position: i64) -> Option<i64> {
        if !self.units.contains(&position) {
            return None;
        }
        let place = self.permutation.at(u64::try_from(position - self.units.start).ok()?);
        Some(self.units.start + i64::try_from(place).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn shards_partition_the_units(units in 1..3000_i64, shard in 1..700_usize, key: u64) {
            let starts: Vec<i64> = (0..units).step_by(shard).collect();
            let length = i64::try_from(shard).expect("small");
            let mut visited = Vec::new();
            for start in starts {
                let range = start..(start + length).min(units);
                let order = Order::new(range.clone(), key);
                visited.extend(range.clone().filter_map(|position| order.unit(position)));
                prop_assert_eq!((order.unit(range.start - 1), order.unit(range.end)), (None, None));
            }
            prop_assert_eq!(i64::try_from(visited.len()), Ok(units));
            prop_assert!(BTreeSet::from_iter(visited).into_iter().eq(0..units));
        }
    }
}
