//! Whatever text comes as a Hawk header, it is read or refused; what is read says who, when, what once, and a signature.
#![no_main]

#[path = "../../src/hawk/header.rs"]
mod header;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(read) = header::Header::parse(text) {
        let needed = [&read.id, &read.nonce, &read.mac];
        let optional = [&read.hash, &read.ext, &read.app, &read.dlg];
        assert!(needed.iter().all(|value| !value.is_empty()) && read.ts >= 0);
        let values = needed.into_iter().chain(optional.into_iter().flatten());
        assert!(values.into_iter().all(|value| value.bytes().all(|byte| (b' '..=b'~').contains(&byte))));
    }
});
