//! The key the server knows us by.

use std::fmt;
use std::io::Read as _;
use std::path::Path;

use reqwest::header::HeaderValue;

use crate::arguments::ScanArgs;
use crate::failure::Failure;

/// An API key, ready to be sent; never shown.
#[derive(Clone)]
pub(crate) struct Key(HeaderValue);

impl Key {
    /// Checks that the text can stand in a header.
    ///
    /// # Errors
    /// Misuse, when the key is empty or holds characters no key has.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let wanted = "reading the key";
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(Failure::misuse(wanted, "it is empty").advise("give the whole key"));
        }
        let mut value = HeaderValue::from_str(&format!("Bearer {trimmed}"))
            .map_err(|_| Failure::misuse(wanted, "it holds characters no key has"))?;
        value.set_sensitive(true);
        Ok(Self(value))
    }

    /// The key for a named server: from `--key-file` when given, else from `--key` or its variable.
    ///
    /// # Errors
    /// Misuse, when there is none, or it cannot be read.
    pub(crate) fn of(arguments: &ScanArgs) -> Result<Self, Failure> {
        if let Some(path) = &arguments.key_file {
            return Self::parse(&read(path)?);
        }
        let Some(key) = &arguments.key else {
            return Err(Failure::misuse("signing in to the server", "no key was given")
                .advise("set VEDETTE_KEY, or name a file with --key-file (`-` reads standard input)"));
        };
        Self::parse(key)
    }

    /// The value of the `Authorization` header.
    pub(crate) fn authorization(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Key(..)")
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    let text = if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    text.map_err(|error| {
        Failure::misuse(format!("reading the key from {}", path.display()), error.to_string())
            .advise("check --key-file")
    })
}
