//! The list behind `top-N`.

use std::sync::LazyLock;

/// Where the list comes from is said in the header of the file.
const TEXT: &str = include_str!("top.txt");

static PORTS: LazyLock<Vec<u16>> = LazyLock::new(|| {
    let lines = TEXT.lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(str::split_whitespace).filter_map(|word| word.parse().ok()).collect()
});

/// The first `count` ports of the list of 1000, most useful first.
pub(super) fn first(count: usize) -> &'static [u16] {
    PORTS.get(..count).unwrap_or(&PORTS)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_list_has_a_thousand_distinct_ports() {
        let distinct: HashSet<u16> = PORTS.iter().copied().filter(|port| *port != 0).collect();
        assert_eq!((PORTS.len(), distinct.len()), (1000, 1000));
    }

    #[test]
    fn every_word_of_the_file_is_a_port() {
        let words = TEXT.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace);
        assert_eq!(words.count(), PORTS.len());
    }

    #[test]
    fn the_usual_suspects_come_in_the_first_hundred() {
        let usual = [
            21, 22, 23, 25, 53, 80, 110, 111, 135, 139, 143, 389, 443, 445, 465, 587, 636, 993, 995, 1433,
            1521, 2049, 2375, 2379, 3000, 3306, 3389, 5432, 5672, 5900, 6379, 6443, 8000, 8080, 8443, 9090,
            9200, 9092, 10250, 11211, 27017,
        ];
        let missing: Vec<u16> = usual.into_iter().filter(|port| !first(100).contains(port)).collect();
        assert_eq!(missing, Vec::<u16>::new());
    }
}
