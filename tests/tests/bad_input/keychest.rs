//! The KeyChest API.

use serde_json::json;

use super::Said::{Error, Fields};
use super::{Case, insist};

const CLAIM: &str = "POST /api/v1.0/access/claim";
const KEY: &str = "0123456789abcdef";
const FORM: &str = "content-type: application/x-www-form-urlencoded\r\n";

#[tokio::test]
async fn claims_with_wrong_values_are_refused() {
    let mut cases = Vec::new();
    for email in
        ["", "ada", "@example.net", "ada@", "a@@b.c", "[email protected]", "a b@c.d", "a@b..c", "a@b\r\n.c"]
    {
        let body = json!({ "email": email, "api_key": KEY }).to_string();
        cases.push(Case::json(CLAIM, body.as_bytes(), 422, Fields(&["email"])));
    }
    for email in [json!(null), json!(7), json!(true), json!(["a@b.c"]), json!({})] {
        let body = json!({ "email": email, "api_key": KEY }).to_string();
        cases.push(Case::json(CLAIM, body.as_bytes(), 422, Fields(&["email"])));
    }
    let long = "x".repeat(65);
    for key in
        ["", "0123456789abcde", "0123456789abcde_", "0123456789abcde ", "sk_live_0123456789abcdef", &long]
    {
        let body = json!({ "email": "a@b.c", "api_key": key }).to_string();
        cases.push(Case::json(CLAIM, body.as_bytes(), 422, Fields(&["api_key"])));
    }
    for key in [json!(null), json!(1_234_567_890_123_456_u64), json!([KEY])] {
        let body = json!({ "email": "a@b.c", "api_key": key }).to_string();
        cases.push(Case::json(CLAIM, body.as_bytes(), 422, Fields(&["api_key"])));
    }
    insist(cases).await;
}

#[tokio::test]
async fn bodies_that_are_no_claim_at_all_are_refused() {
    let mut cases = Vec::new();
    let deep = "[".repeat(20_000);
    for body in ["", " ", "null", "[]", "7", "{", "{\"email\"}", "NaN", &deep, "{} {}"] {
        cases.push(Case::json(CLAIM, body.as_bytes(), 422, Fields(&["body"])));
    }
    cases.push(Case::json(CLAIM, b"{}", 422, Fields(&["api_key", "email"])));
    cases.push(Case::json(CLAIM, b"{\"email\":\"a@b.c\",\"email\":\"a@b.c\"}", 422, Fields(&["body"])));
    cases.push(Case::with_headers(CLAIM, FORM, b"", (422, Fields(&["api_key", "email"]))));
    cases.push(Case::with_headers(
        CLAIM,
        FORM,
        b"email=%FF%FE&api_key",
        (422, Fields(&["api_key", "email"])),
    ));
    let long = [b"{\"email\":\"".to_vec(), vec![b'x'; 64 * 1024], b"\"}".to_vec()].concat();
    cases.push(Case::json(CLAIM, &long, 413, Error));
    cases.push(Case::with_headers(CLAIM, FORM, &long, (413, Error)));
    for kind in ["text/plain", "multipart/form-data; boundary=x", "json", "application/jsonp", ""] {
        let header = format!("content-type: {kind}\r\n");
        cases.push(Case::with_headers(CLAIM, &header, b"{}", (415, Error)));
    }
    cases.push(Case::with_headers(CLAIM, "", b"{}", (415, Error)));
    insist(cases).await;
}

#[tokio::test]
async fn paths_and_methods_that_are_not_there_are_refused() {
    let mut cases = Vec::new();
    for path in [
        "/api/v1.0/",
        "/api/v1.0/users",
        "/api/v1.0//user",
        "/api/v1.0/access/claim/a@b.c/d",
        "/api/v1.0/access",
        "/api/v1.0/%00",
        "/api/v1.0/user/x",
    ] {
        if path != "/api/v1.0/" {
            cases.push(Case::plain(&format!("GET {path}"), 404, Error));
        }
        cases.push(Case::json(&format!("DELETE {path}nothing"), b"{}", 404, Error));
    }
    for line in [
        "POST /api",
        "DELETE /api/ping",
        "PUT /api/v1.0",
        "POST /api/v1.0/user",
        "GET /api/v1.0/access/claim",
        "PUT /api/v1.0/access/claim",
        "POST /api/v1.0/access/claim/a@b.c",
        "DELETE /api/v1.0/access/claim/a@b.c",
        "BREW /api/v1.0/user",
    ] {
        cases.push(Case::plain(line, 405, Error));
    }
    for email in
        ["ada", "a%20b@c.d", "%00@b.c", "%FF%FE@b.c", "a@b@c", "a@b.c%0D%0Ax:y", "..%2F@", "%E2%80%A8@b.c"]
    {
        cases.push(Case::plain(&format!("GET /api/v1.0/access/claim/{email}"), 422, Fields(&["email"])));
    }
    insist(cases).await;
}

#[tokio::test]
async fn credentials_that_are_none_are_refused() {
    let long = format!("authorization: Bearer {}\r\n", "a".repeat(5000));
    let mut cases = Vec::new();
    for header in [
        "",
        "authorization: Bearer\r\n",
        "authorization: Bearer \r\n",
        "authorization: Basic !!!\r\n",
        "authorization: Basic bm9jb2xvbg==\r\n",
        "authorization: Basic //79/Q==\r\n",
        "authorization: Hawk id=\"x\"\r\n",
        &long,
    ] {
        cases.push(Case::stranger("GET /api/v1.0/user", header, (401, Error)));
    }
    for query in
        ["api_key=", "api_key=short", "api_key=%FF%FE%FF%FE%FF%FE%FF%FE%FF%FE%FF%FE%FF%FE%FF%FE", "API_KEY=x"]
    {
        cases.push(Case::stranger(&format!("GET /api/v1.0/user?{query}"), "", (401, Error)));
    }
    insist(cases).await;
}
