//! The format of the data files: blocks of `key value` lines with blank lines between; `#` begins a comment.

use crate::Error;

/// One block.
#[derive(Debug)]
pub(crate) struct Block {
    /// The number of its first line.
    pub(crate) line: usize,
    fields: Vec<(&'static str, &'static str)>,
}

impl Block {
    /// Every block of a file.
    pub(crate) fn all(text: &'static str) -> Vec<Self> {
        let mut blocks: Vec<Self> = Vec::new();
        let mut is_open = false;
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.starts_with('#') {
                continue;
            }
            if line.is_empty() {
                is_open = false;
                continue;
            }
            if !is_open {
                blocks.push(Self { line: number, fields: Vec::new() });
                is_open = true;
            }
            let (key, value) = line.split_once(' ').unwrap_or((line, ""));
            if let Some(block) = blocks.last_mut() {
                block.fields.push((key, value.trim_start()));
            }
        }
        blocks
    }

    /// The value of a key that may stand there once.
    pub(crate) fn get(&self, key: &str) -> Option<&'static str> {
        self.each(key).next()
    }

    /// Every value of a key.
    pub(crate) fn each(&self, key: &str) -> impl Iterator<Item = &'static str> {
        self.fields.iter().filter(move |(name, _)| *name == key).map(|(_, value)| *value)
    }

    /// All keys and values, as they follow each other.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.fields.iter().copied()
    }

    /// Refuses keys that mean nothing here.
    pub(crate) fn check(&self, known: &[&str]) -> Result<(), Error> {
        match self.fields.iter().find(|(key, _)| !known.contains(key)) {
            Some((key, _)) => Err(self.error(format!("the key `{key}` means nothing here"))),
            None => Ok(()),
        }
    }

    /// An error that names this block.
    pub(crate) fn error(&self, what: impl Into<String>) -> Error {
        Error::Data { line: self.line, what: what.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_parted_by_blank_lines() {
        let blocks = Block::all("# a comment\na 1\n# another\nb  2 3\n\n\nc\na x\na y\n");
        assert_eq!((blocks.len(), blocks[0].line, blocks[1].line), (2, 2, 7));
        assert_eq!(
            (blocks[0].get("a"), blocks[0].get("b"), blocks[1].get("c")),
            (Some("1"), Some("2 3"), Some(""))
        );
        assert_eq!(blocks[1].each("a").collect::<Vec<_>>(), ["x", "y"]);
        assert!(
            blocks[1].check(&["a"]).is_err_and(|error| error.to_string().contains("line 7: the key `c`"))
        );
    }
}
