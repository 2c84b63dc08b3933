//! Pings and pongs.

use vedette_tests::frames::{LAST, PING, PONG, frame};

use super::{Case, Pong};

pub(crate) fn cases() -> Vec<Case> {
    let ping = |payload: &[u8]| frame(LAST | PING, payload);
    let answer = |payload: &[u8]| Pong(payload.to_vec());
    let binary: Vec<u8> = (0..125).map(|byte| byte * 2).collect();
    let numbered: Vec<Vec<u8>> = (0..10).map(|number| vec![number]).collect();
    let pings: Vec<_> = numbered.iter().map(|payload| ping(payload)).collect();
    let answers: Vec<_> = numbered.iter().map(|payload| answer(payload)).collect();
    let nothing: [super::Answer; 0] = [];
    vec![
        Case::new("an empty ping", &[ping(b"")], [answer(b"")]),
        Case::new("a ping with a text", &[ping("grüß".as_bytes())], [answer("grüß".as_bytes())]),
        Case::new(
            "a ping that is no text",
            &[ping(&[0, 0xff, 0xfe, 0xc3])],
            [answer(&[0, 0xff, 0xfe, 0xc3])],
        ),
        Case::new("the longest ping", &[ping(&binary)], [answer(&binary)]),
        Case::new("a ping", &[ping(b"slow")], [answer(b"slow")]).byte_by_byte(),
        Case::new("ten pings", &pings, answers.clone()),
        Case::new("ten pings", &pings, answers).byte_by_byte(),
        Case::ends("a ping that is too long", &[ping(&[b'x'; 126])], 1002),
        Case::ends("a ping that is far too long", &[ping(&[b'x'; 70_000])], 1002),
        Case::ends("the first piece of a ping", &[frame(PING, b"x")], 1002),
        Case::new("a pong that nobody asked for", &[frame(LAST | PONG, b"")], nothing.clone()),
        Case::new("a pong with a payload", &[frame(LAST | PONG, &binary)], nothing.clone()),
        Case::new("ten pongs", &vec![frame(LAST | PONG, b"x"); 10], nothing),
        Case::new("a pong, then a ping", &[frame(LAST | PONG, b"x"), ping(b"y")], [answer(b"y")]),
        Case::ends("a pong that is too long", &[frame(LAST | PONG, &[b'x'; 126])], 1002),
        Case::ends("the first piece of a pong", &[frame(PONG, b"x")], 1002),
    ]
}
