//! Rows with their columns below each other.

use crate::inert::inert;

/// The lines of a table, its head first; what is empty is `-`.
pub(super) fn lines<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> Vec<String> {
    let cells = |row: &[String; N]| {
        row.each_ref().map(|cell| if cell.is_empty() { "-".to_owned() } else { inert(cell) })
    };
    let all: Vec<[String; N]> =
        std::iter::once(head.map(str::to_owned)).chain(rows.iter().map(cells)).collect();
    let width = |column: usize| {
        all.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let line = |row: &[String; N]| {
        let padded = row.iter().enumerate().map(|(column, cell)| format!("{cell:<0$}", width(column)));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    all.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_their_heads_and_nothing_moves_the_cursor() {
        let row = |one: &str, two: &str| [one.to_owned(), two.to_owned()];
        let told = lines(["ID", "NAME"], &[row("key_1", ""), row("k", "a\u{1b}[2J")]);
        assert_eq!(told, ["ID     NAME", "key_1  -", "k      a\u{fffd}[2J"]);
    }
}
