//! 0 done, 1 failed, 2 wrong use; and one line that says why.

use serde_json::{Value, json};

use crate::command::{run, scan, start_line, vedette};
use crate::fake::{Fake, header};
use crate::reply::{Reply, complete, event};

async fn refused(reply: Reply) -> (Option<i32>, String) {
    let fake = Fake::start().await.instead("POST", "", reply);
    let ended = run(scan(&fake, &[])).await;
    assert_eq!(ended.output, "");
    (ended.code, ended.errors)
}

async fn ended_as(status: &str, error: &Value) -> (Option<i32>, String) {
    let fake = Fake::start().await.on(
        "GET",
        "/stream",
        Reply::stream([event(1, "complete", &complete(status, error))]),
    );
    let ended = run(scan(&fake, &[])).await;
    assert!(ended.output.contains(&format!("1000 ports scanned in 2.5 s ({status})")), "{}", ended.output);
    let errors = ended.errors.strip_prefix(&start_line(&fake)).expect("the line that names the scan");
    (ended.code, errors.to_owned())
}

#[tokio::test]
async fn a_completed_scan_is_0() {
    assert_eq!(ended_as("completed", &Value::Null).await, (Some(0), String::new()));
}

#[tokio::test]
async fn a_failed_scan_is_1_with_the_servers_message() {
    let error = json!({"code": "SCAN_TIMEOUT", "message": "The time limit of 120 s passed."});
    let line = "error: scan of lab.test: The time limit of 120 s passed\n";
    assert_eq!(ended_as("failed", &error).await, (Some(1), line.into()));
}

#[tokio::test]
async fn a_cancelled_scan_is_1() {
    let line = "error: scan of lab.test: it was cancelled\n";
    assert_eq!(ended_as("cancelled", &Value::Null).await, (Some(1), line.into()));
}

#[tokio::test]
async fn a_target_the_server_cannot_read_is_2() {
    let (code, errors) = refused(Reply::error(400, "INVALID_TARGET", "lab..test is no host name.")).await;
    assert_eq!(code, Some(2));
    assert!(errors.starts_with("error: scan of lab.test: lab..test is no host name (INVALID_TARGET); give "));
    assert_eq!(errors.lines().count(), 1);
}

#[tokio::test]
async fn options_the_server_cannot_read_are_2() {
    let (code, _) = refused(Reply::error(400, "VALIDATION_ERROR", "ports: 70000 is too large")).await;
    assert_eq!(code, Some(2));
}

#[tokio::test]
async fn a_refused_key_is_1_and_names_where_keys_come_from() {
    let (code, errors) = refused(Reply::error(401, "INVALID_API_KEY", "The key is not known.")).await;
    assert_eq!(code, Some(1));
    assert!(errors.contains("; check VEDETTE_KEY or --key-file"), "{errors}");
}

#[tokio::test]
async fn an_answer_of_another_server_is_1() {
    let (code, errors) = refused(Reply::http(200, "text/html", "<h1>It works!</h1>")).await;
    assert_eq!(code, Some(1));
    assert!(errors.contains("not one of a Vedette server"), "{errors}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_1_and_its_cause_is_shown_on_request() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let ended = run(vedette(&["scan", "lab.test", "-v", "--key", "k", "--server", &url])).await;
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.errors.starts_with("error: scan of lab.test: the server cannot be reached (Connection refused")
    );
    assert!(ended.errors.contains("\n  caused by: "), "{}", ended.errors);
}

#[tokio::test]
async fn wrong_use_is_2() {
    for (arguments, text) in [
        (&["scan"][..], "<TARGET>"),
        (&["scan", "a", "--follow", "pigeon"], "pigeon"),
        (&["scan", "a", "--server", "127.0.0.1:8000", "--key", "k"], "address"),
        (&["scan", "a", "--server", "http://127.0.0.1:9"], "no key was given"),
        (&["scan", "a", "--server", "http://127.0.0.1:9", "--key-file", "/nowhere/key"], "/nowhere/key"),
        (&["scan", "a", "--server", "http://127.0.0.1:9", "--key", "a\nb"], "characters"),
    ] {
        let ended = run(vedette(arguments)).await;
        assert_eq!(ended.code, Some(2), "{arguments:?}: {}", ended.errors);
        assert!(ended.errors.contains(text), "{}", ended.errors);
    }
}

#[tokio::test]
async fn the_key_is_sent_as_a_bearer_and_may_come_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, "sk_live_file\n").unwrap();
    let fake = Fake::start().await.on(
        "GET",
        "/stream",
        Reply::stream([event(1, "complete", &complete("completed", &Value::Null))]),
    );
    let ended = run(scan(&fake, &["--key-file", path.to_str().unwrap()])).await;
    assert_eq!(ended.code, Some(0), "{}", ended.errors);
    let heads = fake.requests("");
    assert_eq!(heads.len(), 4);
    for head in heads {
        assert_eq!(header(&head, "authorization").unwrap(), "Bearer sk_live_file", "{head}");
    }
}

#[tokio::test]
async fn help_never_shows_the_key_and_completions_are_printed() {
    let mut help = vedette(&["scan", "--help"]);
    help.env("VEDETTE_KEY", "sk_live_secret");
    let shown = run(help).await;
    assert!(shown.output.contains("VEDETTE_KEY") && !shown.output.contains("sk_live_secret"));
    assert!(run(vedette(&["completions", "bash"])).await.output.contains("complete -F _vedette"));
    assert!(run(vedette(&["--version"])).await.output.starts_with("vedette "));
}
