//! Whatever comes as a list of promises, none is believed that no log signed.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tlscheck::{LogList, SctStatus};

static LOGS: LazyLock<LogList> = LazyLock::new(LogList::default);

fuzz_target!(|input: (&[u8], &[u8])| {
    let (list, entry) = input;
    for sct in tlscheck::read_scts(list, entry, &LOGS, 1_800_000_000) {
        assert!(sct.status != SctStatus::Valid && sct.log_id.len() == 64);
    }
});
