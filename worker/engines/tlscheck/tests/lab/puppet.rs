//! Servers that know what they take, and answer so; they have no keys, and go no further than their first flight.

use tlscheck::Suite;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::play::Server;

/// What a server takes.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a habit of its own")]
pub(crate) struct Puppet {
    /// Numbers of versions; 2 for SSL 2.
    pub(crate) versions: Vec<u16>,
    /// In its own order.
    pub(crate) suites: Vec<u16>,
    pub(crate) prefers_its_own: bool,
    pub(crate) groups: Vec<u16>,
    pub(crate) chain: Vec<Vec<u8>>,
    pub(crate) dh_bits: usize,
    pub(crate) compresses: bool,
    pub(crate) protects_renegotiation: bool,
    pub(crate) heartbeat: Heart,
    pub(crate) decrypts: Decrypts,
    /// More suites than these, and it hangs up.
    pub(crate) most_suites: usize,
    /// It hangs up where others send alerts.
    pub(crate) is_rude: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heart {
    None,
    Sound,
    Bleeding,
}

/// What it says to secrets that it cannot use.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decrypts {
    Alike,
    /// Other things each time.
    ByForm,
}

impl Puppet {
    /// A modern server below TLS 1.3.
    pub(crate) fn new(chain: &[Vec<u8>]) -> Self {
        Self {
            versions: vec![0x0303],
            suites: vec![0xc02f, 0xc030],
            prefers_its_own: true,
            groups: vec![23],
            chain: chain.to_vec(),
            dh_bits: 2048,
            compresses: false,
            protects_renegotiation: true,
            heartbeat: Heart::None,
            decrypts: Decrypts::Alike,
            most_suites: usize::MAX,
            is_rude: false,
        }
    }

    pub(crate) async fn play(self) -> Server {
        Server::play(move |stream| self.clone().answer(stream)).await
    }

    pub(crate) async fn answer(self, mut stream: TcpStream) {
        let Some((kind, first)) = record(&mut stream).await else { return };
        let said = if kind == 0x80 { self.ssl2() } else { self.reply(&first) };
        // Without an answer it hangs up.
        let Some(flight) = said else { return };
        stream.write_all(&flight).await.ok();
        self.go_on(stream).await;
    }

    /// What comes after the first flight: heartbeats, and secrets.
    async fn go_on(self, mut stream: TcpStream) {
        let mut heard = 0;
        while let Some((kind, content)) = record(&mut stream).await {
            if kind == 24 && self.heartbeat == Heart::Bleeding {
                let beat = [&[24, 3, 3, 0, 35, 2, 0, 16][..], &[0x42; 32]].concat();
                stream.write_all(&beat).await.ok();
            }
            if kind == 22 && content.first() == Some(&16) {
                heard = content.get(6 + 10).map_or(0, |byte| byte % 3);
            }
            if kind == 20 {
                let what = match self.decrypts {
                    Decrypts::Alike => 51,
                    Decrypts::ByForm => 50 + heard,
                };
                stream.write_all(&[21, 3, 3, 0, 2, 2, what]).await.ok();
            }
        }
    }

    fn ssl2(&self) -> Option<Vec<u8>> {
        if !self.versions.contains(&2) {
            return None;
        }
        let der = self.chain.first()?;
        let length = u16::try_from(der.len()).unwrap().to_be_bytes();
        let body = [&[4, 0, 1, 0, 2][..], &length, &[0, 3, 0, 16], der, &[7, 0, 192], &[9; 16]].concat();
        let [high, low] = u16::try_from(body.len()).unwrap().to_be_bytes();
        Some([&[high | 0x80, low], body.as_slice()].concat())
    }

    /// The answer to a ClientHello; none where it hangs up.
    fn reply(&self, message: &[u8]) -> Option<Vec<u8>> {
        let hello = Hello::read(message)?;
        if hello.suites.len() > self.most_suites {
            return None;
        }
        let alert = |what| if self.is_rude { None } else { Some(vec![21, 3, 1, 0, 2, 2, what]) };
        let offered = |version: &&u16| match &hello.versions {
            Some(versions) => versions.contains(version),
            None => **version <= hello.legacy,
        };
        let Some(version) = self.versions.iter().filter(offered).max().filter(|it| **it > 2) else {
            return alert(70);
        };
        let is_new = *version == 0x0304;
        let group = self.groups.iter().find(|group| hello.groups.contains(group));
        let both = |suite: &&u16| {
            let is_curved = Suite::of(**suite).is_some_and(|known| known.name.contains("ECDHE"));
            let fits = (**suite >> 8 == 0x13) == is_new && (!is_curved || group.is_some());
            fits && self.suites.contains(suite) && hello.suites.contains(suite)
        };
        let chosen =
            if self.prefers_its_own { self.suites.iter().find(both) } else { hello.suites.iter().find(both) };
        let Some(suite) = chosen else { return alert(40) };
        if is_new {
            return match group {
                Some(group) => Some(hello.answer_new(*suite, *group)),
                None => alert(40),
            };
        }
        let known = Suite::of(*suite).unwrap();
        Some(self.first_flight(&hello, *version, &known, group.copied()))
    }

