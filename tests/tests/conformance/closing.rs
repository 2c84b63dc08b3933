//! Taking leave.

use vedette_tests::frames::{CLOSE, LAST, PING, TEXT, close_payload, frame};

use super::{ASK, Case, Close};

pub(crate) fn cases() -> Vec<Case> {
    [good(), bad(), after()].into_iter().flatten().collect()
}

fn close(payload: &[u8]) -> Vec<u8> {
    frame(LAST | CLOSE, payload)
}

fn good() -> Vec<Case> {
    let mut cases = vec![
        Case::new("a close without a code", &[close(b"")], [Close(None)]),
        Case::ends("a close with a reason", &[close(&close_payload(1000, "schön".as_bytes()))], 1000),
        Case::ends("a close with the longest reason", &[close(&close_payload(1000, &[b'x'; 123]))], 1000),
        Case::ends("a close", &[close(&close_payload(1000, b"x"))], 1000).byte_by_byte(),
    ];
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3999, 4000, 4999] {
        cases.push(Case::ends(format!("a close with {code}"), &[close(&close_payload(code, b""))], code));
    }
    cases
}

fn bad() -> Vec<Case> {
    let mut cases = vec![
        Case::ends("a close with half a code", &[close(&[3])], 1002),
        Case::ends("a close that is too long", &[close(&close_payload(1000, &[b'x'; 124]))], 1002),
        Case::ends("the first piece of a close", &[frame(CLOSE, &close_payload(1000, b""))], 1002),
        Case::ends("a reason that is no text", &[close(&close_payload(1000, &[0xff]))], 1007),
        Case::ends("a reason that breaks off", &[close(&close_payload(1000, &[b'a', 0xc3]))], 1007),
    ];
    for code in [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
        cases.push(Case::ends(
            format!("a close with {code}, which nobody may send"),
            &[close(&close_payload(code, b""))],
            1002,
        ));
    }
    cases
}

/// What comes behind a close is not heard any more.
fn after() -> Vec<Case> {
    let leave = close(&close_payload(1000, b""));
    vec![
        Case::ends("a text behind a close", &[leave.clone(), frame(LAST | TEXT, ASK)], 1000),
        Case::ends("a ping behind a close", &[leave.clone(), frame(LAST | PING, b"x")], 1000),
        Case::ends("two closes", &[leave.clone(), leave.clone()], 1000),
        Case::ends("a broken frame behind a close", &[leave, frame(LAST | 0x70 | TEXT, b"")], 1000),
    ]
}
