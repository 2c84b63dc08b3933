//! TLS that begins in the middle of a dialogue.

use tlscheck::{Failure, Report, Start, StartTls, Target};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    look::{codes, look_at, private},
    mint::{Authority, Mint},
    play::{Server, Tls, drain, finish},
};

const NAME: &str = "mail.example";

/// A dialogue: what is said first, and then what is answered to what contains which words.
#[derive(Clone)]
struct Script {
    greeting: Vec<u8>,
    /// What is asked, what is answered, and whether TLS begins behind it.
    turns: Vec<(Vec<u8>, Vec<u8>, bool)>,
}

fn script(greeting: &[u8], turns: &[(&[u8], &[u8])]) -> Script {
    let last = turns.len().saturating_sub(1);
    let turns =
        turns.iter().enumerate().map(|(at, (asked, said))| (asked.to_vec(), said.to_vec(), at == last));
    Script { greeting: greeting.to_vec(), turns: turns.collect() }
}

/// Speaks by the script, then shakes hands, if it came to its end.
async fn perform(script: Script, acceptor: tokio_rustls::TlsAcceptor, mut stream: TcpStream) {
    stream.write_all(&script.greeting).await.ok();
    for (expected, said, is_last) in script.turns {
        let mut asked = Vec::new();
        while !asked.windows(expected.len()).any(|part| part == expected) {
            // No byte more: the handshake may come at once.
            let Ok(byte) = stream.read_u8().await else { return };
            asked.push(byte);
        }
        stream.write_all(&said).await.ok();
        if is_last {
            return finish(acceptor, stream).await;
        }
    }
    drain(&mut stream).await;
}

async fn found(lab: &Authority, kind: StartTls, script: Script) -> Report {
    let acceptor = Tls::new(&lab.chain(&Mint::leaf(NAME))).acceptor();
    let server = Server::play(move |stream| perform(script.clone(), acceptor.clone(), stream)).await;
    let target = Target { start: Start::Plain(kind), ..Target::new(Some(NAME), server.address) };
    look_at(private(&[&lab.root]), &target).await
}

const LDAP_OK: &[u8] =
    b"\x30\x24\x02\x01\x01\x78\x1f\x0a\x01\x00\x04\x00\x04\x00\x8a\x161.3.6.1.4.1.1466.20037";
const FEATURES: &[u8] = b"<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams' id='1'>\
    <stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>";

fn mysql(capabilities: u16) -> Vec<u8> {
    let mut packet = b"\x0a10.11.6-MariaDB\0\x01\0\0\0saltsalt\0".to_vec();
    packet.extend(capabilities.to_le_bytes());
    packet.extend([33, 2, 0, 0xff, 0x81, 21]);
    packet.extend([0; 10]);
    packet.extend(b"moresaltmore\0mysql_native_password\0");
    let length = u8::try_from(packet.len()).unwrap();
    [vec![length, 0, 0, 0], packet].concat()
}

