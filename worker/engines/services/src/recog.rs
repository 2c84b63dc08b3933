//! Fingerprints in the XML format of the recog project, which an operator may put beside the patterns of this crate.
//!
//! A file is `<fingerprints matches="ssh.banner">` with a `<fingerprint pattern="..">` each, whose `<param>`s name
//! what the match tells: `pos="1"` takes a group, `pos="0"` a fixed `value`.

mod fingerprint;
mod text;

use std::{collections::HashMap, fs, path::Path};

pub use self::fingerprint::Coverage;
use self::fingerprint::Fingerprint;
use crate::{Error, finding::Finding};

/// Every fingerprint of a folder.
#[derive(Debug)]
pub struct Recog {
    /// By what they match, such as `ssh.banner`.
    databases: HashMap<String, Vec<Fingerprint>>,
    refused: usize,
}

impl Recog {
    /// Reads every `.xml` file of a folder. Patterns of a kind that is not understood here are left out and
    /// [counted](Self::refused).
    ///
    /// # Errors
    /// `Unreadable` for the folder or a file, `Recog` for a file that is no such XML, or a folder without any.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let unreadable = |source| Error::Unreadable { path: folder.to_owned(), source };
        let mut recog = Self { databases: HashMap::new(), refused: 0 };
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.extension().is_some_and(|extension| extension == "xml") {
                recog.read(&path)?;
            }
        }
        if recog.databases.is_empty() {
            return Err(Error::Recog {
                path: folder.to_owned(),
                what: "no file of fingerprints is in it".to_owned(),
            });
        }
        Ok(recog)
    }

    fn read(&mut self, path: &Path) -> Result<(), Error> {
        let broken = |what: String| Error::Recog { path: path.to_owned(), what };
        let text =
            fs::read_to_string(path).map_err(|source| Error::Unreadable { path: path.to_owned(), source })?;
        let document = roxmltree::Document::parse(&text).map_err(|error| broken(error.to_string()))?;
        let root = document.root_element();
        if !root.has_tag_name("fingerprints") {
            return Err(broken("it has no <fingerprints>".to_owned()));
        }
        // Without that nobody says what they are about, and nothing is looked up there.
        let matches = root.attribute("matches").unwrap_or_default();
        let database = self.databases.entry(matches.to_owned()).or_default();
        for node in root.children().filter(|node| node.has_tag_name("fingerprint")) {
            match Fingerprint::read(node) {
                Ok(fingerprint) => database.push(fingerprint),
                Err(_) => self.refused += 1,
            }
        }
        Ok(())
    }

    /// How many patterns are used.
    #[must_use]
    pub fn patterns(&self) -> usize {
        self.databases.values().map(Vec::len).sum()
    }

    /// How many patterns are left out.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.refused
    }

    /// Tries every fingerprint on its own examples.
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        let mut coverage = Coverage { refused: self.refused, ..Coverage::default() };
        self.databases.values().flatten().for_each(|fingerprint| fingerprint.add_to(&mut coverage));
        coverage
    }

    /// Fills in what a finding does not say yet. What it says stays.
    pub(crate) fn complete(&self, finding: &mut Finding) {
        let Some(service) = &finding.service else { return };
        let texts = text::texts(service, &finding.heard);
        let told = texts.iter().find_map(|(matches, text)| {
            self.databases.get(*matches)?.iter().find_map(|fingerprint| fingerprint.tell(text))
        });
        let Some(told) = told else { return };
        if finding.product.is_none() && told.product.is_some() {
            finding.product.clone_from(&told.product);
            finding.version.clone_from(&told.version);
            finding.cpe.clone_from(&told.cpe);
            finding.confidence = finding.confidence.max(85);
        }
        finding.os = finding.os.take().or(told.os);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recog").join(name)
    }

    fn completed(mut finding: Finding) -> Finding {
        Recog::open(&folder("good")).unwrap().complete(&mut finding);
        finding
    }

    fn shell() -> Finding {
        let heard = b"SSH-2.0-AcmeShell_3.1 on AcmeOS\r\n".to_vec();
        Finding { service: Some("ssh".to_owned()), confidence: 80, heard, ..Finding::default() }
    }

    #[test]
    fn a_product_that_is_not_known_is_filled_in() {
        let finding = completed(shell());
        assert_eq!(
            (finding.product.as_deref(), finding.version.as_deref()),
            (Some("AcmeShell"), Some("3.1"))
        );
        assert_eq!(finding.cpe.as_deref(), Some("cpe:2.3:a:acme:acmeshell:3.1:*:*:*:*:*:*:*"));
        assert_eq!(finding.os.unwrap().name.as_deref(), Some("AcmeOS"));
    }

    #[test]
    fn a_product_that_is_known_stays() {
        let known = Finding { product: Some("OpenSSH".to_owned()), version: None, ..shell() };
        let finding = completed(known);
        assert_eq!((finding.product.as_deref(), finding.version), (Some("OpenSSH"), None));
    }

    #[test]
    fn examples_and_what_is_not_understood_are_counted() {
        let coverage = Recog::open(&folder("good")).unwrap().coverage();
        assert_eq!(coverage, Coverage { patterns: 1, refused: 1, examples: 2, matched: 1 });
    }

    #[test]
    fn a_broken_or_empty_folder_is_an_error_that_names_it() {
        for (name, wanted) in
            [("broken", "sample.xml"), ("missing", "missing"), (".", "no file of fingerprints")]
        {
            let error = Recog::open(&folder(name)).unwrap_err().to_string();
            assert!(error.contains(wanted), "{error}");
        }
    }
}
