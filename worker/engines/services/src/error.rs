use std::path::PathBuf;

/// Why no [`Identifier`](crate::Identifier) could be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A line of the data of this crate cannot be read.
    #[error("line {line}: {what}")]
    Data {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
    /// A folder or file of fingerprints cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file of fingerprints is not what it should be.
    #[error("{}: {what}", path.display())]
    Recog {
        /// Which one.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
}
