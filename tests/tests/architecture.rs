//! The rules of the architecture: who may name whom, how large files may be, what is not written at all.
#![cfg(test)]

use std::collections::BTreeSet;

use vedette_tests::place::checkout;
use vedette_tests::schema::Schema;
use vedette_tests::source::{Source, dependencies};

/// A crate, and the only places whose code may name it.
const FENCED: [(&str, &[&str]); 8] = [
    ("sqlx", &["shared/src/store", "shared/tests/contract/database.rs"]),
    ("redis", &["shared/src/bell", "shared/src/limit", "worker/src/runner", "worker/src/doorbell"]),
    ("apalis", &["shared/src/bell", "worker/src/runner", "worker/src/doorbell"]),
    ("apalis_core", &["shared/src/bell", "worker/src/runner", "worker/src/doorbell"]),
    ("apalis_cron", &["shared/src/bell", "worker/src/runner", "worker/src/doorbell"]),
    ("axum", &["api/"]),
    ("axum_extra", &["api/"]),
    ("tower_http", &["api/"]),
];

/// A crate of ours, and those of ours that it may import.
const IMPORTS: [(&str, &[&str]); 10] = [
    ("shared", &[]),
    ("worker/engines/portscan", &[]),
    ("worker/engines/services", &[]),
    ("worker/engines/tlscheck", &[]),
    ("worker", &["shared", "portscan", "services"]),
    ("api", &["shared"]),
    ("cli", &["shared", "worker", "api"]),
    ("tests", &[]),
    ("tests/link-emulator", &[]),
    ("bench", &["shared", "worker", "portscan"]),
];

const OURS: [&str; 10] = [
    "shared",
    "worker",
    "api",
    "portscan",
    "services",
    "tlscheck",
    "link-emulator",
    "vedette",
    "vedette-tests",
    "vedette-bench",
];

#[test]
fn each_crate_is_named_only_where_it_belongs() {
    let mut strays = Vec::new();
    let rig =
        |path: &str| path.starts_with("tests/") || path.starts_with("bench/") || path.contains("/tests/");
    let product = |source: &&Source| !rig(&source.path);
    for source in Source::all().iter().filter(product) {
        for (name, places) in FENCED {
            if !places.iter().any(|place| source.path.starts_with(place)) {
                strays.extend(source.uses_of(name));
            }
        }
    }
    assert!(strays.is_empty(), "{}", strays.join("\n"));
}

#[test]
fn imports_run_one_way() {
    for (name, allowed) in IMPORTS {
        let imported = dependencies(&format!("{name}/Cargo.toml"));
        let ours = imported.iter().filter(|dependency| OURS.contains(&dependency.as_str()));
        let wrong: Vec<_> = ours.filter(|dependency| !allowed.contains(&dependency.as_str())).collect();
        assert!(wrong.is_empty(), "{name} imports {wrong:?}");
    }
}

#[test]
fn every_member_of_the_workspace_has_its_rule_and_the_lints() {
    let manifest = std::fs::read_to_string(checkout().join("Cargo.toml")).unwrap();
    let members = manifest.lines().find(|line| line.starts_with("members")).unwrap();
    let named: BTreeSet<&str> = members.split('"').skip(1).step_by(2).collect();
    assert_eq!(named, IMPORTS.iter().map(|(name, _)| *name).collect(), "a new member needs a rule here");
    for member in named {
        let text = std::fs::read_to_string(checkout().join(member).join("Cargo.toml")).unwrap();
        assert!(text.contains("[lints]\nworkspace = true"), "{member} takes the lints of the workspace");
    }
}

#[test]
fn no_dialect_imports_another() {
    let sources = Source::all();
    let dialect = |source: &Source| {
        source.path.strip_prefix("api/src/")?.strip_suffix("/problem.rs").map(str::to_owned)
    };
    let dialects: Vec<String> = sources.iter().filter_map(dialect).collect();
    assert!(!dialects.is_empty(), "a dialect has a problem.rs");
    for source in &sources {
        for other in &dialects {
            let at_home = dialects.iter().find(|home| source.path.starts_with(&format!("api/src/{home}/")));
            let imports = source.text.contains(&format!("crate::{other}::"));
            assert!(at_home.is_none_or(|home| home == other) || !imports, "{} imports {other}", source.path);
        }
    }
}

#[test]
fn storage_has_exactly_two_macros() {
    let sources = Source::all();
    let storage = sources.iter().filter(|source| source.path.starts_with("shared/src/store"));
    let macros: usize = storage.map(|source| source.text.matches("macro_rules! ").count()).sum();
    assert_eq!(macros, 2);
}

#[test]
fn no_file_has_a_name_that_says_nothing() {
    let empty = ["mod", "util", "utils", "helper", "helpers", "common", "types", "manager", "misc"];
    for source in Source::all() {
        let stem = source.path.rsplit('/').next().unwrap().trim_end_matches(".rs").to_owned();
        assert!(!empty.contains(&stem.as_str()), "{}", source.path);
        let folder = source.path.split('/').find(|folder| empty.contains(folder));
        assert_eq!(folder, None, "{}", source.path);
    }
}

#[test]
fn files_keep_to_their_size() {
    let mut lengths: Vec<usize> = Vec::new();
    for source in Source::all() {
        assert!(source.length() <= 400, "{} has {} lines", source.path, source.length());
        lengths.push(source.length());
    }
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(median <= 120, "the median file has {median} lines");
}

#[test]
fn functions_keep_to_their_size_by_lint() {
    let thresholds = std::fs::read_to_string(checkout().join("clippy.toml")).unwrap();
    for line in [
        "too-many-lines-threshold = 60",
        "too-many-arguments-threshold = 5",
        "excessive-nesting-threshold = 4",
    ] {
        assert!(thresholds.contains(line), "{line}");
    }
    for source in Source::all().iter().filter(|source| !source.path.ends_with("architecture.rs")) {
        for lint in ["too_many_lines", "too_many_arguments", "excessive_nesting"] {
            assert!(!source.text.contains(lint), "{} lifts {lint}", source.path);
        }
    }
}

#[test]
fn nothing_is_left_to_do() {
    let marks = ["todo!", "unimplemented!", "FIXME", "XXX", "TODO"];
    for source in Source::all().iter().filter(|source| !source.path.ends_with("architecture.rs")) {
        for mark in marks {
            assert!(!source.text.contains(mark), "{} has {mark}", source.path);
        }
    }
}

#[test]
fn both_databases_have_the_same_numbers_tables_and_columns() {
    let (sqlite, postgres) = (Schema::of("sqlite"), Schema::of("postgres"));
    assert_eq!(sqlite.files, postgres.files, "the same migrations");
    assert!(sqlite.columns.len() > 20, "the columns were read: {sqlite:?}");
    assert_eq!(sqlite.columns, postgres.columns, "the same columns of the same tables");
    assert_eq!(sqlite.indexes, postgres.indexes, "the same indexes");
}
