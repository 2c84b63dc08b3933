//! The examples of a reference document, kept as files and replayed.

use reqwest::Method;
use serde_json::Value;

use crate::client::Client;
use crate::place::checkout;
use crate::shape::lacking;

/// One example: a request of the document and the answer the document shows.
#[derive(Debug)]
pub struct Golden {
    /// The file's name.
    pub name: String,
    file: Value,
}

impl Golden {
    /// All the examples of a dialect, in order of their names.
    ///
    /// # Panics
    /// When a file is not JSON or does not name its source.
    #[must_use]
    pub fn all(dialect: &str) -> Vec<Golden> {
        let folder = checkout().join("tests/golden").join(dialect);
        let mut files: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let read = |path: &std::path::PathBuf| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).expect(&name);
            assert!(file["source"]["quote"].is_string(), "{name} quotes no line of its source");
            Golden { name, file }
        };
        files.iter().map(read).collect()
    }

    /// What must exist before the request: `nothing`, `a worker`, `a running scan`, `a finished scan`, ...
    #[must_use]
    pub fn given(&self) -> &str {
        self.file["given"].as_str().unwrap_or("nothing")
    }

    /// Sends the request as the document gives it, but for the host to scan, the id of the scan or the key that it is
    /// about, and the caller's key, and tells what the answer lacks of the document's.
    ///
    /// # Panics
    /// When the file has no request.
    pub async fn replay(&self, client: &Client, id: &str, target: &str) -> Vec<String> {
        let request = &self.file["request"];
        let path = text(&request["path"]).replace("{scan_id}", id).replace("{key_id}", id);
        let path = path.replace("example.com", target);
        let client = if request["authorized"] == false { client.without_key() } else { client.clone() };
        let method = Method::from_bytes(text(&request["method"]).as_bytes()).unwrap();
        let mut sent = client.request(method, &path);
        if !request["body"].is_null() {
            let body = request["body"].to_string().replace("example.com", target).replace("scan_abc123", id);
            sent = sent.header("content-type", "application/json").body(body);
        }
        let answer = client.send(sent).await;
        let mut wrong = lacking(&self.file["response"], &answer.body);
        if answer.status != self.file["status"] {
            wrong.push(format!("the status is {}: {}", answer.status, answer.body));
        }
        for (pointer, value) in self.file["exact"].as_object().into_iter().flatten() {
            let found = answer.body.pointer(pointer).unwrap_or(&Value::Null);
            if found != value {
                wrong.push(format!("{pointer} is {found}, not {value}"));
            }
        }
        wrong.into_iter().map(|what| format!("{}: {what}", self.name)).collect()
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text in a golden file")
}
