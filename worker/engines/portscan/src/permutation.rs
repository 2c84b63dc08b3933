/// A keyed order of the numbers below a limit: each of them once, and neighbours far apart.
///
/// Numbering a plan through it spreads a scan over its addresses, and a place in the order can be named and resumed
/// at, with nothing kept but the key. Two keys give two orders. It hides nothing: who sees the order may find the key.
///
/// ```
/// let order = portscan::Permutation::new(1000, 7);
/// let mut visited: Vec<u64> = (0..1000).map(|position| order.at(position)).collect();
/// assert_ne!(visited[0] + 1, visited[1]);
/// visited.sort_unstable();
/// assert!(visited.into_iter().eq(0..1000));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permutation {
    limit: u64,
    /// A number is split into `number % columns` and `number / columns`; there are as many rows as that takes.
    columns: u64,
    rows: u64,
    key: u64,
}

/// Pairs of rounds. Two mix well enough for an order; one more is cheap.
const ROUNDS: u64 = 3;

impl Permutation {
    /// The order of the numbers `0..limit` that belongs to `key`.
    #[must_use]
    pub fn new(limit: u64, key: u64) -> Self {
        let columns = limit.saturating_sub(1).isqrt() + 1;
        Self { limit, columns, rows: limit.div_ceil(columns), key }
    }

    /// The number at a position of the order; positions from the limit on stay as they are.
    ///
    /// The rectangle of rows and columns holds at most a last row more than there are numbers. Who lands there is
    /// sent on until he is back, which keeps it one to one.
    #[must_use]
    pub fn at(&self, position: u64) -> u64 {
        if position >= self.limit {
            return position;
        }
        let mut number = self.shuffle(position);
        while number >= self.limit {
            number = self.shuffle(number);
        }
        number
    }

    /// A Feistel network on the rectangle: in turn, each half is moved by a hash of the other, which can be undone.
    fn shuffle(&self, number: u64) -> u64 {
        let (mut column, mut row) = (number % self.columns, number / self.columns);
        for round in 0..ROUNDS {
            column = (column + self.hash(2 * round, row) % self.columns) % self.columns;
            row = (row + self.hash(2 * round + 1, column) % self.rows) % self.rows;
        }
        row * self.columns + column
    }

    fn hash(&self, round: u64, half: u64) -> u64 {
        mix(half ^ mix(self.key.wrapping_add(round)))
    }
}

/// The finalizer of `SplitMix64`: every bit of the input moves about half of the output's.
fn mix(input: u64) -> u64 {
    let mut value = input.wrapping_add(0x9e37_79b9_7f4a_7c15);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_largest_limits_are_orders_too() {
        for limit in [0, 1, 2, u64::MAX - 1, u64::MAX] {
            let order = Permutation::new(limit, 1);
            let positions = [0, 1, limit / 2, limit.saturating_sub(1)];
            assert!(positions.iter().all(|position| order.at(*position) < limit.max(2)), "{limit}");
            assert_eq!(order.at(limit), limit);
        }
    }

    #[test]
    fn neighbours_are_not_hit_together() {
        // 256 addresses with 100 ports each, numbered address by address.
        let order = Permutation::new(25_600, 42);
        let addresses: Vec<u64> = (0..25_600).map(|position| order.at(position) / 100).collect();
        let busiest = addresses.chunks(256).map(|chunk| {
            let count = |address: &u64| chunk.iter().filter(|other| *other == address).count();
            chunk.iter().map(count).max().unwrap_or_default()
        });
        // Of 256 throws at 256 addresses, the busiest address is hit 4 to 7 times.
        assert!(busiest.max().is_some_and(|most| most <= 10));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn each_number_is_visited_once(limit in 0..5000_u64, key: u64) {
            let order = Permutation::new(limit, key);
            let visited: HashSet<u64> = (0..limit).map(|position| order.at(position)).collect();
            prop_assert_eq!(u64::try_from(visited.len()), Ok(limit));
            prop_assert!(visited.iter().all(|number| *number < limit));
        }

        #[test]
        fn another_key_is_another_order(limit in 100..5000_u64, key: u64) {
            let (one, other) = (Permutation::new(limit, key), Permutation::new(limit, key.wrapping_add(1)));
            let same = (0..limit).filter(|position| one.at(*position) == other.at(*position)).count();
            prop_assert!(same < 30, "{same} of {limit} positions are the same");
        }
    }
}
