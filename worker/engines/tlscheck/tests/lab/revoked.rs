//! What lists, responders and logs say of a certificate.

use ring::digest::{SHA256, digest};
use tlscheck::{LogList, Report, SctStatus, Settings, Statement, Status};

use crate::{
    der::{sequence, tagged},
    key::{Key, With},
    look::{Script, codes, look, private},
    mint::{Authority, DAY, INTERMEDIATE, Mint, NOW, RESPONDER, SERVER},
    play::{Server, Tls},
    spoken::{Ocsp, list},
};

const NAME: &str = "site.example";
const OCSP: &str = "http://ocsp.example/";
const CRL: &str = "http://crl.example/1";

async fn found(lab: &Authority, mint: &Mint, staple: &[u8], answers: &[(&str, &[u8])]) -> Report {
    let tls = Tls { staple: staple.to_vec(), ..Tls::new(&lab.chain(mint)) };
    let server = Server::tls(tls).await;
    let settings = Settings { fetch: Some(Script::of(answers)), ..private(&[&lab.root]) };
    look(settings, &server, Some(NAME)).await
}

/// Whether `staple` is read so, and found fault with so.
async fn staples(lab: &Authority, mint: &Mint, cases: Vec<(&str, Vec<u8>, Statement)>) {
    for (case, staple, said) in cases {
        let report = found(lab, mint, &staple, &[]).await;
        assert_eq!(report.revocation.staple, said, "{case}");
        let is_revoked = matches!(said, Statement::Revoked(_));
        let expected = match said {
            Statement::Forged | Statement::Unreadable => vec!["forged_staple"],
            Statement::Revoked(_) => vec!["revoked"],
            Statement::NotAsked
            | Statement::NoAnswer
            | Statement::Outdated
            | Statement::Unknown
            | Statement::Good => vec![],
        };
        assert_eq!(codes(&report), expected, "{case}");
        assert_eq!(report.revocation.is_revoked(), is_revoked, "{case}");
        assert_eq!(report.verdict.as_ref().unwrap().trusted, !is_revoked, "{case}");
        assert_eq!(report.renewal_due(None), is_revoked, "{case}");
    }
}

#[tokio::test]
async fn staples_say_what_they_say_in_their_time() {
    let lab = Authority::new();
    let mint = Mint::leaf(NAME);
    let good = Ocsp::good(&mint.serial);
    let signed = |ocsp: Ocsp<'_>| ocsp.sign(&lab, &lab.key, None);
    let cases = vec![
        ("good", signed(good), Statement::Good),
        ("revoked", signed(Ocsp::revoked(&mint.serial)), Statement::Revoked(NOW - 3 * DAY)),
        ("unknown", signed(Ocsp { status: "unknown", ..good }), Statement::Unknown),
        ("no end", signed(Ocsp { until: None, ..good }), Statement::Good),
        ("over", signed(Ocsp { from: NOW - 8 * DAY, until: Some(NOW - DAY), ..good }), Statement::Outdated),
        ("not begun", signed(Ocsp { from: NOW + DAY, ..good }), Statement::Outdated),
        ("another's", signed(Ocsp::good(&[9, 9])), Statement::Forged),
        ("garbage", b"garbage".to_vec(), Statement::Unreadable),
        ("try later", sequence(&[tagged(0x0a, &[3])]), Statement::Unreadable),
    ];
    staples(&lab, &mint, cases).await;
}

#[tokio::test]
async fn staples_are_believed_only_from_who_may() {
    let lab = Authority::new();
    let mint = Mint::leaf(NAME);
    let good = Ocsp::good(&mint.serial);
    let (stranger, key) = (Key::p256(), Key::p256());
    let responder = Mint { usage: vec![RESPONDER], ..Mint::leaf("responder") };
    let server = Mint { usage: vec![SERVER], ..responder.clone() };
    let over = responder.clone().valid(-90, -1);
    let by_itself = responder.sign(&stranger, INTERMEDIATE, &stranger);
    let by = |mint: &Mint| good.sign(&lab, &key, Some(mint.sign(&key, INTERMEDIATE, &lab.key)));
    let cases = vec![
        ("the issuer", good.sign(&lab, &lab.key, None), Statement::Good),
        ("a stranger", good.sign(&lab, &stranger, None), Statement::Forged),
        ("a delegate", by(&responder), Statement::Good),
        ("a server", by(&server), Statement::Forged),
        ("who was a delegate once", by(&over), Statement::Forged),
        ("a delegate of itself", good.sign(&lab, &stranger, Some(by_itself)), Statement::Forged),
    ];
    staples(&lab, &mint, cases).await;
}

