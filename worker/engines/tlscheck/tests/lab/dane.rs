//! Records that say which certificate a server has.

use ring::digest::{SHA256, SHA512, digest};
use tlscheck::{Report, Tlsa, TlsaVerdict, tlsa};

use crate::{
    key::Key,
    look::{look, private},
    mint::{Authority, Mint},
    play::Server,
};

fn record(usage: u8, selector: u8, matching: u8, of: &[u8]) -> Tlsa {
    let data = match matching {
        0 => of.to_vec(),
        1 => digest(&SHA256, of).as_ref().to_vec(),
        _ => digest(&SHA512, of).as_ref().to_vec(),
    };
    Tlsa { usage, selector, matching, data }
}

#[tokio::test]
async fn records_are_met_or_missed() {
    use TlsaVerdict::{Absent, Met, Missed};
    let lab = Authority::new();
    let key = Key::p256();
    let leaf = lab.issue_for(&Mint::leaf("mail.example"), &key);
    let server = Server::showing(&[leaf.clone(), lab.intermediate.clone()]).await;
    let trusted: Report = look(private(&[&lab.root]), &server, Some("mail.example")).await;
    let unknown = look(private(&[]), &server, Some("mail.example")).await;
    let misnamed = look(private(&[]), &server, Some("other.example")).await;
    for (records, report, verdict) in [
        (vec![], &trusted, Absent),
        (vec![record(3, 9, 1, b"")], &trusted, Absent),
        (vec![record(3, 0, 0, &leaf)], &unknown, Met),
        (vec![record(3, 1, 1, &key.spki())], &misnamed, Met),
        (vec![record(3, 1, 2, &key.spki())], &unknown, Met),
        (vec![record(3, 1, 1, b"another key"), record(3, 0, 1, &leaf)], &unknown, Met),
        (vec![record(3, 1, 1, b"another key")], &trusted, Missed),
        (vec![record(2, 0, 1, &lab.intermediate)], &unknown, Met),
        (vec![record(2, 1, 1, &lab.key.spki())], &misnamed, Missed),
        (vec![record(2, 0, 1, &leaf)], &unknown, Missed),
        (vec![record(1, 0, 1, &leaf)], &trusted, Met),
        (vec![record(1, 0, 1, &leaf)], &unknown, Missed),
        (vec![record(0, 0, 1, &lab.intermediate)], &trusted, Met),
        (vec![record(0, 0, 1, &lab.intermediate)], &unknown, Missed),
    ] {
        assert_eq!(tlsa(&records, report), verdict, "{records:?}");
    }
}
