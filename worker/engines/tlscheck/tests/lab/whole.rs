//! Everything that a server takes, and what is made of it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tlscheck::{Grade, Heartbeat, Inspector, Mode, Posture, Profile, Report, Robot, Version};
use tokio::net::TcpStream;

use crate::{
    key::Key,
    look::{codes, private},
    mint::{Authority, Mint, NOW},
    play::{Server, Tls, drain},
    puppet::{Decrypts, Heart, Puppet},
};

const NAME: &str = "whole.example";

async fn look(lab: &Authority, server: &Server) -> Report {
    let target = tlscheck::Target::new(Some(NAME), server.address);
    Inspector::new(private(&[&lab.root])).inspect(&target, Mode::Full, NOW).await
}

async fn posture(lab: &Authority, puppet: Puppet) -> (Posture, Report) {
    let server = puppet.play().await;
    let report = look(lab, &server).await;
    assert!(report.is_complete, "{:?}", report.failure);
    (report.posture.clone().unwrap(), report)
}

fn lab_and_chain() -> (Authority, Vec<Vec<u8>>) {
    let lab = Authority::new();
    let key = Key::rsa(2048);
    let chain = vec![lab.issue_for(&Mint::leaf(NAME), &key), lab.intermediate.clone()];
    (lab, chain)
}

#[tokio::test]
async fn every_version_and_suite_is_found() {
    let (lab, chain) = lab_and_chain();
    let old = [0x002f, 0x0035, 0x000a, 0x0005, 0x0039];
    let all: Vec<u16> = [0xc030, 0xc02f, 0x1302, 0x1301].into_iter().chain(old).collect();
    let versions = vec![2, 0x0300, 0x0301, 0x0302, 0x0303, 0x0304];
    let puppet = Puppet { versions, suites: all, groups: vec![0x11ec, 29, 23], ..Puppet::new(&chain) };
    let (posture, report) = posture(&lab, puppet).await;
    let found: Vec<_> = posture.versions.iter().map(|offered| offered.version).collect();
    assert_eq!(found, Version::ALL);
    for offered in &posture.versions {
        let mut numbers: Vec<_> = offered.suites.iter().map(|suite| suite.number).collect();
        let below: Vec<u16> = [0xc030, 0xc02f].into_iter().chain(old).collect();
        let mut expected = match offered.version {
            Version::Ssl2 => vec![],
            Version::Tls13 => vec![0x1302, 0x1301],
            // SSL 3 knows no groups: it is asked without any.
            Version::Ssl3 => old.to_vec(),
            Version::Tls10 | Version::Tls11 | Version::Tls12 => below,
        };
        let prefers = (offered.version != Version::Ssl2).then_some(true);
        assert_eq!(offered.server_prefers, prefers, "{:?}", offered.version);
        assert_eq!(numbers.first(), expected.first());
        numbers.sort_unstable();
        expected.sort_unstable();
        assert_eq!(numbers, expected, "{:?}", offered.version);
    }
    let groups: Vec<_> = posture.groups.iter().map(|group| (group.name, group.is_post_quantum)).collect();
    assert_eq!(groups, [("X25519MLKEM768", true), ("x25519", false), ("secp256r1", false)]);
    assert_eq!(posture.dh_bits, Some(2048));
    assert_eq!(codes(&report), ["old_versions", "rc4", "small_blocks", "ssl2", "ssl3"]);
    assert_eq!(report.score.unwrap().grade, Grade::F);
}

#[tokio::test]
async fn preferences_are_told_apart() {
    let (lab, chain) = lab_and_chain();
    for prefers in [true, false] {
        let puppet = Puppet {
            versions: vec![0x0303, 0x0304],
            suites: vec![0x1302, 0x1303, 0xc030, 0xc02f],
            prefers_its_own: prefers,
            groups: vec![29],
            ..Puppet::new(&chain)
        };
        let (posture, _) = posture(&lab, puppet).await;
        let told: Vec<_> = posture.versions.iter().map(|offered| offered.server_prefers).collect();
        assert_eq!(told, [Some(prefers), Some(prefers)]);
    }
}

#[tokio::test]
async fn each_fault_is_told_by_itself() {
    let (lab, chain) = lab_and_chain();
    let puppet = || Puppet::new(&chain);
    let with = |suites: &[u16]| Puppet { suites: suites.to_vec(), ..Puppet::new(&chain) };
    for (case, puppet, expected, grade) in [
        ("clean", puppet(), vec![], Grade::AMinus),
        ("DH 512", Puppet { dh_bits: 512, ..with(&[0xc02f, 0x009e]) }, vec!["weak_dh"], Grade::F),
        ("DH 1024", Puppet { dh_bits: 1024, ..with(&[0xc02f, 0x009e]) }, vec!["weak_dh"], Grade::B),
        ("DH 2048", with(&[0xc02f, 0x009e]), vec![], Grade::AMinus),
        ("RC4 only", with(&[0x0005, 0xc011]), vec!["rc4_only"], Grade::F),
        ("RC4", with(&[0xc02f, 0x0005]), vec!["rc4"], Grade::C),
        ("3DES", with(&[0xc02f, 0x000a]), vec!["small_blocks"], Grade::C),
        ("NULL", with(&[0xc02f, 0x003b]), vec!["null_cipher"], Grade::F),
        ("export", with(&[0xc02f, 0x0008]), vec!["export_cipher"], Grade::F),
        ("anonymous", with(&[0xc02f, 0xc018]), vec!["anonymous_cipher"], Grade::F),
        ("DES", with(&[0xc02f, 0x0009]), vec!["weak_cipher"], Grade::F),
        ("no forward secrecy", with(&[0x009c]), vec!["no_forward_secrecy"], Grade::B),
        ("CBC", with(&[0xc013, 0xc014]), vec!["no_aead"], Grade::B),
        (
            "TLS 1.0 and 1.2",
            Puppet { versions: vec![0x0301, 0x0303], ..with(&[0xc02f, 0xc013]) },
            vec!["old_versions"],
            Grade::B,
        ),
        (
            "TLS 1.0",
            Puppet { versions: vec![0x0301], ..with(&[0xc013]) },
            vec!["no_aead", "old_versions_only"],
            Grade::C,
        ),
        ("compression", Puppet { compresses: true, ..puppet() }, vec!["compression"], Grade::C),
        (
            "renegotiation",
            Puppet { protects_renegotiation: false, ..puppet() },
            vec!["unsafe_renegotiation"],
            Grade::AMinus,
        ),
    ] {
        let (_, report) = posture(&lab, puppet).await;
        assert_eq!(codes(&report), expected, "{case}");
        assert_eq!(report.score.unwrap().grade, grade, "{case}");
    }
}

