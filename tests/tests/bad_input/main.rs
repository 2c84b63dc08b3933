//! Malformed requests: each has one right answer, in the words of its dialect, and none is a 500.
#![cfg(test)]

mod bodies;
mod chad;
mod keychest;
mod paths;
mod transport;

use serde_json::{Value, json};
use vedette_tests::answer::Answer;
use vedette_tests::deployment::OWNER_KEY;
use vedette_tests::{Pair, TestService, raw};

/// One malformed request and its right answer.
struct Case {
    what: String,
    bytes: Vec<u8>,
    status: u16,
    said: Said,
}

/// How the refusal says what is wrong.
enum Said {
    /// CyberSec, with this code.
    Code(&'static str),
    /// CHAD, in a sentence.
    Detail,
    /// CHAD, of a part of the body.
    Location(&'static [&'static str]),
    /// KeyChest, in a sentence.
    Error,
    /// KeyChest, of these fields.
    Fields(&'static [&'static str]),
}

impl From<&'static str> for Said {
    fn from(code: &'static str) -> Said {
        Said::Code(code)
    }
}

impl Said {
    /// What an answer lacks, if anything.
    fn lacks(&self, status: u16, answer: &Answer) -> Option<String> {
        let body = &answer.body;
        let is_right = match self {
            Said::Code(code) => match answer.refusal() {
                Ok(error) => error["code"] == *code,
                Err(why) => return Some(why),
            },
            Said::Detail => body["detail"].is_string() && body["status_code"] == status,
            Said::Location(parts) => {
                let fault = &body["detail"][0];
                fault["loc"] == json!(parts) && fault["msg"].is_string() && fault["type"].is_string()
            }
            Said::Error => body["error"].is_string(),
            Said::Fields(fields) => {
                let named = body["errors"].as_object().into_iter().flat_map(serde_json::Map::keys);
                let reasons = body["errors"].as_object().into_iter().flat_map(serde_json::Map::values);
                let is_reason = |reason: &Value| reason[0].is_string();
                body["message"].is_string()
                    && named.map(String::as_str).eq(fields.iter().copied())
                    && reasons.into_iter().all(is_reason)
            }
        };
        (!is_right).then(|| format!("is {body}"))
    }
}

impl Case {
    /// A request with a key and a body of JSON.
    fn json(line: &str, body: &[u8], status: u16, said: impl Into<Said>) -> Case {
        Case::with_headers(line, "content-type: application/json\r\n", body, (status, said))
    }

    /// A request with a key and no body.
    fn plain(line: &str, status: u16, said: impl Into<Said>) -> Case {
        Case::with_headers(line, "", b"", (status, said))
    }

    /// A request with a key, other headers and a body.
    fn with_headers(line: &str, headers: &str, body: &[u8], right: (u16, impl Into<Said>)) -> Case {
        let key = format!("authorization: Bearer {OWNER_KEY}\r\n");
        Case::new(line, (&key, headers), body, right)
    }

    /// A request without a key, with these headers.
    fn stranger(line: &str, headers: &str, right: (u16, impl Into<Said>)) -> Case {
        Case::new(line, (headers, ""), b"", right)
    }

    fn new(
        line: &str,
        (credential, headers): (&str, &str),
        body: &[u8],
        right: (u16, impl Into<Said>),
    ) -> Case {
        let length = match body.len() {
            0 => String::new(),
            length => format!("content-length: {length}\r\n"),
        };
        let head = format!(
            "{line} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n{credential}{headers}{length}\r\n"
        );
        let shown: String = String::from_utf8_lossy(body).chars().take(120).collect();
        let headers = headers.chars().take(80).collect::<String>();
        let (status, said) = right;
        Case {
            what: format!("{line} {headers:?} {shown}"),
            bytes: [head.as_bytes(), body].concat(),
            status,
            said: said.into(),
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
    let keys = service.owner().get("/api/api-keys").await;
    assert_eq!(keys.body.as_array().map(Vec::len), Some(1), "nor a key: {keys:?}");
}

fn wrong(address: &str, case: &Case) -> Option<String> {
    let answer = raw::send(address, &case.bytes);
    if answer.status != case.status {
        return Some(format!("{} wants {}, got {} {}", case.what, case.status, answer.status, answer.body));
    }
    let lacks = case.said.lacks(case.status, &answer)?;
    Some(format!("{} with {}: {lacks}", case.what, case.status))
}
