//! Whatever comes as the answer to a question, it is read or not; what is read is short and has no control characters.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use services::Identifier;

static IDENTIFIER: LazyLock<Identifier> = LazyLock::new(|| Identifier::new().expect("the data of the crate is sound"));

fuzz_target!(|input: (u8, &[u8])| {
    let (nth, answer) = input;
    let Some(probe) = IDENTIFIER.probes().nth(usize::from(nth)) else { return };
    if let Some(identity) = IDENTIFIER.read(probe, answer) {
        let words = [&identity.service, &identity.product, &identity.version, &identity.banner];
        for word in words.into_iter().flatten() {
            assert!(word.len() <= 500 && !word.contains(char::is_control));
        }
    }
});
