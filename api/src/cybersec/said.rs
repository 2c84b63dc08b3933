//! What a client may say on a WebSocket.

use serde::Deserialize;
use serde_json::{Map, Value};

/// A message of a client: a JSON object with a `type`.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Said {
    /// Asks for a sign of life.
    Ping,
    /// Cancels the job that is followed.
    Cancel,
    /// Goes on behind an event.
    Resume {
        /// Its number, where one job is followed.
        #[serde(default)]
        last_seq: Option<i64>,
        /// Its position, or its number.
        #[serde(default)]
        last_event_id: Option<String>,
    },
}

impl Said {
    /// Reads a message; `None` for anything else.
    pub(super) fn read(text: &str) -> Option<Self> {
        // An object first: the derived reader alone would take a list for one.
        let object: Map<String, Value> = serde_json::from_str(text).ok()?;
        let said = serde_json::from_value(Value::Object(object)).ok()?;
        let says_nothing = said == Self::Resume { last_seq: None, last_event_id: None };
        (!says_nothing).then_some(said)
    }
}
