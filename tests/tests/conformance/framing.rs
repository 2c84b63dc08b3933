//! Lengths, masks, reserved bits and opcodes.

use vedette_tests::frames::{BINARY, CLOSE, LAST, MORE, PING, TEXT, bare_frame, frame};

use super::{ASK, Alive, Case, NotUnderstood};

/// The largest message that is taken, in bytes.
const LARGEST: usize = 16 * 1024;
/// The largest that is read at all.
const READ: usize = 1024 * 1024;

pub(crate) fn cases() -> Vec<Case> {
    [lengths(), masks(), reserved_bits(), reserved_opcodes()].into_iter().flatten().collect()
}

fn lengths() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, opcode) in [("text", TEXT), ("binary", BINARY)] {
        for length in [0, 1, 125, 126, 127, 128, LARGEST] {
            let sent = frame(LAST | opcode, &vec![b'x'; length]);
            cases.push(Case::new(format!("a {name} of {length} bytes"), &[sent], [NotUnderstood]));
        }
        for length in [LARGEST + 1, 65_535, 65_536, READ] {
            let sent = frame(LAST | opcode, &vec![b'x'; length]);
            cases.push(Case::ends(format!("a {name} of {length} bytes"), &[sent], 1009));
        }
        // Nothing of it is sent: it is refused by its head.
        for (length, what) in [(READ + 1, "just too long"), (1 << 40, "a terabyte long")] {
            let length = u64::try_from(length).unwrap().to_be_bytes();
            let head = [&[LAST | opcode, 0xff][..], &length, &[0; 4]].concat();
            cases.push(Case::ends(format!("the head of a {name} that is {what}"), &[head], 1009));
        }
        let sent = frame(LAST | opcode, b"some text");
        cases.push(Case::new(format!("a {name}"), &[sent], [NotUnderstood]).byte_by_byte());
    }
    let several = vec![frame(LAST | TEXT, ASK); 20].concat();
    cases.push(Case::new("twenty messages in one piece", &[several], vec![Alive; 20]));
    cases
}

fn masks() -> Vec<Case> {
    let zero = [&[LAST | TEXT, 0x80 | 15, 0, 0, 0, 0][..], ASK].concat();
    vec![
        Case::new("a mask of zeros", &[zero], [Alive]),
        Case::ends("a text without a mask", &[bare_frame(LAST | TEXT, ASK)], 1002),
        Case::ends("an empty text without a mask", &[bare_frame(LAST | TEXT, b"")], 1002),
        Case::ends("a binary without a mask", &[bare_frame(LAST | BINARY, b"x")], 1002),
        Case::ends("a ping without a mask", &[bare_frame(LAST | PING, b"x")], 1002),
        Case::ends("a close without a mask", &[bare_frame(LAST | CLOSE, &[3, 232])], 1002),
        Case::new(
            "a good text, then one without a mask",
            &[frame(LAST | TEXT, ASK), bare_frame(LAST | TEXT, ASK)],
            [Alive, super::Close(Some(1002))],
        ),
    ]
}

fn reserved_bits() -> Vec<Case> {
    let mut cases = Vec::new();
    for bits in 1..8_u8 {
        for (name, opcode) in [("text", TEXT), ("ping", PING)] {
            let sent = frame(LAST | bits << 4 | opcode, ASK);
            cases.push(Case::ends(format!("a {name} with reserved bits {bits:03b}"), &[sent], 1002));
        }
    }
    for (name, opcode) in [("binary", BINARY), ("close", CLOSE)] {
        cases.push(Case::ends(
            format!("a {name} with a reserved bit"),
            &[frame(LAST | 0x40 | opcode, &[3, 232])],
            1002,
        ));
    }
    let pieces = [frame(TEXT, b"{"), frame(LAST | 0x40 | MORE, b"}")];
    cases.push(Case::ends("the rest of a text with a reserved bit", &pieces, 1002));
    cases
}

fn reserved_opcodes() -> Vec<Case> {
    let mut cases = Vec::new();
    for opcode in (3..8).chain(11..16) {
        let sent = frame(LAST | opcode, b"");
        cases.push(Case::ends(format!("opcode {opcode}"), &[sent], 1002));
    }
    for opcode in [3, 11] {
        let sent = [frame(LAST | TEXT, ASK), frame(LAST | opcode, b"x")];
        cases.push(Case::new(
            format!("opcode {opcode} after a text"),
            &sent,
            [Alive, super::Close(Some(1002))],
        ));
        let sent = [frame(TEXT, b"{"), frame(LAST | opcode, b"x")];
        cases.push(Case::ends(format!("opcode {opcode} within a text"), &sent, 1002));
    }
    cases
}
