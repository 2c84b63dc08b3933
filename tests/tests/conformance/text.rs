//! Texts are UTF-8, whatever pieces they come in.

use vedette_tests::frames::{BINARY, LAST, MORE, TEXT, frame};

use super::{Case, NotUnderstood};

pub(crate) fn cases() -> Vec<Case> {
    [good(), bad()].into_iter().flatten().collect()
}

fn good() -> Vec<Case> {
    let text = "κόσμε 語 \u{1F600} \u{FFFF} \u{10FFFF} \0".as_bytes();
    let mut cases = vec![
        Case::new("a text of many scripts", &[frame(LAST | TEXT, text)], [NotUnderstood]),
        Case::new("a text of many scripts", &[frame(LAST | TEXT, text)], [NotUnderstood]).byte_by_byte(),
        Case::new("no text in a binary", &[frame(LAST | BINARY, &[0xff, 0xc3])], [NotUnderstood]),
    ];
    let emoji = "\u{1F600}".as_bytes();
    for at in 1..4 {
        let (head, tail) = emoji.split_at(at);
        let sent = [frame(TEXT, head), frame(LAST | MORE, tail)];
        cases.push(Case::new(format!("a character cut behind byte {at}"), &sent, [NotUnderstood]));
    }
    cases
}

fn bad() -> Vec<Case> {
    let mut cases = Vec::new();
    for (what, bytes) in [
        ("bytes that never occur", &[0xff, 0xfe][..]),
        ("a byte that only goes on", &[0x80]),
        ("a character without its end", &[b'a', 0xc3]),
        ("three bytes of four", &[0xf0, 0x9f, 0x98]),
        ("a slash in two bytes", &[0xc0, 0xaf]),
        ("a slash in three bytes", &[0xe0, 0x80, 0xaf]),
        ("a slash in four bytes", &[0xf0, 0x80, 0x80, 0xaf]),
        ("half a pair of surrogates", &[0xed, 0xa0, 0x80]),
        ("a pair of surrogates", &[0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80]),
        ("a character beyond the last", &[0xf4, 0x90, 0x80, 0x80]),
        ("five bytes", &[0xf8, 0x88, 0x80, 0x80, 0x80]),
        ("six bytes", &[0xfc, 0x84, 0x80, 0x80, 0x80, 0x80]),
        ("a good character behind a bad one", &[0xff, b'a']),
        ("a bad character behind good ones", b"good \xe2\x28\xa1"),
    ] {
        cases.push(Case::ends(format!("a text with {what}"), &[frame(LAST | TEXT, bytes)], 1007));
        let (head, tail) = bytes.split_at(bytes.len() / 2);
        let pieces = [frame(TEXT, head), frame(LAST | MORE, tail)];
        cases.push(Case::ends(format!("a text in pieces with {what}"), &pieces, 1007));
    }
    cases
}
