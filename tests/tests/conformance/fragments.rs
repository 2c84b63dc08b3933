//! Messages in pieces, and what may stand between them.

use vedette_tests::frames::{BINARY, CLOSE, LAST, MORE, PING, PONG, TEXT, close_payload, frame};

use super::{ASK, Alive, Case, Close, NotUnderstood, Pong};

pub(crate) fn cases() -> Vec<Case> {
    [whole(), between(), broken(), large()].into_iter().flatten().collect()
}

/// A text in pieces.
fn pieces(parts: &[&[u8]]) -> Vec<Vec<u8>> {
    let last = parts.len() - 1;
    let first = |index: usize| if index == 0 { TEXT } else { MORE } | if index == last { LAST } else { 0 };
    parts.iter().enumerate().map(|(index, part)| frame(first(index), part)).collect()
}

fn whole() -> Vec<Case> {
    let bytes: Vec<&[u8]> = ASK.chunks(1).collect();
    let (head, tail) = ASK.split_at(7);
    vec![
        Case::new("a text in two pieces", &pieces(&[head, tail]), [Alive]),
        Case::new("a text in two pieces", &pieces(&[head, tail]), [Alive]).byte_by_byte(),
        Case::new("a text in three pieces", &pieces(&[b"{", &ASK[1..9], &ASK[9..]]), [Alive]),
        Case::new("a text in a piece for each byte", &pieces(&bytes), [Alive]),
        Case::new("a text whose first piece is empty", &pieces(&[b"", ASK]), [Alive]),
        Case::new("a text whose last piece is empty", &pieces(&[ASK, b""]), [Alive]),
        Case::new("a text with empty pieces in it", &pieces(&[head, b"", b"", tail]), [Alive]),
        Case::new("a text of empty pieces", &pieces(&[b"", b"", b""]), [NotUnderstood]),
        Case::new("a binary in pieces", &[frame(BINARY, b"a"), frame(LAST | MORE, b"b")], [NotUnderstood]),
        Case::new(
            "two texts in pieces",
            &[pieces(&[head, tail]), pieces(&[head, tail])].concat(),
            [Alive, Alive],
        ),
    ]
}

fn between() -> Vec<Case> {
    let (head, tail) = ASK.split_at(7);
    let (begin, end) = (frame(TEXT, head), frame(LAST | MORE, tail));
    let ping = |payload: &[u8]| frame(LAST | PING, payload);
    let answer = |payload: &[u8]| Pong(payload.to_vec());
    let close = frame(LAST | CLOSE, &close_payload(1000, b""));
    vec![
        Case::new("a ping between pieces", &[begin.clone(), ping(b"1"), end.clone()], [answer(b"1"), Alive]),
        Case::new("a ping between pieces", &[begin.clone(), ping(b"1"), end.clone()], [answer(b"1"), Alive])
            .byte_by_byte(),
        Case::new(
            "pings between pieces",
            &[begin.clone(), ping(b"1"), frame(MORE, b""), ping(b"2"), ping(b"3"), end.clone()],
            [answer(b"1"), answer(b"2"), answer(b"3"), Alive],
        ),
        Case::new("a pong between pieces", &[begin.clone(), frame(LAST | PONG, b"x"), end.clone()], [Alive]),
        Case::ends("a close between pieces", &[begin.clone(), close], 1000),
        Case::ends(
            "a piece of a ping between pieces",
            &[begin.clone(), frame(PING, b"x"), end.clone()],
            1002,
        ),
        Case::ends("a text between pieces of a text", &[begin.clone(), frame(LAST | TEXT, ASK)], 1002),
        Case::ends("a binary between pieces of a text", &[begin.clone(), frame(LAST | BINARY, b"x")], 1002),
        Case::ends("the beginning of a text between pieces", &[begin.clone(), begin], 1002),
        Case::ends(
            "a text between pieces of a binary",
            &[frame(BINARY, b"x"), frame(LAST | TEXT, ASK), end],
            1002,
        ),
    ]
}

fn broken() -> Vec<Case> {
    let rest = frame(LAST | MORE, b"x");
    vec![
        Case::ends("the rest of nothing", std::slice::from_ref(&rest), 1002),
        Case::ends("the empty rest of nothing", &[frame(LAST | MORE, b"")], 1002),
        Case::ends("the middle of nothing", &[frame(MORE, b"x")], 1002),
        Case::new(
            "the rest of a text that was whole",
            &[frame(LAST | TEXT, ASK), rest.clone()],
            [Alive, Close(Some(1002))],
        ),
        Case::new(
            "the rest of a text that had its rest",
            &[pieces(&[b"{", &ASK[1..]]).concat(), rest],
            [Alive, Close(Some(1002))],
        ),
    ]
}

fn large() -> Vec<Case> {
    let piece = vec![b'x'; 8 * 1024];
    let big = vec![b'x'; 512 * 1024];
    vec![
        Case::new("pieces that come to the largest message", &pieces(&[&piece, &piece]), [NotUnderstood]),
        Case::ends("pieces that come to more", &pieces(&[&piece, &piece, b"x"]), 1009),
        Case::ends("pieces that come to more than is read", &pieces(&[&big, &big, b"x"]), 1009),
    ]
}
