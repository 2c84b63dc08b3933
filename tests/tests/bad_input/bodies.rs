//! Bodies that are not what they should be.

use serde_json::{Value, json};

use super::{Case, insist};

const SCANS: &str = "POST /api/v1/scans";
const REGISTER: &str = "POST /api/v1/auth/register";
const LOGIN: &str = "POST /api/v1/auth/login";
const INVALID: (u16, &str) = (400, "VALIDATION_ERROR");
const NO_TARGET: (u16, &str) = (400, "INVALID_TARGET");
const DENIED: (u16, &str) = (403, "INSUFFICIENT_PERMISSIONS");

#[tokio::test]
async fn orders_of_scans_with_wrong_values_are_refused() {
    let order = |field: &str, value: Value| {
        let mut order = json!({ "target": "127.0.0.1", "ports": "1" });
        order[field] = value;
        order.to_string()
    };
    let mut cases = Vec::new();
    for value in [json!(null), json!(7), json!(true), json!([]), json!({}), json!(["127.0.0.1"])] {
        cases.push(case(SCANS, &order("target", value), INVALID));
    }
    for ports in [
        "",
        " ",
        "0",
        "65536",
        "-1",
        "1-",
        "-5",
        "5-1",
        "1,1",
        "1-10,5",
        "80,",
        ",80",
        "80,,81",
        "a",
        "80-90-100",
        "1.5",
        "0x50",
        "+80",
        "80 81",
        "99999999999999999999",
        "1-65536",
        "0-10",
        "8\u{0660}",
    ] {
        cases.push(case(SCANS, &order("ports", json!(ports)), INVALID));
    }
    for ports in [json!(80), json!([80]), json!({}), json!(true)] {
        cases.push(case(SCANS, &order("ports", ports), INVALID));
    }
    for kind in [json!(""), json!("tpc"), json!("TCP "), json!(5), json!([]), json!("connect;ls")] {
        cases.push(case(SCANS, &order("scan_type", kind), INVALID));
    }
    for (field, value) in
        [("force", json!("yes")), ("force", json!(1)), ("port", json!("80")), ("x", json!(null))]
    {
        cases.push(case(SCANS, &order(field, value), INVALID));
    }
    insist(cases).await;
}

#[tokio::test]
async fn options_of_scans_with_wrong_values_are_refused() {
    let order =
        |options: Value| json!({ "target": "127.0.0.1", "ports": "1", "options": options }).to_string();
    let mut cases = Vec::new();
    for options in
        [json!("all"), json!([]), json!(1), json!({ "fast_mode": "yes" }), json!({ "fast_mode": 1 })]
    {
        cases.push(case(SCANS, &order(options), INVALID));
    }
    for (option, value) in [
        ("engine", json!("nmap")),
        ("engine", json!("")),
        ("engine", json!(true)),
        ("discovery", json!("on")),
        ("discovery", json!(false)),
        ("rate", json!(0)),
        ("rate", json!(-1)),
        ("rate", json!(1.5)),
        ("rate", json!("100")),
        ("rate", json!(10_000_001)),
        ("rate", json!(5_000_000_000_u64)),
    ] {
        cases.push(case(SCANS, &order(json!({ option: value })), INVALID));
    }
    for unknown in [json!({ "os_detections": true }), json!({ "fast_mode": true, "x": 1 })] {
        cases.push(case(SCANS, &order(unknown), INVALID));
    }
    insist(cases).await;
}

#[tokio::test]
async fn targets_that_are_none_are_malformed_and_others_are_denied() {
    let mut cases = Vec::new();
    let long_label = "a".repeat(64);
    let long_name = vec!["abcdefgh"; 32].join(".");
    for target in [
        "",
        " ",
        "invalid..host",
        ".example",
        "http://127.0.0.1",
        "127.0.0.1/",
        "127.0.0.1/33",
        "127.0.0.1/-1",
        "::1/129",
        "127.0.0.1:80",
        "127.0.0.1;ls",
        "$(id)",
        "a b",
        "-bad.example",
        "bad-.example",
        "127.0.0.1,",
        ",127.0.0.1",
        "127.0.0.1,,127.0.0.2",
        "999.1.1.1",
        "1.2.3",
        "0x7f000001",
        "127.1",
        "2130706433",
        "0177.0.0.1",
        "user@host",
        "host/path",
        "h\u{f6}st",
        "127.0.0.1\n",
        "%31",
        ":::1",
        "fe80::1%lo",
        "\u{0}",
        "*",
        "127.0.0.*",
        &long_label,
        &long_name,
    ] {
        cases.push(case(SCANS, &json!({ "target": target, "ports": "1" }).to_string(), NO_TARGET));
    }
    for target in [
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.0.0/30",
        "169.254.169.254",
        "224.0.0.1",
        "255.255.255.255",
    ] {
        cases.push(case(SCANS, &json!({ "target": target, "ports": "1" }).to_string(), DENIED));
    }
    for target in ["::", "fe80::1", "ff02::1", "fd00::1", "::ffff:192.168.0.1"] {
        cases.push(case(SCANS, &json!({ "target": target, "ports": "1" }).to_string(), DENIED));
    }
    insist(cases).await;
}

