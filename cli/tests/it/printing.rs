//! What goes to standard output, byte for byte.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};

use crate::command::{run, scan, start_line};
use crate::fake::{Fake, header};
use crate::reply::{Part, Reply, complete, event, port, results};

fn last() -> Part {
    event(9, "complete", &complete("completed", &Value::Null))
}

#[tokio::test]
async fn the_table_grows_as_ports_are_found_and_ends_with_a_summary() {
    let events = [
        event(1, "status", &json!({"status": "running"})),
        event(2, "port_found", &port(22, "ssh")),
        event(3, "port_found", &port(443, "https")),
        last(),
    ];
    let fake = Fake::start().await.on("GET", "/stream", Reply::stream(events));
    let ended = run(scan(&fake, &[])).await;
    let expected = "\
ADDRESS           PORT  PROTO  STATE     SERVICE         HOST      VERSION
192.0.2.1           22  tcp    open      ssh             lab.test
192.0.2.1          443  tcp    open      https           lab.test

lab.test (1 address): 1000 ports scanned in 2.5 s (completed)
2 open, 990 closed, 8 filtered
";
    assert_eq!(
        (ended.output.as_str(), ended.errors.as_str(), ended.code),
        (expected, start_line(&fake).as_str(), Some(0))
    );
}

#[tokio::test]
async fn a_host_without_an_address_is_told_at_once_and_in_the_summary() {
    let warning =
        json!({"code": "UNRESOLVED_HOST", "message": "gone.test has no address", "host": "gone.test"});
    let mut document = results();
    document["warnings"] = json!([warning]);
    for (arguments, errors) in
        [(&[][..], "vedette: warning: gone.test has no address; the rest is scanned\n"), (&["--json"], "")]
    {
        let events = [event(3, "warning", &warning), last()];
        let fake = Fake::start().await.on("GET", "/stream", Reply::stream(events)).instead(
            "GET",
            "/results",
            Reply::data(200, &document),
        );
        let ended = run(scan(&fake, arguments)).await;
        assert_eq!(ended.code, Some(0), "{}", ended.errors);
        assert!(ended.errors.ends_with(errors), "{}", ended.errors);
        assert!(ended.output.contains("gone.test"), "{}", ended.output);
        assert!(
            !arguments.is_empty() || ended.output.ends_with("\nnot scanned: gone.test\n"),
            "{}",
            ended.output
        );
    }
}

#[tokio::test]
async fn a_warning_of_another_kind_is_told_as_it_is() {
    let warning =
        json!({"code": "ICMP_LIMITED", "message": "a host limits its ICMP errors", "host": "192.0.2.1"});
    let mut document = results();
    document["warnings"] = json!([warning]);
    let fake =
        Fake::start().await.on("GET", "/stream", Reply::stream([event(3, "warning", &warning), last()]));
    let ended = run(scan(&fake.instead("GET", "/results", Reply::data(200, &document)), &[])).await;
    assert!(ended.errors.ends_with("vedette: warning: a host limits its ICMP errors\n"), "{}", ended.errors);
    assert!(!ended.output.contains("not scanned"), "{}", ended.output);
}

#[tokio::test]
async fn a_server_without_a_worker_is_warned_of() {
    for (worker, warned) in [("missing", true), ("healthy", false)] {
        let health = json!({"status": "degraded", "components": {"worker": worker}});
        let fake = Fake::start().await.on("GET", "/stream", Reply::stream([last()])).on(
            "GET",
            "/health",
            Reply::data(200, &health),
        );
        let ended = run(scan(&fake, &[])).await;
        assert_eq!(ended.code, Some(0));
        assert_eq!(ended.errors.contains("no worker is running"), warned, "{}", ended.errors);
    }
}

#[tokio::test]
async fn a_port_is_printed_while_the_scan_goes_on() {
    let events = [event(2, "port_found", &port(22, "ssh")), Part::Until("DELETE")];
    let fake = Fake::start().await.on("GET", "/stream", Reply::stream(events));
    let mut child = scan(&fake, &[]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next_line().await.unwrap().unwrap().starts_with("ADDRESS"));
    assert!(lines.next_line().await.unwrap().unwrap().contains(" 22  tcp"));
    child.kill().await.unwrap();
}

#[tokio::test]
async fn json_is_one_object_a_line_and_the_results_come_last() {
    let hostile = json!({"port": 22, "banner": "a\u{9b}2J\u{1b}[2J\nb"});
    let events = [event(1, "novelty", &json!({"x": [1.5]})), event(2, "port_found", &hostile), last()];
    let fake = Fake::start().await.on("GET", "/stream", Reply::stream(events));
    let ended = run(scan(&fake, &["--json"])).await;
    assert_eq!(ended.errors, "");
    assert!(
        ended.output.bytes().all(|byte| byte == b'\n' || (b' '..0x7f).contains(&byte)),
        "{}",
        ended.output
    );
    let lines = ended.lines();
    assert_eq!(lines[0], json!({"event": "novelty", "id": 1, "data": {"x": [1.5]}}));
    assert_eq!(lines[1], json!({"event": "port_found", "id": 2, "data": hostile}));
    assert_eq!(lines[3], json!({"event": "result", "data": results()}));
    assert_eq!(lines.len(), 4);
}

#[tokio::test]
async fn the_request_says_what_the_arguments_said() {
    let fake = Fake::start().await.on("GET", "/stream", Reply::stream([last()]));
    let arguments = [
        "--ports",
        "top-1000",
        "--fast",
        "--ssl-check",
        "--type",
        "tcp",
        "--engine",
        "syn",
        "--rate",
        "500",
        "--discovery",
        "off",
    ];
    assert_eq!(run(scan(&fake, &arguments)).await.code, Some(0));
    let request = fake.requests("POST /api/v1/scans ").remove(0);
    let (_, body) = request.split_once("\r\n\r\n").unwrap();
    let options = json!({
        "os_detection": false, "service_detection": false, "ssl_check": true, "fast_mode": true,
        "engine": "syn", "rate": 500, "discovery": "off",
    });
    let expected = json!({"target": "lab.test", "scan_type": "tcp", "ports": "top-1000", "options": options});
    assert_eq!(serde_json::from_str::<Value>(body).unwrap(), expected);
    let stream = fake.requests("GET /api/v1/scans/scan_Q8m2Zt4LxA0p/stream").remove(0);
    assert_eq!(header(&stream, "accept").unwrap(), "text/event-stream");
}

#[tokio::test]
async fn a_reader_that_leaves_ends_the_scan_quietly() {
    let events = [
        event(1, "port_found", &port(22, "ssh")),
        Part::Until("DELETE"),
        event(2, "port_found", &port(80, "http")),
    ];
    let fake = Fake::start().await.on("GET", "/stream", Reply::stream(events)).on(
        "DELETE",
        "",
        Reply::data(200, &json!({})),
    );
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = scan(&fake, &[]);
    command.stdout(Stdio::from(writer));
    let mut child = command.spawn().unwrap();
    drop(command);
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).await.unwrap();
    assert_eq!((child.wait().await.unwrap().code(), errors), (Some(0), start_line(&fake)));
    assert_eq!(fake.requests("DELETE ").len(), 1);
}
