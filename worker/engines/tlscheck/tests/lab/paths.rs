//! Whether a path is believed, and everything that is wrong with one that is not.

use tlscheck::{Cause, Settings};

use crate::{
    key::{Key, With},
    look::{Script, codes, look, private},
    mint::{Authority, CLIENT, DAY, INTERMEDIATE, Mint, NOW, ROOT, Signs},
    openssl,
    play::{Server, Tls},
};

const NAME: &str = "site.example";

/// What is found where this is sent, to who believes the root of the lab.
async fn found(authority: &Authority, chain: &[Vec<u8>]) -> Vec<&'static str> {
    let server = Server::showing(chain).await;
    let report = look(private(&[&authority.root]), &server, Some(NAME)).await;
    assert_eq!(report.failure, None);
    let verdict = report.verdict.as_ref().unwrap();
    assert_eq!(verdict.trusted, verdict.causes.is_empty());
    if !openssl::sees_otherwise(report.certificate.as_ref().unwrap()) {
        let is_believed = openssl::believes(&authority.root, chain, NAME);
        assert_eq!(is_believed, verdict.trusted, "{:?}", verdict.causes);
    }
    codes(&report)
}

#[tokio::test]
async fn the_leaf_by_itself() {
    let lab = Authority::new();
    let leaf = || Mint::leaf(NAME);
    let of_key = |key: &Key| vec![lab.issue_for(&leaf(), key), lab.intermediate.clone()];
    let unreadable = Mint { more: vec![("1.2.3.4", true, vec![5, 0])], ..leaf() };
    for (case, chain, expected) in [
        ("clean", lab.chain(&leaf()), vec![]),
        ("with its root", [lab.chain(&leaf()), vec![lab.root.clone()]].concat(), vec![]),
        (
            "wildcard",
            lab.chain(&Mint { dns: vec!["*.example".into(), "*.site.example".into()], ..leaf() }),
            vec!["name_mismatch"],
        ),
        ("P-384", of_key(&Key::p384()), vec![]),
        ("RSA 2048", of_key(&Key::rsa(2048)), vec![]),
        ("expired", lab.chain(&leaf().valid(-90, -1)), vec!["expired"]),
        ("expired a second ago", lab.chain(&Mint { until: NOW - 1, ..leaf() }), vec!["expired"]),
        ("the last second", lab.chain(&Mint { until: NOW, ..leaf() }), vec![]),
        ("the first second", lab.chain(&Mint { from: NOW, ..leaf() }), vec![]),
        ("not yet valid", lab.chain(&leaf().valid(1, 90)), vec!["not_yet_valid"]),
        ("another name", lab.chain(&Mint::leaf("other.example")), vec!["name_mismatch"]),
        (
            "common name only",
            lab.chain(&Mint { dns: vec![], ..leaf() }),
            vec!["common_name_only", "name_mismatch"],
        ),
        ("for clients", lab.chain(&Mint { usage: vec![CLIENT], ..leaf() }), vec!["wrong_purpose"]),
        ("for anything", lab.chain(&Mint { usage: vec![], ..leaf() }), vec![]),
        ("RSA 1024", of_key(&Key::rsa(1024)), vec!["weak_key"]),
        ("RSA 512", of_key(&Key::rsa(512)), vec!["weak_key"]),
        ("P-521", of_key(&Key::p521()), vec!["unusual_key"]),
        ("Ed25519", of_key(&Key::ed25519()), vec!["unusual_key"]),
        ("a CA as a server", lab.chain(&Mint { signs: Signs::All, ..leaf() }), vec!["ca_as_leaf"]),
        ("unknown and critical", lab.chain(&unreadable), vec!["malformed"]),
        ("10 years", lab.chain(&leaf().valid(-30, 3620)), vec!["long_private_lifetime"]),
        (
            "expired, for another name, too short a key",
            vec![
                lab.issue_for(
                    &Mint { dns: vec!["a.example".into()], ..leaf() }.valid(-90, -1),
                    &Key::rsa(1024),
                ),
                lab.intermediate.clone(),
            ],
            vec!["expired", "name_mismatch", "weak_key"],
        ),
    ] {
        assert_eq!(found(&lab, &chain).await, expected, "{case}");
    }
}

