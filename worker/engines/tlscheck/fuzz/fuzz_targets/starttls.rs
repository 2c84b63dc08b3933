//! Whatever a service says in plain text, the dialogue ends.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tlscheck::StartTls;

fuzz_target!(|input: &[u8]| {
    let Some((first, heard)) = input.split_first() else { return };
    let kind = StartTls::ALL[usize::from(*first) % StartTls::ALL.len()];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime starts");
    runtime.block_on(tlscheck::rehearse(kind, heard)).ok();
});