#[tokio::test]
async fn bodies_that_are_no_order_at_all_are_refused() {
    let mut cases = Vec::new();
    let deep = "[".repeat(20_000);
    for body in [
        "",
        " ",
        "null",
        "[]",
        "7",
        "\"scan\"",
        "{",
        "{}",
        "{\"target\"}",
        "{'target':'127.0.0.1'}",
        "NaN",
        &deep,
    ] {
        cases.push(case(SCANS, body, INVALID));
        cases.push(case(REGISTER, body, INVALID));
        cases.push(case(LOGIN, body, INVALID));
    }
    for body in [
        "{\"target\":\"127.0.0.1\",\"target\":\"127.0.0.1\"}",
        "{\"target\":\"127.0.0.1\"} trailing",
        "{\"target\":\"127.0.0.1\",}",
        "\u{feff}{\"target\":\"127.0.0.1\"}",
    ] {
        cases.push(case(SCANS, body, INVALID));
    }
    cases.push(Case::json(SCANS, b"{\"target\":\"\xff\xfe\"}", 400, "VALIDATION_ERROR"));
    cases.push(Case::json(SCANS, b"\xff\xfe{\0}\0", 400, "VALIDATION_ERROR"));
    cases.push(Case::json(SCANS, b"\x1f\x8b\x08\x00garbage", 400, "VALIDATION_ERROR"));
    insist(cases).await;
}

#[tokio::test]
async fn registrations_with_wrong_values_are_refused() {
    let mut cases = Vec::new();
    let password = "securepassword123";
    for email in [
        "",
        "ada",
        "@example.net",
        "ada@",
        "ada@@example.net",
        "ada example@net.org",
        "ada@example.net\r\nx: y",
        "\u{0}@a.b",
    ] {
        cases.push(case(REGISTER, &json!({ "email": email, "password": password }).to_string(), INVALID));
    }
    let long = format!("{}@example.net", "a".repeat(400));
    for email in [json!(long), json!(7), json!(null), json!(["ada@example.net"])] {
        cases.push(case(REGISTER, &json!({ "email": email, "password": password }).to_string(), INVALID));
    }
    for password in [
        json!(""),
        json!("short12"),
        json!("x".repeat(129)),
        json!(12_345_678),
        json!(null),
        json!(["securepassword123"]),
    ] {
        cases.push(case(
            REGISTER,
            &json!({ "email": "ada@example.net", "password": password }).to_string(),
            INVALID,
        ));
    }
    cases.push(case(REGISTER, &json!({ "email": "ada@example.net" }).to_string(), INVALID));
    cases.push(case(REGISTER, &json!({ "password": password }).to_string(), INVALID));
    let more = json!({ "email": "ada@example.net", "password": password, "tier": "enterprise" });
    cases.push(case(REGISTER, &more.to_string(), INVALID));
    insist(cases).await;
}

#[tokio::test]
async fn logins_with_wrong_values_are_refused() {
    let mut cases = Vec::new();
    for (email, password) in [
        (json!(7), json!("securepassword123")),
        (json!(null), json!("securepassword123")),
        (json!(["ada@example.net"]), json!("securepassword123")),
        (json!("ada@example.net"), json!(12_345_678)),
        (json!("ada@example.net"), json!(null)),
        (json!("ada@example.net"), json!({})),
    ] {
        cases.push(case(LOGIN, &json!({ "email": email, "password": password }).to_string(), INVALID));
    }
    for body in [
        json!({ "email": "ada@example.net" }),
        json!({ "password": "securepassword123" }),
        json!({ "email": "ada@example.net", "password": "securepassword123", "remember": true }),
    ] {
        cases.push(case(LOGIN, &body.to_string(), INVALID));
    }
    for (email, password) in [
        ("", ""),
        ("ada", "securepassword123"),
        ("nobody@example.net", "securepassword123"),
        ("owner@example.net", "securepassword123"),
        ("\u{0}@a.b", "\u{0}"),
        ("' OR 1 = 1 --", "x"),
        ("owner@example.net", &"x".repeat(10_000)),
    ] {
        let body = json!({ "email": email, "password": password }).to_string();
        cases.push(case(LOGIN, &body, (401, "INVALID_API_KEY")));
    }
    insist(cases).await;
}

fn case(line: &str, body: &str, right: (u16, &'static str)) -> Case {
    Case::json(line, body.as_bytes(), right.0, right.1)
}