    fn first_flight(&self, hello: &Hello, version: u16, suite: &Suite, group: Option<u16>) -> Vec<u8> {
        let mut extensions = Vec::new();
        if self.protects_renegotiation && hello.has(0xff01) {
            extensions.extend([0xff, 1, 0, 1, 0]);
        }
        if self.heartbeat != Heart::None && hello.has(15) {
            extensions.extend([0, 15, 0, 1, 1]);
        }
        let compresses = self.compresses && hello.compressions.contains(&1);
        let mut body = [&version.to_be_bytes()[..], &[7; 32], &[0], &suite.number.to_be_bytes()].concat();
        body.push(u8::from(compresses));
        if !extensions.is_empty() {
            body.extend(short(&extensions));
        }
        let mut messages = message(2, &body);
        if !suite.is_anonymous {
            let certificates: Vec<u8> = self.chain.iter().flat_map(|der| long(der)).collect();
            messages.extend(message(11, &long(&certificates)));
        }
        if suite.name.contains("ECDH") {
            let curve = group.unwrap_or_default().to_be_bytes();
            messages.extend(message(12, &[&[3][..], &curve, &[4, 1, 2, 3, 4]].concat()));
        } else if suite.has_dh {
            let mut prime = vec![0xff; self.dh_bits / 8];
            prime[0] = 0x80;
            messages.extend(message(12, &[short(&prime), short(&[2]), short(&[3])].concat()));
        }
        messages.extend(message(14, &[]));
        records(version, &messages)
    }
}

/// What was offered.
struct Hello {
    legacy: u16,
    session: Vec<u8>,
    suites: Vec<u16>,
    compressions: Vec<u8>,
    extensions: Vec<(u16, Vec<u8>)>,
    versions: Option<Vec<u16>>,
    groups: Vec<u16>,
}

impl Hello {
    fn read(message: &[u8]) -> Option<Self> {
        let mut rest = message.strip_prefix(&[1])?.get(3..)?;
        let legacy = take_u16(&mut rest)?;
        take(&mut rest, 32)?;
        let length = usize::from(*take(&mut rest, 1)?.first()?);
        let session = take(&mut rest, length)?.to_vec();
        let length = usize::from(take_u16(&mut rest)?);
        let suites = words(take(&mut rest, length)?);
        let length = usize::from(*take(&mut rest, 1)?.first()?);
        let compressions = take(&mut rest, length)?.to_vec();
        let mut extensions = Vec::new();
        if !rest.is_empty() {
            take_u16(&mut rest)?;
        }
        while !rest.is_empty() {
            let number = take_u16(&mut rest)?;
            let length = usize::from(take_u16(&mut rest)?);
            extensions.push((number, take(&mut rest, length)?.to_vec()));
        }
        let find = |number| {
            extensions.iter().find(|(other, _)| *other == number).map(|(_, content)| content.as_slice())
        };
        let versions = find(43).map(|content| words(&content[1..]));
        let groups = find(10).map(|content| words(&content[2..])).unwrap_or_default();
        Some(Self { legacy, session, suites, compressions, extensions, versions, groups })
    }

    fn has(&self, number: u16) -> bool {
        self.extensions.iter().any(|(other, _)| *other == number)
    }

    /// A ServerHello of TLS 1.3, or the wish for a key where none of this group was sent.
    fn answer_new(&self, suite: u16, group: u16) -> Vec<u8> {
        const RETRY: &str = "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c";
        let shares = self.extensions.iter().find(|(number, _)| *number == 51).unwrap();
        let has_key = shares.1.get(2..4) == Some(&group.to_be_bytes());
        let random: Vec<u8> = if has_key {
            vec![7; 32]
        } else {
            (0..64).step_by(2).map(|at| u8::from_str_radix(&RETRY[at..at + 2], 16).unwrap()).collect()
        };
        let mut share = group.to_be_bytes().to_vec();
        if has_key {
            share.extend(short(&[9; 32]));
        }
        let extensions = [&[0, 43, 0, 2, 3, 4, 0, 51][..], &short(&share)].concat();
        let session = [&[u8::try_from(self.session.len()).unwrap()], self.session.as_slice()].concat();
        let body = [&[3, 3][..], &random, &session, &suite.to_be_bytes(), &[0], &short(&extensions)].concat();
        records(0x0303, &message(2, &body))
    }
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(count)?;
    *rest = left;
    Some(taken)
}

fn take_u16(rest: &mut &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes(take(rest, 2)?.try_into().unwrap()))
}

fn words(bytes: &[u8]) -> Vec<u16> {
    bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
}

fn short(content: &[u8]) -> Vec<u8> {
    [&u16::try_from(content.len()).unwrap().to_be_bytes()[..], content].concat()
}

fn long(content: &[u8]) -> Vec<u8> {
    [&u32::try_from(content.len()).unwrap().to_be_bytes()[1..], content].concat()
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [vec![kind], long(body)].concat()
}

/// Cut into records that are shorter than they may be, so that messages are spread over several.
fn records(version: u16, messages: &[u8]) -> Vec<u8> {
    let parts = messages.chunks(700);
    parts.flat_map(|part| [&[22][..], &version.to_be_bytes(), &short(part)].concat()).collect()
}

/// The next record, or a hello of SSL 2 as one of type 0x80.
async fn record(stream: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let first = stream.read_u8().await.ok()?;
    if first & 0x80 != 0 {
        let mut content = vec![0; usize::from(stream.read_u8().await.ok()?)];
        stream.read_exact(&mut content).await.ok()?;
        return Some((0x80, content));
    }
    stream.read_u16().await.ok()?;
    let mut content = vec![0; usize::from(stream.read_u16().await.ok()?)];
    stream.read_exact(&mut content).await.ok()?;
    Some((first, content))
}
