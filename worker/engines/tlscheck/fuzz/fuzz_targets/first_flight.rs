//! Whatever a server says first, it is read or not; whatever it shows as a certificate, too.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|heard: &[u8]| {
    let Some((_, chain)) = tlscheck::read_first_flight(heard) else { return };
    assert!(chain.iter().map(Vec::len).sum::<usize>() <= heard.len());
    for der in chain {
        if let Some(read) = tlscheck::Certificate::read(&der) {
            assert!(!read.subject.contains(char::is_control) && !read.issuer.contains(char::is_control));
        }
    }
});
