//! Comparing an answer with a document's example: the same keys, the same types, the same kinds of text.

use serde_json::Value;

use crate::answer::is_time;

/// Beginnings that say what a text is: an id, a key, an address.
const KINDS: [&str; 9] =
    ["scan_", "usr_", "key_", "req_", "sk_live_", "chad_ak_", "ws://", "http://", "attachment"];

/// What an answer lacks of an example; empty when it has everything.
///
/// Every key of the example must be there with a value of the same JSON type; keys beyond the example are welcome.
/// A time stays a time, an id keeps its beginning; each element of an array is compared with the example's first.
#[must_use]
pub fn lacking(example: &Value, answer: &Value) -> Vec<String> {
    let mut lacking = Vec::new();
    compare("", example, answer, &mut lacking);
    lacking
}

fn compare(path: &str, example: &Value, answer: &Value, lacking: &mut Vec<String>) {
    match (example, answer) {
        (Value::Object(expected), Value::Object(found)) => {
            for (key, value) in expected {
                let path = format!("{path}/{key}");
                match found.get(key) {
                    Some(there) => compare(&path, value, there, lacking),
                    None => lacking.push(format!("{path} is missing")),
                }
            }
        }
        (Value::Array(expected), Value::Array(found)) => {
            let Some(first) = expected.first() else { return };
            if found.is_empty() {
                lacking.push(format!("{path} is empty"));
            }
            for (index, value) in found.iter().enumerate() {
                compare(&format!("{path}/{index}"), first, value, lacking);
            }
        }
        (Value::String(expected), Value::String(found)) => compare_texts(path, expected, found, lacking),
        (Value::Number(_), Value::Number(_)) | (Value::Bool(_), Value::Bool(_)) | (Value::Null, _) => {}
        _ => lacking.push(format!("{path} is {answer}, where the example has {example}")),
    }
}

fn compare_texts(path: &str, expected: &str, found: &str, lacking: &mut Vec<String>) {
    if is_time(expected) && !is_time(found) {
        lacking.push(format!("{path} is {found:?}, not a time"));
    }
    for kind in KINDS {
        if expected.starts_with(kind) && !found.starts_with(kind) {
            lacking.push(format!("{path} is {found:?}, which does not begin with {kind}"));
        }
    }
}
