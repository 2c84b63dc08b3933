//! Tables, columns and indexes as the migrations of one database make them.

use std::collections::BTreeSet;

use crate::place::checkout;

/// Words that begin a line of a table without being a column.
const CONSTRAINTS: [&str; 5] = ["primary", "unique", "foreign", "check", "constraint"];

/// What the migrations of one database make.
#[derive(Debug, Default)]
pub struct Schema {
    /// The names of the files.
    pub files: BTreeSet<String>,
    /// Every column as `table.column`.
    pub columns: BTreeSet<String>,
    /// The first line of every index, without its condition.
    pub indexes: BTreeSet<String>,
}

impl Schema {
    /// Reads the migrations of `sqlite` or `postgres`.
    ///
    /// # Panics
    /// When there are none.
    #[must_use]
    pub fn of(database: &str) -> Schema {
        let mut schema = Schema::default();
        for entry in std::fs::read_dir(checkout().join("migrations").join(database)).unwrap() {
            let path = entry.unwrap().path();
            schema.files.insert(path.file_name().unwrap().to_string_lossy().into_owned());
            schema.read(&std::fs::read_to_string(path).unwrap());
        }
        schema
    }

    fn read(&mut self, text: &str) {
        let mut table = None;
        for line in text.lines().map(without_comment).filter(|line| !line.is_empty()) {
            let lower = line.to_lowercase();
            if let Some(name) = lower.strip_prefix("create table ") {
                table = Some(first_word(name).to_owned());
            } else if lower.starts_with("create index ") || lower.starts_with("create unique index ") {
                self.indexes.insert(lower.split(" where ").next().unwrap().trim_end_matches(';').to_owned());
            } else if let Some(addition) = lower.strip_prefix("alter table ") {
                self.read_addition(addition);
            } else if line.starts_with(')') {
                table = None;
            } else if let Some(table) = table.as_ref().filter(|_| !CONSTRAINTS.contains(&first_word(&lower)))
            {
                self.columns.insert(format!("{table}.{}", first_word(&lower)));
            }
        }
    }

    fn read_addition(&mut self, addition: &str) {
        if let Some((table, column)) = addition.split_once(" add column ") {
            self.columns.insert(format!("{}.{}", table.trim(), first_word(column)));
        }
    }
}

fn without_comment(line: &str) -> &str {
    line.split("--").next().unwrap_or_default().trim()
}

fn first_word(text: &str) -> &str {
    text.split([' ', '(']).next().unwrap_or_default()
}
