//! Servers that hang, hang up, drip, flood and lie: each look ends in time, and says what happened.

use std::{
    net::{Ipv6Addr, SocketAddr, TcpListener},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use rustls::version::{TLS12, TLS13};
use tlscheck::{ClientCertificate, Failure, Inspector, Limits, Mode, Settings, Target};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    look::{codes, limits, look, private},
    mint::{Authority, Mint, NOW},
    play::{Server, Tls, drain, say},
};

async fn failure(server: &Server) -> Option<Failure> {
    let report = look(private(&[]), server, Some("a.example")).await;
    assert!(report.certificate.is_none() && report.findings.is_empty());
    report.failure
}

#[tokio::test]
async fn nobody_there() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let report = crate::look::look_at(private(&[]), &Target::new(None, free)).await;
    assert_eq!(report.failure, Some(Failure::Refused));
    assert!(report.is_complete);
}

#[tokio::test]
async fn who_says_nothing_is_waited_for_once() {
    let server = Server::play(|mut stream| async move { drain(&mut stream).await }).await;
    assert_eq!(failure(&server).await, Some(Failure::Timeout));
    assert_eq!(server.taken.available_permits(), 1);
}

#[tokio::test]
async fn who_hangs_in_the_middle() {
    // Half a record, and a record with half a message.
    for heard in [&[22, 3, 3, 0, 100, 2, 0][..], &[22, 3, 3, 0, 4, 2, 0, 0, 90]] {
        let server = Server::play(move |stream| say(stream, heard.to_vec())).await;
        let report = look(private(&[]), &server, Some("a.example")).await;
        assert_eq!(report.failure, Some(Failure::Timeout));
        assert!(!report.is_complete);
    }
}

#[tokio::test]
async fn who_drips() {
    let server = Server::play(|mut stream| async move {
        while stream.write_all(&[22]).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    })
    .await;
    let failure = failure(&server).await;
    assert!(matches!(failure, Some(Failure::NotTls | Failure::Timeout)), "{failure:?}");
}

#[tokio::test]
async fn who_hangs_up() {
    let server = Server::play(|stream| async move { drop(stream) }).await;
    assert_eq!(failure(&server).await, Some(Failure::Reset));
    // With a reset: what was not read is thrown away.
    let server = Server::play(|mut stream| async move {
        stream.read_exact(&mut [0; 1]).await.ok();
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).ok();
    })
    .await;
    assert_eq!(failure(&server).await, Some(Failure::Reset));
}

#[tokio::test]
async fn who_speaks_something_else() {
    for heard in
        [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b"SSH-2.0-x\r\n", b"\x00\x00\x00\x00", &[0xff; 100]]
    {
        let server = Server::play(move |stream| say(stream, heard.to_vec())).await;
        assert_eq!(failure(&server).await, Some(Failure::NotTls), "{heard:?}");
    }
}

#[tokio::test]
async fn who_refuses_everything() {
    let server = Server::play(|mut stream| async move {
        stream.read_exact(&mut [0; 64]).await.ok();
        say(stream, vec![21, 3, 3, 0, 2, 2, 40]).await;
    })
    .await;
    assert_eq!(failure(&server).await, Some(Failure::HandshakeFailed));
}

#[tokio::test]
async fn who_floods() {
    // Records of a kind that is passed over, and handshake messages without end.
    for record in [[23, 3, 3, 0x40, 0].as_slice(), &[22, 3, 3, 0x40, 0]] {
        let record = [record, &[0; 0x4000]].concat();
        let server = Server::play(move |stream| flood(stream, record.clone())).await;
        let report = look(private(&[]), &server, Some("a.example")).await;
        assert!(report.failure.is_some() && report.certificate.is_none(), "{:?}", report.failure);
    }
}

