//! What is looked at when a service ends: no job left over, no secret in a log file.

use crate::deployment::SECRET_KEY;
use crate::raw;
use crate::service::{TestService, USER_PASSWORD};
use crate::{postgres, redis};

/// How much of each log a failed test shows.
const SHOWN: usize = 6000;

/// Shows the logs of a test that fails; else checks what a good end leaves behind.
pub(crate) fn check(service: &mut TestService) {
    if std::thread::panicking() {
        show_logs(service);
        return;
    }
    let left = if service.may_leave_jobs { Vec::new() } else { jobs_left(service) };
    let leaks = leaks(service);
    if !left.is_empty() || !leaks.is_empty() {
        show_logs(service);
    }
    assert!(left.is_empty(), "jobs were left over: {left:?}");
    assert!(leaks.is_empty(), "secrets stand in log files: {leaks:?}");
}

fn show_logs(service: &TestService) {
    for (name, log) in service.logs() {
        let from = log.len().saturating_sub(SHOWN);
        let tail = log.get(log.ceil_char_boundary(from)..).unwrap_or_default();
        eprintln!("==== {name} ====\n{tail}");
    }
}

/// Asks for the unfinished scans of everyone the test knows. Plain sockets: a drop cannot await.
fn jobs_left(service: &TestService) -> Vec<String> {
    let keys = service.keys.lock().unwrap();
    let unfinished = |key: &String| {
        let ask = |status| raw::get(service.address(), &format!("/api/v1/scans?status={status}"), key);
        [ask("queued"), ask("running")]
    };
    let answers = keys.iter().flat_map(unfinished).filter(|answer| answer.status == 200);
    let scans =
        answers.flat_map(|answer| answer.body["data"]["scans"].as_array().cloned().unwrap_or_default());
    scans.map(|scan| scan.to_string()).collect()
}

/// Every secret the service was given or gave out, looked for in every log.
fn leaks(service: &TestService) -> Vec<String> {
    let keys = service.keys.lock().unwrap();
    let known = [SECRET_KEY, USER_PASSWORD, postgres::PASSWORD, redis::PASSWORD].map(str::to_owned);
    let secrets: Vec<String> = keys.iter().cloned().chain(known).collect();
    let logs = service.logs();
    let all = logs.iter().flat_map(|(_, log)| log.lines());
    all.filter(|line| secrets.iter().any(|secret| line.contains(secret))).map(str::to_owned).collect()
}
