//! Whatever text a listener comes back with, it goes on behind an event that there is, or begins anew; a position among
//! all events of an organization has one text.
#![no_main]

#[path = "../../../shared/src/id.rs"]
mod id;
#[path = "../../../shared/src/event/position.rs"]
mod position;
#[path = "../../src/cybersec/start.rs"]
mod start;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (i64, &str)| {
    let (newest, text) = (input.0.max(0), input.1);
    match start::Start::read(Some(text), newest) {
        start::Start::Behind(number) => assert!((0..=newest).contains(&number)),
        start::Start::Anew(reset) => assert!(["ahead", "unknown"].contains(&reset.as_str())),
    }
    if let Ok(position) = text.parse::<position::Position>() {
        assert_eq!(position.to_string(), text);
        assert!(position >= position::Position::START || text.starts_with('0'));
    }
});