/// 32 MB of one record.
async fn flood(mut stream: TcpStream, record: Vec<u8>) {
    for _ in 0..2048 {
        if stream.write_all(&record).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn who_sends_a_chain_without_end() {
    let lab = Authority::new();
    let spare = Mint { dns: vec!["x".repeat(10_000)], ..Mint::leaf("spare.example") };
    let mut chain = lab.chain(&Mint::leaf("a.example"));
    chain.extend((0..5).map(|_| lab.issue(&spare)));
    for version in [&TLS12, &TLS13] {
        let server = Server::tls(Tls { versions: vec![version], ..Tls::new(&chain) }).await;
        let report = look(private(&[&lab.root]), &server, Some("a.example")).await;
        assert_eq!(codes(&report), ["long_chain"], "{version:?}");
        // More than a library takes, and more than anybody does.
        let giant: Vec<_> = chain.iter().cloned().chain((0..40).map(|_| lab.issue(&spare))).collect();
        let server = Server::tls(Tls { versions: vec![version], ..Tls::new(&giant) }).await;
        let report = look(private(&[&lab.root]), &server, Some("a.example")).await;
        assert!(report.failure.is_some(), "{version:?}");
    }
}

#[tokio::test]
async fn the_whole_has_an_end() {
    // Each line in time, but never the end of them.
    let server = Server::play(|mut stream| async move {
        while stream.write_all(b"220-later\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    let limits = Limits { answer: Duration::from_hours(1), certificate: Duration::from_secs(1), ..limits() };
    let target = Target {
        start: tlscheck::Start::Plain(tlscheck::StartTls::Smtp),
        ..Target::new(Some("a.example"), server.address)
    };
    let inspector = Inspector::new(Settings { limits, ..private(&[]) });
    let report = inspector.inspect(&target, Mode::Certificate, NOW).await;
    assert_eq!((report.failure, report.is_complete), (Some(Failure::Timeout), false));
}

#[tokio::test]
async fn an_address_is_never_crowded() {
    // Twenty looks at one address, which only lets go when five are there.
    let crowd = std::sync::Arc::new(tokio::sync::Barrier::new(5));
    let here = std::sync::Arc::new(AtomicUsize::new(0));
    let most = std::sync::Arc::new(AtomicUsize::new(0));
    let counts = (here.clone(), most.clone());
    let server = Server::play(move |stream| {
        let (crowd, here, most) = (crowd.clone(), here.clone(), most.clone());
        async move {
            let now = here.fetch_add(1, Ordering::SeqCst) + 1;
            most.fetch_max(now, Ordering::SeqCst);
            crowd.wait().await;
            here.fetch_sub(1, Ordering::SeqCst);
            say(stream, b"no TLS\r\n".to_vec()).await;
        }
    })
    .await;
    let limits = Limits { answer: Duration::from_secs(30), certificate: Duration::from_mins(1), ..limits() };
    let inspector = Inspector::new(Settings { limits, ..private(&[]) });
    let target = Target::new(None, server.address);
    let looks = (0..20).map(|_| inspector.inspect(&target, Mode::Certificate, NOW));
    for report in futures::future::join_all(looks).await {
        assert_eq!(report.failure, Some(Failure::NotTls));
    }
    assert_eq!(counts.1.load(Ordering::SeqCst), 5);
}

#[tokio::test]
async fn who_asks_for_certificates() {
    let lab = Authority::new();
    let chain = lab.chain(&Mint::leaf("a.example"));
    for version in [&TLS12, &TLS13] {
        for (must, wants, failure) in [
            (false, ClientCertificate::Wanted, None),
            (true, ClientCertificate::Required, Some(Failure::ClientCertRequired)),
        ] {
            let tls = Tls { asks: Some(must), versions: vec![version], ..Tls::new(&chain) };
            let server = Server::tls(tls).await;
            let report = look(private(&[&lab.root]), &server, Some("a.example")).await;
            assert_eq!((report.client_certificate, report.failure), (wants, failure), "{version:?}");
            assert!(report.verdict.as_ref().unwrap().trusted);
            assert_eq!(codes(&report), Vec::<&str>::new());
        }
    }
}

#[tokio::test]
async fn the_other_family() {
    let lab = Authority::new();
    let Ok(listener) = tokio::net::TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).await else {
        // This machine has no IPv6: then that is what is told.
        let target = Target::new(None, SocketAddr::from((Ipv6Addr::LOCALHOST, 443)));
        let report = crate::look::look_at(private(&[]), &target).await;
        assert_eq!(report.failure, Some(Failure::NoIpv6Route));
        return;
    };
    let address = listener.local_addr().unwrap();
    drop(listener);
    let chain = lab.chain(&Mint { ips: vec![Ipv6Addr::LOCALHOST.into()], ..Mint::leaf("a.example") });
    let server = Server::tls_at(&address.to_string(), Tls::new(&chain)).await;
    let report = look(private(&[&lab.root]), &server, None).await;
    assert_eq!(codes(&report), Vec::<&str>::new());
    assert!(report.verdict.unwrap().trusted);
}