#[tokio::test]
async fn the_path_above() {
    let lab = Authority::new();
    let other = Authority::new();
    let leaf = Mint::leaf(NAME);
    let issue = |mint: &Mint| lab.issue(mint);
    // An intermediate of the same name and key, made in another way.
    let with = |mint: Mint| vec![issue(&leaf), mint.sign(&lab.key, ROOT, &lab.root_key)];
    let below = {
        let key = Key::p256();
        let middle = Mint::ca("Second Intermediate of the Lab").sign(&key, INTERMEDIATE, &lab.key);
        vec![leaf.sign(&Key::p256(), "Second Intermediate of the Lab", &key), middle]
    };
    let flat =
        Mint { signs: Signs::OnlyServers, ..Mint::ca(INTERMEDIATE) }.sign(&lab.key, ROOT, &lab.root_key);
    let many = [
        lab.chain(&leaf),
        (0..12)
            .map(|number| Mint::ca(&format!("Spare {number}")).sign(&Key::p256(), ROOT, &lab.root_key))
            .collect(),
    ]
    .concat();
    for (case, chain, expected) in [
        (
            "root of another, sent",
            [other.chain(&leaf), vec![other.root.clone()]].concat(),
            vec!["bad_signature"],
        ),
        ("no intermediate", vec![issue(&leaf)], vec!["incomplete_chain"]),
        (
            "no intermediate, and over",
            vec![issue(&leaf.clone().valid(-90, -1))],
            vec!["expired", "incomplete_chain"],
        ),
        ("one of two intermediates", below.clone(), vec!["incomplete_chain"]),
        ("two intermediates", [below.clone(), vec![lab.intermediate.clone()]].concat(), vec![]),
        ("in disorder", vec![below[0].clone(), lab.intermediate.clone(), below[1].clone()], vec![]),
        ("one too many below", [below, vec![flat]].concat(), vec!["path_too_long"]),
        ("may not sign", with(Mint { signs: Signs::Nothing, ..Mint::ca(INTERMEDIATE) }), vec!["not_a_ca"]),
        (
            "may not sign for servers",
            with(Mint { usage: vec![CLIENT], ..Mint::ca(INTERMEDIATE) }),
            vec!["wrong_purpose"],
        ),
        (
            "may not sign for the name",
            with(Mint { permitted: Some("other.example"), ..Mint::ca(INTERMEDIATE) }),
            vec!["name_constraint"],
        ),
        (
            "may sign for the name",
            with(Mint { permitted: Some("example"), ..Mint::ca(INTERMEDIATE) }),
            vec![],
        ),
        ("issuer over", with(Mint::ca(INTERMEDIATE).valid(-900, -2)), vec!["issuer_expired"]),
        ("issuer not begun", with(Mint::ca(INTERMEDIATE).valid(2, 900)), vec!["issuer_not_yet_valid"]),
        ("twelve too many", many, vec!["long_chain"]),
    ] {
        assert_eq!(found(&lab, &chain).await, expected, "{case}");
    }
}

#[tokio::test]
async fn nobody_but_itself() {
    let lab = Authority::new();
    let key = Key::p256();
    let leaf = Mint::leaf(NAME);
    for (mint, expected) in [
        (leaf.clone(), vec!["self_signed"]),
        (Mint { signs: Signs::All, ..leaf.clone() }, vec!["self_signed"]),
        (leaf.clone().valid(-90, -1), vec!["expired", "self_signed"]),
    ] {
        assert_eq!(found(&lab, &[mint.sign(&key, NAME, &key)]).await, expected);
    }
}

#[tokio::test]
async fn a_root_that_nobody_believes() {
    let lab = Authority::new();
    let leaf = Mint::leaf(NAME);
    let (root_key, key) = (Key::p256(), Key::p256());
    let root = Mint::ca("Root of Others").sign(&root_key, "Root of Others", &root_key);
    let middle = Mint::ca("Others").sign(&key, "Root of Others", &root_key);
    let by_middle = leaf.sign(&Key::p256(), "Others", &key);
    let by_root = leaf.sign(&Key::p256(), "Root of Others", &root_key);
    for (case, chain) in [
        ("sent", vec![by_middle.clone(), middle.clone(), root.clone()]),
        ("not sent", vec![by_middle, middle]),
        ("without intermediate, sent", vec![by_root.clone(), root]),
        ("without intermediate, not sent", vec![by_root]),
    ] {
        assert_eq!(found(&lab, &chain).await, ["untrusted_root"], "{case}");
    }
}

#[tokio::test]
async fn signatures_of_another_time() {
    let lab = Authority::with(Key::p256(), Key::rsa(2048));
    let weak = Authority::with(Key::p256(), Key::rsa(1024));
    let over = Authority::with(Key::rsa(2048), Key::rsa(2048));
    let leaf = Mint::leaf(NAME);
    let by = |with| Mint { with, ..leaf.clone() };
    let old_issuer =
        Mint { with: With::Sha1, ..Mint::ca(INTERMEDIATE) }.sign(&over.key, ROOT, &over.root_key);
    let mut forged = lab.issue(&leaf);
    let last = forged.len() - 1;
    forged[last] ^= 1;
    for (case, lab, chain, expected) in [
        ("RSA", &lab, lab.chain(&leaf), vec![]),
        ("SHA-1", &lab, lab.chain(&by(With::Sha1)), vec!["weak_signature"]),
        ("MD5", &lab, lab.chain(&by(With::Md5)), vec!["weak_signature"]),
        (
            "SHA-1, and over",
            &lab,
            lab.chain(&by(With::Sha1).valid(-90, -1)),
            vec!["expired", "weak_signature"],
        ),
        ("SHA-1 above", &over, vec![over.issue(&leaf), old_issuer], vec!["weak_signature"]),
        ("1024 bits above", &weak, weak.chain(&leaf), vec!["weak_key"]),
        ("false", &lab, vec![forged, lab.intermediate.clone()], vec!["bad_signature"]),
    ] {
        assert_eq!(found(lab, &chain).await, expected, "{case}");
    }
}

