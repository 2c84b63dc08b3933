//! The source files of the checkout, for the rules of its architecture.

use std::path::{Path, PathBuf};

use crate::place::checkout;

/// The folders that hold Rust.
const ROOMS: [&str; 6] = ["shared", "worker", "api", "cli", "tests", "bench"];

/// One file of Rust.
#[derive(Debug)]
pub struct Source {
    /// Its path from the root of the checkout, with `/` between.
    pub path: String,
    /// Its text.
    pub text: String,
}

impl Source {
    /// Every Rust file of the workspace.
    ///
    /// # Panics
    /// When one is not text.
    #[must_use]
    pub fn all() -> Vec<Source> {
        let mut paths = Vec::new();
        for room in ROOMS {
            collect(&checkout().join(room), &mut paths);
        }
        paths.sort();
        let read = |path: &PathBuf| {
            let relative = path.strip_prefix(checkout()).unwrap().to_string_lossy().into_owned();
            Source { path: relative, text: std::fs::read_to_string(path).unwrap() }
        };
        paths.iter().map(read).collect()
    }

    /// The lines that are code, with their numbers: comments are left out.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
        lines.filter(|(_, line)| !line.starts_with("//"))
    }

    /// The places whose code names a crate, as `path:line`.
    #[must_use]
    pub fn uses_of(&self, name: &str) -> Vec<String> {
        let hits = self.code().filter(|(_, line)| names_crate(line, name));
        hits.map(|(number, _)| format!("{}:{number} names {name}", self.path)).collect()
    }

    /// How many lines it has.
    #[must_use]
    pub fn length(&self) -> usize {
        self.text.lines().count()
    }
}

/// The names of the crates that a manifest depends on to be built; those of its tests are left out.
///
/// # Panics
/// When there is no such manifest.
#[must_use]
pub fn dependencies(manifest: &str) -> Vec<String> {
    let text = std::fs::read_to_string(checkout().join(manifest)).unwrap();
    let lines = text.lines().skip_while(|line| *line != "[dependencies]").skip(1);
    let section = lines.take_while(|line| !line.starts_with('['));
    let names = section.map(|line| line.split(['.', ' ', '=']).next().unwrap_or_default().to_owned());
    names.filter(|name| !name.is_empty() && !name.starts_with('#')).collect()
}

/// Whether a line has `name::` or `use name` as a path of its own, not as the end of another word.
fn names_crate(line: &str, name: &str) -> bool {
    let called = format!("{name}::");
    let path = line.match_indices(&called).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().last());
        !before.is_some_and(|sign| sign.is_alphanumeric() || sign == '_' || sign == ':')
    });
    path || line == format!("use {name};") || line.starts_with(&format!("use {name} as"))
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() && name != "target" && name != "node_modules" && name != "python_modules" {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}
