//! Ctrl-C: the first asks, the second leaves.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;
use tokio::time::timeout;

use crate::command::scan;
use crate::fake::Fake;
use crate::reply::{Part, Reply, SCAN, complete, event, port};

/// Within which everything here has to end.
const SOON: Duration = Duration::from_secs(15);

fn send(child: &Child, signal: Signal) {
    let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw).unwrap();
    kill_process(id, signal).unwrap();
}

async fn end(child: Child) -> (Option<i32>, String, String) {
    let output = timeout(SOON, child.wait_with_output()).await.expect("it does not end").unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// A scan that finds a port and then waits to be cancelled.
async fn patient() -> Fake {
    let cancelled =
        complete("cancelled", &json!({"code": "SCAN_CANCELLED", "message": "Cancelled on request."}));
    let events =
        [event(1, "port_found", &port(22, "ssh")), Part::Until("DELETE"), event(2, "complete", &cancelled)];
    Fake::start()
        .await
        .on("GET", "/stream", Reply::stream(events))
        .on("DELETE", "", Reply::data(200, &json!({"status": "cancelled"})))
        .instead("GET", "/results", Reply::error(409, "SCAN_NOT_READY", "There are no results."))
}

#[tokio::test]
async fn the_first_signal_cancels_and_shows_what_was_found() {
    for signal in [Signal::INT, Signal::TERM] {
        let fake = patient().await;
        let child = scan(&fake, &[]).spawn().unwrap();
        fake.asked("GET").await;
        send(&child, signal);
        let (code, output, errors) = end(child).await;
        assert_eq!(code, Some(1));
        assert!(
            output.contains(" 22  tcp") && output.contains("1000 ports scanned in 2.5 s (cancelled)"),
            "{output}"
        );
        assert!(errors.ends_with("error: scan of lab.test: Cancelled on request\n"), "{errors}");
        assert_eq!(fake.requests("DELETE ").len(), 1);
    }
}

#[tokio::test]
async fn a_signal_before_the_scan_has_a_name_cancels_it_as_soon_as_it_has() {
    let Reply::Http(mut parts) = Reply::created() else { panic!("it is HTTP") };
    parts.insert(0, Part::Pause(Duration::from_millis(700)));
    let fake = patient().await.instead("POST", "", Reply::Http(parts));
    let child = scan(&fake, &[]).spawn().unwrap();
    fake.asked("POST").await;
    send(&child, Signal::INT);
    let (code, _, errors) = end(child).await;
    assert_eq!(code, Some(1));
    assert!(errors.contains("cancelling as soon as the server names the scan"), "{errors}");
    assert_eq!(fake.requests("DELETE ").len(), 1);
}

#[tokio::test]
async fn the_second_signal_leaves_at_once() {
    let fake = patient().await.instead("DELETE", "", Reply::Http(vec![Part::Until("NEVER")]));
    let child = scan(&fake, &[]).spawn().unwrap();
    fake.asked("GET").await;
    send(&child, Signal::INT);
    fake.asked("DELETE").await;
    send(&child, Signal::INT);
    let (code, _, errors) = end(child).await;
    assert_eq!(code, Some(130));
    let scans = format!("{}/api/v1/scans", fake.url);
    assert!(errors.contains(&format!("{SCAN} may still be running on the server")), "{errors}");
    assert!(errors.contains(&format!("$VEDETTE_KEY\" {scans}/{SCAN}\n")), "{errors}");
    assert!(!errors.contains("sk_live"), "{errors}");
}

#[tokio::test]
async fn the_second_signal_before_the_scan_has_a_name_says_where_to_look() {
    let fake = patient().await.instead("POST", "", Reply::Http(vec![Part::Until("NEVER")]));
    let child = scan(&fake, &[]).spawn().unwrap();
    fake.asked("POST").await;
    send(&child, Signal::INT);
    // The second of two equal signals that come at once would be lost.
    let mut child = child;
    let mut lines = BufReader::new(child.stderr.as_mut().unwrap()).lines();
    assert!(lines.next_line().await.unwrap().unwrap().contains("Ctrl-C again leaves at once"));
    send(&child, Signal::INT);
    let (code, _, errors) = end(child).await;
    assert_eq!(code, Some(130));
    assert!(errors.contains("the server may have begun the scan; list your scans with: "), "{errors}");
}

#[tokio::test]
async fn a_server_that_does_not_confirm_is_waited_for_a_few_seconds_only() {
    let events = [event(1, "port_found", &port(22, "ssh")), Part::Until("NEVER")];
    let fake = patient().await.instead("GET", "/stream", Reply::stream(events)).on(
        "GET",
        "",
        Reply::data(200, &json!({"status": "running", "error": Value::Null})),
    );
    let child = scan(&fake, &[]).spawn().unwrap();
    fake.asked("GET").await;
    send(&child, Signal::INT);
    let (code, output, errors) = end(child).await;
    assert_eq!(code, Some(1));
    assert!(output.contains(" 22  tcp") && output.contains("(unconfirmed)"), "{output}");
    assert!(errors.contains("did not confirm that it was cancelled; see how scan_"), "{errors}");
}
