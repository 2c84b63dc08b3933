//! What could not run says so, past the capture of the test runner, and is counted as skipped by `tests/run.sh`.

use std::io::Write;

pub(crate) fn skipped(test: &str, why: &str) {
    let line = format!("skipped: {test}: {why}\n");
    std::io::stderr().lock().write_all(line.as_bytes()).expect("standard error takes it");
}