#[tokio::test]
async fn a_staple_that_is_asked_for_is_missed() {
    let lab = Authority::new();
    let mint = Mint { more: vec![("1.3.6.1.5.5.7.1.24", false, vec![0x30, 3, 2, 1, 5])], ..Mint::leaf(NAME) };
    assert_eq!(codes(&found(&lab, &mint, &[], &[]).await), ["missing_staple"]);
    let staple = Ocsp::good(&mint.serial).sign(&lab, &lab.key, None);
    assert_eq!(codes(&found(&lab, &mint, &staple, &[]).await), Vec::<&str>::new());
}

#[tokio::test]
async fn responders_are_asked() {
    let lab = Authority::new();
    let mint = Mint { ocsp_url: Some(OCSP.into()), ..Mint::leaf(NAME) };
    let serial = mint.serial.as_slice();
    let stranger = Key::p256();
    for (case, answer, said, status) in [
        ("good", Ocsp::good(serial).sign(&lab, &lab.key, None), Statement::Good, Status::Good),
        (
            "revoked",
            Ocsp::revoked(serial).sign(&lab, &lab.key, None),
            Statement::Revoked(NOW - 3 * DAY),
            Status::Revoked(NOW - 3 * DAY),
        ),
        ("forged", Ocsp::good(serial).sign(&lab, &stranger, None), Statement::Forged, Status::Unknown),
        ("too long", vec![0; 70_000], Statement::NoAnswer, Status::Unknown),
    ] {
        let report = found(&lab, &mint, &[], &[(OCSP, &answer)]).await;
        assert_eq!((report.revocation.ocsp, report.revocation.status()), (said, status), "{case}");
    }
    let report = found(&lab, &mint, &[], &[]).await;
    assert_eq!((report.revocation.ocsp, report.revocation.status()), (Statement::NoAnswer, Status::Unknown));
    assert_eq!(codes(&report), Vec::<&str>::new());
    // What is stapled need not be asked for, and nobody is asked by other ways than HTTP.
    let staple = Ocsp::good(serial).sign(&lab, &lab.key, None);
    assert_eq!(found(&lab, &mint, &staple, &[]).await.revocation.ocsp, Statement::NotAsked);
    let local = Mint { ocsp_url: Some("file:///etc/passwd".into()), ..mint };
    assert_eq!(
        found(&lab, &local, &[], &[("file:///etc/passwd", b"x")]).await.revocation.ocsp,
        Statement::NotAsked
    );
}

#[tokio::test]
async fn lists_are_read() {
    let lab = Authority::new();
    let mint = Mint { crl_url: Some(CRL.into()), ..Mint::leaf(NAME) };
    let serial = mint.serial.as_slice();
    let later = NOW + DAY;
    let revoked = Statement::Revoked(NOW - 2 * DAY);
    for (case, answer, said) in [
        ("empty", list(&lab.key, &[], later, None), Statement::Good),
        ("others", list(&lab.key, &[&[9], &[8, 7]], later, None), Statement::Good),
        ("revoked", list(&lab.key, &[&[9], serial], later, None), revoked),
        ("its part", list(&lab.key, &[serial], later, Some(CRL)), revoked),
        ("another part", list(&lab.key, &[], later, Some("http://crl.example/2")), Statement::Forged),
        ("over", list(&lab.key, &[], NOW - DAY, None), Statement::Outdated),
        ("forged", list(&Key::p256(), &[], later, None), Statement::Forged),
        ("garbage", b"garbage".to_vec(), Statement::Unreadable),
    ] {
        let report = found(&lab, &mint, &[], &[(CRL, &answer)]).await;
        assert_eq!(report.revocation.crl, said, "{case}");
        assert_eq!(codes(&report), if said == revoked { vec!["revoked"] } else { vec![] }, "{case}");
    }
    // One source that says revoked outweighs another that says good.
    let staple = Ocsp::good(serial).sign(&lab, &lab.key, None);
    let answer = list(&lab.key, &[serial], later, None);
    let report = found(&lab, &mint, &staple, &[(CRL, &answer)]).await;
    assert_eq!(report.revocation.status(), Status::Revoked(NOW - 2 * DAY));
}