#[tokio::test]
async fn attacks_are_tried_without_harm() {
    let (lab, chain) = lab_and_chain();
    let puppet = || Puppet { suites: vec![0xc02f, 0x009c], ..Puppet::new(&chain) };
    for (puppet, expected, heartbeat, robot) in [
        (puppet(), vec![], Heartbeat::Absent, Robot::Safe),
        (Puppet { suites: vec![0xc02f], ..puppet() }, vec![], Heartbeat::Absent, Robot::NotAsked),
        (Puppet { heartbeat: Heart::Sound, ..puppet() }, vec![], Heartbeat::Present, Robot::Safe),
        (
            Puppet { heartbeat: Heart::Bleeding, ..puppet() },
            vec!["heartbleed"],
            Heartbeat::Bleeds,
            Robot::Safe,
        ),
        (Puppet { decrypts: Decrypts::ByForm, ..puppet() }, vec!["robot"], Heartbeat::Absent, Robot::Oracle),
    ] {
        let (posture, report) = posture(&lab, puppet).await;
        assert_eq!((posture.heartbeat, posture.robot), (heartbeat, robot));
        assert_eq!(codes(&report), expected);
        assert_eq!(report.score.unwrap().grade, if expected.is_empty() { Grade::AMinus } else { Grade::F });
    }
}

/// A page server with this head.
async fn pages(
    chain: &[Vec<u8>],
    head: &'static str,
    versions: Vec<&'static rustls::SupportedProtocolVersion>,
) -> Server {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let acceptor = Tls { alpn: vec!["h2", "http/1.1"], versions, ..Tls::new(chain) }.acceptor();
    Server::play(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            let mut asked = [0; 16];
            if stream.read_exact(&mut asked).await.is_ok() && asked.starts_with(b"GET / HTTP/1.1\r\n") {
                stream.write_all(head.as_bytes()).await.ok();
                stream.shutdown().await.ok();
            }
        }
    })
    .await
}

#[tokio::test]
async fn a_real_server_is_read_whole() {
    let lab = Authority::new();
    let chain = lab.chain(&Mint::leaf(NAME).valid(-1, 80));
    let good = "HTTP/1.1 200 OK\r\nStrict-Transport-Security: max-age=63072000\r\n\r\n";
    let short = "HTTP/1.1 200 OK\r\nStrict-Transport-Security: max-age=3600\r\n\r\n";
    let none = "HTTP/1.1 301 Moved\r\nLocation: /\r\n\r\n";
    let (both, new) = (rustls::ALL_VERSIONS.to_vec(), vec![&rustls::version::TLS13]);
    for (head, versions, expected, grade, profile) in [
        (good, both.clone(), vec![], Grade::APlus, Some(Profile::Intermediate)),
        (good, new, vec![], Grade::APlus, Some(Profile::Modern)),
        (short, both.clone(), vec!["short_hsts"], Grade::A, None),
        (none, both, vec!["no_hsts"], Grade::A, None),
    ] {
        let server = pages(&chain, head, versions).await;
        let report = look(&lab, &server).await;
        assert_eq!(codes(&report), expected);
        assert_eq!((report.score.unwrap().grade, report.profile), (grade, profile));
        let posture = report.posture.unwrap();
        assert_eq!(posture.alpn, ["h2", "http/1.1"]);
        assert!(posture.is_complete && report.is_complete);
    }
}

#[tokio::test]
async fn trust_comes_before_all() {
    let (lab, _) = lab_and_chain();
    let other = lab.chain(&Mint::leaf("other.example"));
    let over = lab.chain(&Mint::leaf(NAME).valid(-90, -1));
    for (chain, grade) in [(other, Grade::M), (over, Grade::T)] {
        let (_, report) = posture(&lab, Puppet::new(&chain)).await;
        let score = report.score.unwrap();
        assert_eq!((score.total, score.grade), (0, grade));
    }
}

/// Answers three times, and never again.
async fn speak_thrice(mut stream: TcpStream, puppet: Puppet, calls: Arc<AtomicUsize>) {
    if calls.fetch_add(1, Ordering::Relaxed) < 3 {
        puppet.answer(stream).await;
    } else {
        drain(&mut stream).await;
    }
}

#[tokio::test]
async fn who_falls_silent_is_told_as_far_as_he_spoke() {
    let (lab, chain) = lab_and_chain();
    let puppet = Puppet::new(&chain);
    let calls = Arc::new(AtomicUsize::new(0));
    let server = Server::play(move |stream| speak_thrice(stream, puppet.clone(), calls.clone())).await;
    let report = look(&lab, &server).await;
    assert!(!report.is_complete);
    assert!(report.certificate.is_some() && !report.posture.unwrap().is_complete);
}
