//! Whatever comes as an answer of a responder or as a revocation list, only what the issuer signed is believed. The seeds
//! are an answer and a list about the certificate beside them; nobody has kept the keys.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tlscheck::Statement;

const LEAF: &[u8] = include_bytes!("../seeds/leaf.der");
const ISSUER: &[u8] = include_bytes!("../seeds/issuer.der");
const NOW: i64 = 1_800_000_000;
const SIGNED: [&[u8]; 2] = [include_bytes!("../seeds/ocsp/good"), include_bytes!("../seeds/ocsp/list")];

fuzz_target!(|heard: &[u8]| {
    for said in [tlscheck::read_ocsp(LEAF, ISSUER, heard, NOW), tlscheck::read_crl(LEAF, ISSUER, heard, NOW)] {
        if matches!(said, Statement::Good | Statement::Revoked(_)) {
            // Something may stand behind what is signed, or beside it.
            let holds = |signed: &[u8]| heard.windows(64).any(|part| signed.windows(64).any(|other| other == part));
            assert!(SIGNED.into_iter().any(holds));
        }
    }
});
