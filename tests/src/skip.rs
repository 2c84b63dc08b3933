//! What could not run says so and is counted as skipped.

use std::io::Write;

/// Says why a test could not run. `run.sh` counts these lines and takes them off the passed ones.
///
/// Written past the capture of the test runner, which would swallow the output of a test that passes.
pub fn skipped(test: &str, why: &str) {
    let line = format!("skipped: {test}: {why}\n");
    std::io::stderr().lock().write_all(line.as_bytes()).unwrap();
}