#[tokio::test]
async fn a_crossed_path_that_is_over_is_no_alarm() {
    let lab = Authority::new();
    let old_key = Key::p256();
    let old_root = Mint::ca("Old Root").valid(-4000, -10).sign(&old_key, "Old Root", &old_key);
    let crossed = Mint::ca(ROOT).valid(-2000, -10).sign(&lab.root_key, "Old Root", &old_key);
    let chain = [lab.chain(&Mint::leaf(NAME)), vec![crossed, old_root]].concat();
    assert_eq!(found(&lab, &chain).await, Vec::<&str>::new());
    // The same where the one that is over stands for the intermediate.
    let crossed = Mint::ca(INTERMEDIATE).valid(-2000, -10).sign(&lab.key, "Old Root", &old_key);
    let chain = vec![lab.issue(&Mint::leaf(NAME)), crossed, lab.intermediate.clone()];
    assert_eq!(found(&lab, &chain).await, Vec::<&str>::new());
}

#[tokio::test]
async fn a_browser_fetches_what_is_missing() {
    let lab = Authority::new();
    let url = "http://issuers.example/1";
    let leaf = Mint { issuer_url: Some(url.into()), ..Mint::leaf(NAME) };
    let server = Server::showing(&[lab.issue(&leaf)]).await;
    let asking =
        |answer: &[u8]| Settings { fetch: Some(Script::of(&[(url, answer)])), ..private(&[&lab.root]) };
    let report = look(asking(&lab.intermediate), &server, Some(NAME)).await;
    let verdict = report.verdict.as_ref().unwrap();
    assert_eq!(codes(&report), ["incomplete_mendable"]);
    assert!(!verdict.trusted && verdict.browser_trusted);
    // Garbage, somebody else's certificate and silence mend nothing.
    let others = Authority::new();
    for answer in [b"garbage".to_vec(), others.root, Vec::new()] {
        let report = look(asking(&answer), &server, Some(NAME)).await;
        assert_eq!(codes(&report), ["incomplete_chain"]);
        assert!(!report.verdict.unwrap().browser_trusted);
    }
    let report = look(private(&[&lab.root]), &server, Some(NAME)).await;
    assert_eq!(codes(&report), ["incomplete_chain"]);
    // What mends the path does not mend the rest.
    let over = leaf.valid(-90, -1);
    let server = Server::showing(&[lab.issue(&over)]).await;
    let report = look(asking(&lab.intermediate), &server, Some(NAME)).await;
    assert_eq!(codes(&report), ["expired", "incomplete_mendable"]);
    assert!(!report.verdict.unwrap().browser_trusted);
}

#[tokio::test]
async fn names_choose_certificates() {
    let lab = Authority::new();
    let address = std::net::Ipv4Addr::LOCALHOST.into();
    let numbered = Mint { ips: vec![address], ..Mint::leaf("numbered.example") };
    let tls = Tls {
        others: vec![
            ("a.", lab.chain(&Mint::leaf("a.example"))),
            ("b.", lab.chain(&Mint::leaf("b.example"))),
        ],
        ..Tls::new(&lab.chain(&numbered))
    };
    let server = Server::tls(tls).await;
    for (name, shown) in [
        (Some("a.example"), "a.example"),
        (Some("b.example"), "b.example"),
        (Some("A.Example."), "a.example"),
        (None, "numbered.example"),
        (Some("127.0.0.1"), "numbered.example"),
    ] {
        let report = look(private(&[&lab.root]), &server, name).await;
        assert_eq!(codes(&report), Vec::<&str>::new(), "{name:?}");
        assert_eq!(report.certificate.unwrap().common_name.as_deref(), Some(shown));
    }
    let report = look(private(&[&lab.root]), &server, Some("c.example")).await;
    assert_eq!(codes(&report), ["name_mismatch"]);
}

#[tokio::test]
async fn public_roots_have_rules_of_their_own() {
    let lab = Authority::new();
    let settings = || crate::look::browser(&[&lab.root]);
    // The lab is at a time when 200 days are allowed.
    for (days, expected) in [(199, vec!["no_sct"]), (201, vec!["long_lifetime", "no_sct"])] {
        let mint = Mint { from: NOW, until: NOW + days * DAY - 1, ..Mint::leaf(NAME) };
        let server = Server::showing(&lab.chain(&mint)).await;
        let report = look(settings(), &server, Some(NAME)).await;
        assert_eq!(codes(&report), expected);
        let verdict = report.verdict.unwrap();
        assert!(verdict.is_public);
        assert_eq!(verdict.trusted, !verdict.causes.contains(&Cause::LongLifetime));
    }
}
