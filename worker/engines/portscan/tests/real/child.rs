//! Tests that need a process of their own: this test binary, started again for one of them.

use std::{env, process::Command};

/// What a shell does in the end: become the test, given as its arguments.
const BECOME_THE_TEST: &str = r#"exec "$0" "$@""#;

/// Set for the process that a test starts of itself.
const IS_CHILD: &str = "PORTSCAN_TEST_IS_CHILD";
/// Set for one in a network of its own.
const IS_ALONE: &str = "PORTSCAN_TEST_IS_ALONE";

/// Runs `body` in a process of its own: the calling test, named `name`, again, in a shell that did `preparation`.
pub(crate) fn run(preparation: &str, name: &str, body: fn()) {
    if is_child() {
        body();
    } else {
        run_script(&format!("{preparation}; {BECOME_THE_TEST}"), name);
    }
}

/// Whether this is the process that a test started of itself.
pub(crate) fn is_child() -> bool {
    env::var_os(IS_CHILD).is_some()
}

/// Whether nothing listens here but what the test has begun.
pub(crate) fn is_alone() -> bool {
    env::var_os(IS_ALONE).is_some()
}

/// Starts the test `name` again in a network namespace with nothing in it but loopback, where this machine allows that;
/// `false` if not.
pub(crate) fn run_in_empty_network(name: &str) -> bool {
    let loopback_up = "ip link set lo up";
    let allowed = Command::new("unshare").args(["-rn", "sh", "-c", loopback_up]).output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        return false;
    }
    let inside = format!("{loopback_up} && export {IS_ALONE}=1 && {BECOME_THE_TEST}");
    run_script(&format!(r#"exec unshare -rn sh -c '{inside}' "$0" "$@""#), name);
    true
}

/// Starts the test `name` again as somebody with no rights over this machine's network, where this machine allows to
/// become that; `false` if not.
pub(crate) fn run_without_rights(name: &str) -> bool {
    let allowed = Command::new("unshare").args(["-r", "true"]).output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        return false;
    }
    run_script(r#"exec unshare -r "$0" "$@""#, name);
    true
}

fn run_script(script: &str, name: &str) {
    let program = env::current_exe().expect("this test is a file");
    let mut command = Command::new("sh");
    command.arg("-c").arg(script).arg(program).args(["--exact", name, "--nocapture"]).env(IS_CHILD, "1");
    let output = command.output().expect("sh starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("1 passed"), "no test of that name: {text}");
}
