//! The CHAD API.

use serde_json::{Value, json};

use super::Said::{Detail, Location};
use super::{Case, insist};

const CREATE: &str = "POST /api/api-keys";

#[tokio::test]
async fn keys_with_wrong_values_are_refused() {
    let order = |field: &str, value: &Value| {
        let mut order = json!({ "name": "SIEM" });
        order[field] = value.clone();
        order.to_string()
    };
    let mut cases = Vec::new();
    let (long, longer) = ("x".repeat(101), "x".repeat(501));
    let wrong: [(&str, &'static [&'static str], Vec<Value>); 6] = [
        (
            "name",
            &["body", "name"],
            vec![json!(null), json!(""), json!(" "), json!(7), json!([]), json!("a\nb"), json!(long)],
        ),
        ("description", &["body", "description"], vec![json!(7), json!("\u{0}"), json!(longer)]),
        (
            "expires_at",
            &["body", "expires_at"],
            vec![
                json!(1_893_456_000),
                json!(""),
                json!("soon"),
                json!("2000-01-01T00:00:00Z"),
                json!("2100-02-30T00:00:00Z"),
            ],
        ),
        ("read_only", &["body", "read_only"], vec![json!("yes"), json!(1), json!([])]),
        ("rate_tier", &["body", "rate_tier"], vec![json!("fast"), json!("HIGH"), json!(""), json!(300)]),
        (
            "ip_allowlist",
            &["body", "ip_allowlist"],
            vec![
                json!("::1"),
                json!({}),
                json!([""]),
                json!(["example.com"]),
                json!(["10.0.0.0/33"]),
                json!(["::1,::2"]),
            ],
        ),
    ];
    for (field, location, values) in wrong {
        for value in values {
            cases.push(Case::json(CREATE, order(field, &value).as_bytes(), 422, Location(location)));
        }
    }
    let unknown = order("is_active", &json!(true));
    cases.push(Case::json(CREATE, unknown.as_bytes(), 422, Location(&["body", "is_active"])));
    cases.push(Case::json(CREATE, b"{}", 422, Location(&["body", "name"])));
    insist(cases).await;
}

#[tokio::test]
async fn bodies_that_are_no_key_at_all_are_refused() {
    let mut cases = Vec::new();
    let deep = "[".repeat(20_000);
    for body in
        ["", " ", "null", "[]", "7", "{", "{\"name\"}", "{\"name\":\"a\",\"name\":\"b\"}", "{} x", &deep]
    {
        cases.push(Case::json(CREATE, body.as_bytes(), 422, Location(&["body"])));
    }
    for kind in ["text/plain", "application/x-www-form-urlencoded", "json", ""] {
        let header = format!("content-type: {kind}\r\n");
        cases.push(Case::with_headers(CREATE, &header, b"{\"name\":\"a\"}", (415, Detail)));
    }
    cases.push(Case::with_headers(CREATE, "", b"{\"name\":\"a\"}", (415, Detail)));
    let filling = vec![b' '; 10 << 20];
    cases.push(Case::json(CREATE, &[b"{}".to_vec(), filling.clone()].concat(), 413, Detail));
    cases.push(Case::json(CREATE, &[b"{}", &filling[2..]].concat(), 422, Location(&["body", "name"])));
    insist(cases).await;
}

#[tokio::test]
async fn ids_that_no_key_has_are_not_found() {
    let mut cases = Vec::new();
    let long = format!("key_{}", "a".repeat(3000));
    for id in [
        "key_",
        "key_1",
        "x",
        "1",
        "null",
        "key_%00",
        "key_%FF%FE",
        "abc-123",
        "%2e%2e",
        "key_0000000000000000000000",
        &long,
    ] {
        cases.push(Case::plain(&format!("GET /api/api-keys/{id}"), 404, Detail));
        cases.push(Case::plain(&format!("DELETE /api/api-keys/{id}"), 404, Detail));
        cases.push(Case::json(&format!("PATCH /api/api-keys/{id}"), b"{}", 404, Detail));
    }
    insist(cases).await;
}

#[tokio::test]
async fn paths_and_methods_that_are_not_there_are_refused() {
    let mut cases = Vec::new();
    for path in [
        "/api/api-keys/key_1/x",
        "/api/api-keys//",
        "/api/external/nothing",
        "/api/alerts/x/y",
        "/api/rules/",
        "/api/auth/nothing",
        "/api/logs",
        "/api/ws/nothing",
    ] {
        cases.push(Case::plain(&format!("GET {path}"), 404, Detail));
    }
    for line in
        ["PUT /api/api-keys", "DELETE /api/api-keys", "POST /api/api-keys/key_1", "BREW /api/api-keys"]
    {
        cases.push(Case::plain(line, 405, Detail));
    }
    insist(cases).await;
}

#[tokio::test]
async fn credentials_that_are_none_are_refused() {
    let mut cases = Vec::new();
    for header in [
        "",
        "authorization: Bearer chad_ak_short\r\n",
        "authorization: Basic eDp5\r\n",
        "x-api-key: \r\n",
        "x-api-key: \u{e9}\r\n",
        "x-api-key: 5b9b6aceb95011e7bb9f7fca73a26228\r\n",
        "cookie: vedette_session=vds_0123456789abcdef\r\n",
        "cookie: vedette_session=\r\n",
    ] {
        cases.push(Case::stranger("GET /api/api-keys", header, (401, Detail)));
        cases.push(Case::stranger("GET /api/api-keys/key_1", header, (401, Detail)));
    }
    insist(cases).await;
}
