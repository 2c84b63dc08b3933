//! Malformed requests: each has one right answer, in the envelope, and none is a 500.
#![cfg(test)]

mod bodies;
mod paths;
mod transport;

use vedette_tests::deployment::OWNER_KEY;
use vedette_tests::{Pair, TestService, raw};

/// One malformed request and its right answer.
struct Case {
    what: String,
    bytes: Vec<u8>,
    status: u16,
    code: &'static str,
}

impl Case {
    /// A request with a key and a body of JSON.
    fn json(line: &str, body: &[u8], status: u16, code: &'static str) -> Case {
        Case::with_headers(line, "content-type: application/json\r\n", body, (status, code))
    }

    /// A request with a key and no body.
    fn plain(line: &str, status: u16, code: &'static str) -> Case {
        Case::with_headers(line, "", b"", (status, code))
    }

    /// A request with a key, other headers and a body.
    fn with_headers(line: &str, headers: &str, body: &[u8], right: (u16, &'static str)) -> Case {
        let length = match body.len() {
            0 => String::new(),
            length => format!("content-length: {length}\r\n"),
        };
        let head = format!(
            "{line} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {OWNER_KEY}\r\nconnection: close\r\n{headers}{length}\r\n"
        );
        let shown: String = String::from_utf8_lossy(body).chars().take(120).collect();
        let headers = headers.chars().take(80).collect::<String>();
        let (status, code) = right;
        Case {
            what: format!("{line} {headers:?} {shown}"),
            bytes: [head.as_bytes(), body].concat(),
            status,
            code,
        }
    }
}

/// Sends every case and tells all that went wrong at once.
async fn insist(cases: Vec<Case>) {
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let address = service.address().to_owned();
    let count = cases.len();
    let check = move || cases.iter().filter_map(|case| wrong(&address, case)).collect::<Vec<_>>();
    let wrong = tokio::task::spawn_blocking(check).await.unwrap();
    assert!(wrong.is_empty(), "{} of {count} were answered wrongly:\n{}", wrong.len(), wrong.join("\n"));
    let scans = service.owner().scans("").await;
    assert!(scans.ok()["scans"].as_array().unwrap().is_empty(), "no bad request made a scan");
}

fn wrong(address: &str, case: &Case) -> Option<String> {
    let answer = raw::send(address, &case.bytes);
    let expected = format!("{} wants {} {}", case.what, case.status, case.code);
    if answer.status != case.status {
        return Some(format!("{expected}, got {} {}", answer.status, answer.body));
    }
    match answer.refusal() {
        Ok(error) if error["code"] == case.code => None,
        Ok(error) => Some(format!("{expected}, got {error}")),
        Err(why) => Some(format!("{expected}: {why}: {}", answer.body)),
    }
}
