//! One HTTP answer, and what every answer of this API must have.

use reqwest::header::HeaderMap;
use serde_json::Value;

/// Status, headers and body of an answer; the body is `null` when it is not JSON, and its text is kept beside it.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as JSON.
    pub body: Value,
    /// The body as it came.
    pub text: String,
}

impl Answer {
    /// A header's text, empty when it is missing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The `data` of a good answer with status 200.
    ///
    /// # Panics
    /// When it is anything else.
    #[must_use]
    pub fn ok(&self) -> &Value {
        self.good(200)
    }

    /// Insists on a good answer with status 200.
    ///
    /// # Panics
    /// When it is anything else.
    pub fn granted(&self) {
        let _data = self.good(200);
    }

    /// The `data` of a good answer with status 201.
    ///
    /// # Panics
    /// When it is anything else.
    #[must_use]
    pub fn created(&self) -> &Value {
        self.good(201)
    }

    /// Insists on a refusal with this status and code.
    ///
    /// # Panics
    /// When it is anything else.
    pub fn refused(&self, status: u16, code: &str) {
        let _error = self.problem(status, code);
    }

    /// The `error` of a refusal with this status and code.
    ///
    /// # Panics
    /// When it is anything else.
    #[must_use]
    pub fn problem(&self, status: u16, code: &str) -> &Value {
        let error = self.refusal().unwrap_or_else(|why| panic!("{why}: {self:?}"));
        assert_eq!((self.status, error["code"].as_str()), (status, Some(code)), "{}", self.body);
        error
    }

    /// The `error` of a well-formed refusal, or what is wrong with it.
    ///
    /// # Errors
    /// What the envelope lacks.
    pub fn refusal(&self) -> Result<&Value, String> {
        check_metadata(&self.body)?;
        let error = &self.body["error"];
        if self.body["success"] != false || !self.body["data"].is_null() {
            return Err("a refusal says success: false and has no data".to_owned());
        }
        match (error["code"].as_str(), error["message"].as_str()) {
            (Some(_), Some(message)) if !message.is_empty() => Ok(error),
            _ => Err("a refusal has a code and a message".to_owned()),
        }
    }

    fn good(&self, status: u16) -> &Value {
        assert_eq!(self.status, status, "{}", self.body);
        check_metadata(&self.body).unwrap_or_else(|why| panic!("{why}: {}", self.body));
        assert_eq!(self.body["success"], true, "{}", self.body);
        assert!(self.body["error"].is_null(), "a good answer has no error: {}", self.body);
        &self.body["data"]
    }
}

/// `metadata.timestamp` is RFC 3339 in UTC, `metadata.request_id` is `req_` and at least 12 of base62.
fn check_metadata(body: &Value) -> Result<(), String> {
    let metadata = &body["metadata"];
    let timestamp = metadata["timestamp"].as_str().unwrap_or_default();
    if !is_time(timestamp) {
        return Err(format!("metadata.timestamp is {timestamp:?}"));
    }
    let id = metadata["request_id"].as_str().unwrap_or_default();
    match id.strip_prefix("req_") {
        Some(rest) if rest.len() >= 12 && rest.chars().all(|sign| sign.is_ascii_alphanumeric()) => Ok(()),
        _ => Err(format!("metadata.request_id is {id:?}")),
    }
}

/// Whether a text is a time such as `2024-02-06T12:00:00Z`, with or without a fraction.
#[must_use]
pub fn is_time(text: &str) -> bool {
    let shape = |text: &str| {
        text.chars().map(|sign| if sign.is_ascii_digit() { '0' } else { sign }).collect::<String>()
    };
    let Some(time) = text.strip_suffix('Z') else { return false };
    let (whole, fraction) = time.split_once('.').unwrap_or((time, "0"));
    shape(whole) == "0000-00-00T00:00:00" && shape(fraction).trim_matches('0').is_empty()
}
