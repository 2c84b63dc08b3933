//! What a scan tells while it runs.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// One event, whichever way it came.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    /// Its number within the scan, as the server wrote it; events without one cannot be resumed from.
    pub(crate) id: Option<String>,
    /// Such as `port_found`.
    pub(crate) kind: String,
    /// What it says.
    pub(crate) data: Value,
}

impl Event {
    /// Whether nothing follows it.
    pub(crate) fn is_last(&self) -> bool {
        self.kind == "complete"
    }

    /// What it says, in the shape its kind promises; nothing when it breaks the promise.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Option<T> {
        T::deserialize(&self.data).ok()
    }

    /// The event as one JSON object.
    ///
    /// Shape: `{"event":"port_found","id":3,"data":{..}}`, without `id` where there is none.
    pub(crate) fn to_json(&self) -> String {
        let kind = Value::from(self.kind.as_str());
        let Some(id) = &self.id else {
            return format!(r#"{{"event":{kind},"data":{}}}"#, self.data);
        };
        let number = id.parse::<u64>().map_or_else(|_| Value::from(id.as_str()), Value::from);
        format!(r#"{{"event":{kind},"id":{number},"data":{}}}"#, self.data)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(id: Option<&str>) -> Event {
        Event { id: id.map(str::to_owned), kind: "progress".into(), data: json!({"progress": 4}) }
    }

    #[test]
    fn an_event_is_one_object_with_a_number_for_its_id() {
        assert_eq!(event(Some("3")).to_json(), r#"{"event":"progress","id":3,"data":{"progress":4}}"#);
        assert_eq!(event(Some("a-1")).to_json(), r#"{"event":"progress","id":"a-1","data":{"progress":4}}"#);
        assert_eq!(event(None).to_json(), r#"{"event":"progress","data":{"progress":4}}"#);
    }
}