/// A polite server of each kind.
fn polite(kind: StartTls) -> Script {
    match kind {
        StartTls::Smtp | StartTls::Submission => script(
            b"220-mail.example\r\n220 ready\r\n",
            &[
                (b"EHLO localhost\r\n", b"250-mail.example\r\n250-PIPELINING\r\n250 STARTTLS\r\n"),
                (b"STARTTLS\r\n", b"220 go\r\n"),
            ],
        ),
        StartTls::Lmtp => script(
            b"220 ready\r\n",
            &[
                (b"LHLO localhost\r\n", b"250-mail.example\r\n250-starttls\r\n250 OK\r\n"),
                (b"STARTTLS\r\n", b"220 2.0.0 go\r\n"),
            ],
        ),
        StartTls::Imap => script(
            b"* OK ready\r\n",
            &[
                (b"a CAPABILITY\r\n", b"* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\na OK done\r\n"),
                (b"b STARTTLS\r\n", b"b OK begin\r\n"),
            ],
        ),
        StartTls::Pop3 => script(b"+OK ready\r\n", &[(b"STLS\r\n", b"+OK begin\r\n")]),
        StartTls::Ftp => {
            script(b"220-Welcome\r\n  to this\r\n220 ready\r\n", &[(b"AUTH TLS\r\n", b"234 go\r\n")])
        }
        StartTls::Nntp => script(b"200 ready\r\n", &[(b"STARTTLS\r\n", b"382 go\r\n")]),
        StartTls::Ldap => script(b"", &[(b"1.3.6.1.4.1.1466.20037", LDAP_OK)]),
        StartTls::Xmpp => script(
            b"",
            &[
                (b"streams'>", FEATURES),
                (b"xmpp-tls'/>", b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
            ],
        ),
        StartTls::Postgres => script(b"", &[(&[4, 0xd2, 0x16, 0x2f], b"S")]),
        StartTls::Mysql => {
            let end_of_request = [&[33][..], &[0; 23]].concat();
            script(&mysql(0xffff), &[(&end_of_request, b"")])
        }
    }
}

#[tokio::test]
async fn each_kind_goes_over_to_tls() {
    let lab = Authority::new();
    for kind in StartTls::ALL {
        let report = found(&lab, kind, polite(kind)).await;
        assert_eq!(report.failure, None, "{kind:?}");
        assert_eq!(codes(&report), Vec::<&str>::new(), "{kind:?}");
        assert!(report.verdict.unwrap().trusted, "{kind:?}");
        assert_eq!(StartTls::named(kind.as_str()), Some(kind));
    }
}

#[tokio::test]
async fn what_comes_behind_the_reply_is_an_injection() {
    let lab = Authority::new();
    for kind in StartTls::ALL {
        let mut script = polite(kind);
        // The greeting of MySQL is its reply.
        if kind == StartTls::Mysql {
            script.greeting.extend(b"more");
        } else {
            script.turns.last_mut().unwrap().1.extend(b"250 injected\r\n");
        }
        let report = found(&lab, kind, script).await;
        assert_eq!(report.failure, Some(Failure::StarttlsInjection), "{kind:?}");
        assert_eq!(codes(&report), ["starttls_injection"], "{kind:?}");
        assert!(report.certificate.is_none(), "{kind:?}");
    }
}

#[tokio::test]
async fn who_does_not_offer_it_is_told_apart() {
    let lab = Authority::new();
    for (kind, script) in [
        (StartTls::Smtp, script(b"220 ready\r\n", &[(b"EHLO", b"250-mail.example\r\n250 8BITMIME\r\n")])),
        (StartTls::Smtp, script(b"220 ready\r\n", &[(b"EHLO", b"500 what?\r\n")])),
        (StartTls::Smtp, script(b"554 no\r\n", &[])),
        (
            StartTls::Submission,
            script(b"220 ready\r\n", &[(b"EHLO", b"250 STARTTLS\r\n"), (b"STARTTLS", b"454 not now\r\n")]),
        ),
        (StartTls::Lmtp, script(b"220 ready\r\n", &[(b"LHLO", b"250 OK\r\n")])),
        (StartTls::Imap, script(b"* OK ready\r\n", &[(b"CAPA", b"* CAPABILITY IMAP4rev1\r\na OK done\r\n")])),
        (StartTls::Imap, script(b"* PREAUTH welcome\r\n", &[])),
        (StartTls::Pop3, script(b"+OK ready\r\n", &[(b"STLS", b"-ERR what?\r\n")])),
        (StartTls::Ftp, script(b"220 ready\r\n", &[(b"AUTH", b"502 no\r\n")])),
        (StartTls::Nntp, script(b"200 ready\r\n", &[(b"STARTTLS", b"580 no\r\n")])),
        (
            StartTls::Ldap,
            script(b"", &[(b"1466", b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x02\x04\x00\x04\x00")]),
        ),
        (StartTls::Xmpp, script(b"", &[(b"to=", b"<stream:stream><stream:features></stream:features>")])),
        (StartTls::Xmpp, script(b"", &[(b"to=", FEATURES), (b"<starttls", b"<failure/></stream:stream>")])),
        (StartTls::Postgres, script(b"", &[(&[4, 0xd2], b"N")])),
        (StartTls::Mysql, script(&mysql(0xf7ff), &[])),
        (StartTls::Mysql, script(b"\x10\0\0\0\xff\x10\x04Too many conn", &[])),
    ] {
        let report = found(&lab, kind, script).await;
        assert_eq!(report.failure, Some(Failure::StarttlsMissing), "{kind:?}");
        let is_mail = ["smtp", "submission", "lmtp", "imap", "pop3"].contains(&kind.as_str());
        assert_eq!(codes(&report), if is_mail { vec!["no_starttls"] } else { vec![] }, "{kind:?}");
    }
}

#[tokio::test]
async fn who_speaks_something_else_is_told_apart() {
    let lab = Authority::new();
    for kind in StartTls::ALL {
        // MySQL's would be a packet of that length.
        let greeting = if kind == StartTls::Mysql {
            b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n".repeat(2000)
        } else {
            b"SSH-2.0-OpenSSH_9.2p1\r\n".to_vec()
        };
        let report = found(&lab, kind, script(&greeting, &[])).await;
        let expected = if kind == StartTls::Postgres { Failure::StarttlsInjection } else { Failure::NotTls };
        let failure = report.failure.unwrap();
        assert!([expected, Failure::NotTls].contains(&failure), "{kind:?} {failure:?}");
    }
}

#[tokio::test]
async fn who_hangs_at_each_step_is_waited_for_once() {
    let lab = Authority::new();
    let scripts = StartTls::ALL.into_iter().flat_map(|kind| {
        let whole = polite(kind);
        (0..=whole.turns.len()).map(move |turns| {
            let mut script = whole.clone();
            script.turns.truncate(turns);
            // What is left of the dialogue is heard, and never answered.
            script.turns.iter_mut().for_each(|turn| turn.2 = false);
            (kind, script)
        })
    });
    let looks = scripts.map(|(kind, script)| {
        let lab = &lab;
        async move { (kind, found(lab, kind, script).await.failure) }
    });
    for (kind, failure) in futures::future::join_all(looks).await {
        assert_eq!(failure, Some(Failure::Timeout), "{kind:?}");
    }
}

#[test]
fn ports_say_how_tls_begins() {
    for (port, kind) in
        [(25, Some("smtp")), (587, Some("submission")), (443, None), (993, None), (5432, Some("postgres"))]
    {
        let target = Target::new(None, ([127, 0, 0, 1], port).into());
        assert_eq!(target.starttls().map(StartTls::as_str), kind);
    }
}

#[tokio::test]
async fn lengths_beyond_all_measure_are_survived() {
    // A DER length of 127 digits, all as large as they can be.
    let heard = [&[0x30][..], &[0xff; 200]].concat();
    let outcome = tlscheck::rehearse(StartTls::Ldap, &heard).await;
    assert_eq!(outcome, Err(Failure::Reset));
}

proptest::proptest! {
    #[test]
    fn whatever_is_said_is_survived(which in 0..11_usize, heard: Vec<u8>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(tlscheck::rehearse(StartTls::ALL[which], &heard)).ok();
    }
}
