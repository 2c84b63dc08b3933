//! Paths, methods and queries that are not what they should be.

use super::{Case, insist};

#[tokio::test]
async fn unknown_paths_are_not_found() {
    let mut cases = Vec::new();
    for path in [
        "/",
        "/api/v2",
        "/api/scans",
        "/api/v1",
        "/api/v1/",
        "/api/v1/scan",
        "/api/v1/Scans",
        "/api/v2/scans",
        "/api/v1/scans/x/y/z",
        "/api/v1/auth",
        "/api/v1/auth/registers",
        "/api/v1/health/x",
        "/scans",
        "/ws",
        "/ws/scans",
        "/api/v1//scans",
        "/api/v1/%73cans%2f",
        "/api/v1/scans%00",
        "/api/v1/../v1/scans",
        "/.git/config",
        "/api/v1/scans/a/results/b",
    ] {
        cases.push(Case::plain(&format!("GET {path}"), 404, "NOT_FOUND"));
    }
    cases.push(Case::json("POST /api/v1/nothing", b"{}", 404, "NOT_FOUND"));
    cases.push(Case::plain("DELETE /api/v1/nothing", 404, "NOT_FOUND"));
    insist(cases).await;
}

#[tokio::test]
async fn ids_that_no_scan_has_are_not_found() {
    let mut cases = Vec::new();
    let long = format!("scan_{}", "a".repeat(3000));
    for id in [
        "scan_",
        "scan_x",
        "x",
        "scan_abc123",
        "SCAN_abcdefghijkl",
        "scan_abcdefghijkl",
        "usr_abcdefghijkl",
        "1",
        "-1",
        "null",
        "scan_%00",
        "scan_%FF%FE",
        "scan_%27%20or%201=1",
        "%2e%2e",
        "00000000-0000-0000-0000-000000000000",
        "scan_\u{2028}",
        &long,
    ] {
        let id = id.replace('\u{2028}', "%E2%80%A8");
        for (method, resource) in
            [("GET", ""), ("GET", "/results"), ("DELETE", ""), ("DELETE", "/results"), ("GET", "/stream")]
        {
            cases.push(Case::plain(&format!("{method} /api/v1/scans/{id}{resource}"), 404, "SCAN_NOT_FOUND"));
        }
    }
    insist(cases).await;
}

#[tokio::test]
async fn ids_that_no_job_has_are_not_found() {
    let long = format!("job_{}", "a".repeat(3000));
    let ids = [
        "job_",
        "job_1",
        "x",
        "scan_x",
        "key_0000000000000000000000",
        "job_0000000000000000000000",
        "%FF",
        &long,
    ];
    let stream = |id: &&str| Case::plain(&format!("GET /api/v1/jobs/{id}/stream"), 404, "NOT_FOUND");
    let socket = |id: &&str| Case::plain(&format!("GET /ws/jobs/{id}"), 404, "NOT_FOUND");
    insist(ids.iter().map(stream).chain(ids.iter().map(socket)).collect()).await;
}

#[tokio::test]
async fn streams_of_what_there_is_not_are_refused() {
    let mut cases = Vec::new();
    for query in [
        "kind=none",
        "kind=scan,none",
        "event=error",
        "event=complete,",
        "event=COMPLETE",
        "kind=scan&kind=scan",
        "event=complete&event=complete",
        "subject=a&subject=b",
        "last_event_id=1&last_event_id=2",
    ] {
        cases.push(Case::plain(&format!("GET /api/v1/events?{query}"), 400, "VALIDATION_ERROR"));
        cases.push(Case::plain(&format!("GET /ws/events?{query}"), 400, "VALIDATION_ERROR"));
    }
    insist(cases).await;
}

#[tokio::test]
async fn ids_that_no_key_has_are_not_found() {
    let long = format!("key_{}", "a".repeat(3000));
    let ids =
        ["key_", "key_1", "x", "scan_abcdefghijkl", "key_0000000000000000000000", "key_%00", "%FF%FE", &long];
    let delete = |id: &str| format!("DELETE /api/v1/auth/keys/{id}");
    insist(ids.iter().map(|id| Case::plain(&delete(id), 404, "NOT_FOUND")).collect()).await;
}

#[tokio::test]
async fn methods_that_a_path_does_not_know_are_not_allowed() {
    let mut cases = Vec::new();
    for (path, methods) in [
        ("/api/v1/scans", vec!["PUT", "PATCH", "DELETE", "TRACE", "BREW"]),
        ("/api/v1/scans/scan_abcdefghijkl", vec!["POST", "PUT", "PATCH"]),
        ("/api/v1/scans/scan_abcdefghijkl/results", vec!["POST", "PUT", "PATCH"]),
        ("/api/v1/scans/scan_abcdefghijkl/stream", vec!["POST", "DELETE"]),
        ("/api/v1/jobs/job_abcdefghijkl/stream", vec!["POST", "DELETE"]),
        ("/api/v1/events", vec!["POST", "PUT", "DELETE"]),
        ("/ws/events", vec!["POST", "DELETE"]),
        ("/api/v1/auth/register", vec!["GET", "PUT", "DELETE"]),
        ("/api/v1/health", vec!["POST", "DELETE"]),
        ("/api/v1/auth/login", vec!["GET", "PUT", "DELETE"]),
        ("/api/v1/auth/logout", vec!["GET", "PUT", "DELETE"]),
        ("/api/v1/auth/keys", vec!["POST", "PUT", "DELETE"]),
        ("/api/v1/auth/keys/key_1", vec!["GET", "POST", "PATCH"]),
        ("/api/v1/auth/rotate", vec!["GET", "PUT", "DELETE"]),
        ("/api/v1/user/profile", vec!["POST", "PATCH", "DELETE"]),
        ("/api/v1/audit", vec!["POST", "DELETE"]),
    ] {
        for method in methods {
            cases.push(Case::plain(&format!("{method} {path}"), 405, "METHOD_NOT_ALLOWED"));
        }
    }
    insist(cases).await;
}

#[tokio::test]
async fn queries_of_lists_with_wrong_values_are_refused() {
    let mut cases = Vec::new();
    for query in [
        "page=0",
        "page=-1",
        "page=x",
        "page=1.5",
        "page=99999999999999999999",
        "per_page=0",
        "per_page=-1",
        "per_page=101",
        "per_page=x",
        "sort=id",
        "sort=created_at;drop",
        "sort=CREATED_AT",
        "order=up",
        "order=DESC%00",
        "status=done",
        "status=RUNNING",
        "status=running,queued",
        "page=1&page=2",
        "status=running&status=queued",
        "sort=created_at&sort=target",
    ] {
        cases.push(Case::plain(&format!("GET /api/v1/scans?{query}"), 400, "VALIDATION_ERROR"));
        // The log takes pages and nothing else.
        cases.push(Case::plain(&format!("GET /api/v1/audit?{query}"), 400, "VALIDATION_ERROR"));
    }
    insist(cases).await;
}
