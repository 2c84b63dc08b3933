//! Whatever text comes on a WebSocket, it is understood or not; what is understood was a JSON object with a known type.
#![no_main]

#[path = "../../src/cybersec/said.rs"]
mod said;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Some(said) = said::Said::read(text) {
        let object: serde_json::Value = serde_json::from_str(text).expect("what was understood is JSON");
        let kind = match said {
            said::Said::Ping => "ping",
            said::Said::Cancel => "cancel",
            said::Said::Resume { last_seq, last_event_id } => {
                assert!(last_seq.is_some() || last_event_id.is_some());
                "resume"
            }
        };
        assert_eq!(object["type"], kind);
    }
});