/// A certificate with a promise of the log that has `key`, which is signed by `signer`.
fn promised(lab: &Authority, log: &Key, signer: &Key, at: i64) -> Vec<u8> {
    const LIST: &str = "1.3.6.1.4.1.11129.2.4.2";
    let leaf_key = Key::p256();
    let mint = Mint::leaf(NAME);
    let tbs = mint.tbs(&leaf_key, INTERMEDIATE, &lab.key);
    let at = u64::try_from(at * 1000).unwrap().to_be_bytes();
    let length = u32::try_from(tbs.len()).unwrap().to_be_bytes();
    let issuer = digest(&SHA256, &lab.key.spki());
    let message = [&[0, 0], &at[..], &[0, 1], issuer.as_ref(), &length[1..], &tbs, &[0, 0]].concat();
    let signature = signer.sign(With::Sha256, &message);
    let id = digest(&SHA256, &log.spki());
    let short = |bytes: &[u8]| [&u16::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat();
    let sct = [&[0], id.as_ref(), &at, &[0, 0, 4, 3], &short(&signature)].concat();
    let value = tagged(4, &short(&short(&sct)));
    let mint = Mint { more: vec![(LIST, false, value)], ..mint };
    mint.sign(&leaf_key, INTERMEDIATE, &lab.key)
}

#[tokio::test]
async fn promises_of_logs_are_checked() {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let lab = Authority::new();
    let (log, stranger) = (Key::p256(), Key::p256());
    let text = format!("made 2027-01-01\nrfc6962 {} A log\n", BASE64_STANDARD.encode(log.spki()));
    let logs = LogList::parse(&text).unwrap();
    for (case, leaf, status, expected) in [
        ("true", promised(&lab, &log, &log, NOW - DAY), SctStatus::Valid, vec![]),
        ("false", promised(&lab, &log, &stranger, NOW - DAY), SctStatus::False, vec!["false_sct"]),
        ("of a time to come", promised(&lab, &log, &log, NOW + DAY), SctStatus::FromFuture, vec![]),
        ("of an unknown log", promised(&lab, &stranger, &stranger, NOW - DAY), SctStatus::UnknownLog, vec![]),
    ] {
        let server = Server::showing(&[leaf, lab.intermediate.clone()]).await;
        let settings = Settings { logs: logs.clone(), ..private(&[&lab.root]) };
        let report = look(settings, &server, Some(NAME)).await;
        let told: Vec<_> = report.transparency.scts.iter().map(|sct| sct.status).collect();
        assert_eq!((told, codes(&report)), (vec![status], expected), "{case}");
        assert_eq!(report.transparency.valid(), usize::from(status == SctStatus::Valid));
    }
    assert!(!logs.is_old(NOW) && logs.is_old(NOW + 70 * DAY));
}

#[test]
fn the_bundled_list_is_read() {
    let logs = LogList::default();
    assert!(!logs.is_empty() && logs.len() == include_str!("../../data/logs.txt").lines().count() - 4);
    for text in ["rfc6962", "rfc6962 ? name", "made yesterday", "made 9223372036854775807-1-1", "other x y"] {
        assert_eq!(LogList::parse(&format!("# comment\n{text}")), Err(tlscheck::NotALogList(2)));
    }
}

proptest::proptest! {
    #[test]
    fn whatever_is_said_is_read_or_not(bytes: Vec<u8>) {
        let lab = Authority::new();
        let leaf = lab.issue(&Mint::leaf(NAME));
        for said in [tlscheck::read_ocsp(&leaf, &lab.intermediate, &bytes, NOW), tlscheck::read_crl(&leaf, &lab.intermediate, &bytes, NOW)] {
            assert!(!matches!(said, Statement::Good | Statement::Revoked(_)));
        }
        let logs = LogList::default();
        assert!(tlscheck::read_scts(&bytes, &bytes, &logs, NOW).iter().all(|sct| sct.status != SctStatus::Valid));
        assert!(tlscheck::Certificate::read(&bytes).is_none());
    }
}
