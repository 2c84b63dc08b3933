//! Certificates of the lab, the good ones and those that nobody should have.

use std::{
    net::IpAddr,
    sync::atomic::{AtomicU32, Ordering},
};

use crate::{
    der::{bit_string, integer, oid, sequence, tagged, time},
    key::{Key, With},
};

/// When the lab is: a day in January 2027.
pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const DAY: i64 = 86_400;

static SERIAL: AtomicU32 = AtomicU32::new(1);

/// What is to be in a certificate.
#[derive(Clone)]
pub(crate) struct Mint {
    pub(crate) subject: String,
    pub(crate) dns: Vec<String>,
    pub(crate) ips: Vec<IpAddr>,
    pub(crate) from: i64,
    pub(crate) until: i64,
    pub(crate) signs: Signs,
    pub(crate) usage: Vec<&'static str>,
    pub(crate) permitted: Option<&'static str>,
    pub(crate) issuer_url: Option<String>,
    pub(crate) ocsp_url: Option<String>,
    pub(crate) crl_url: Option<String>,
    /// Object identifier, whether it is critical, value.
    pub(crate) more: Vec<(&'static str, bool, Vec<u8>)>,
    pub(crate) with: With,
    pub(crate) serial: Vec<u8>,
}

/// What a certificate may sign.
#[derive(Clone, Copy)]
pub(crate) enum Signs {
    Nothing,
    All,
    /// Nothing that signs others.
    OnlyServers,
}

pub(crate) const SERVER: &str = "1.3.6.1.5.5.7.3.1";
pub(crate) const CLIENT: &str = "1.3.6.1.5.5.7.3.2";
pub(crate) const RESPONDER: &str = "1.3.6.1.5.5.7.3.9";

impl Mint {
    /// A server's, for 60 of its 90 days more.
    pub(crate) fn leaf(name: &str) -> Self {
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        Self {
            subject: name.to_owned(),
            dns: vec![name.to_owned()],
            ips: Vec::new(),
            from: NOW - 30 * DAY,
            until: NOW + 60 * DAY,
            signs: Signs::Nothing,
            usage: vec![SERVER],
            permitted: None,
            issuer_url: None,
            ocsp_url: None,
            crl_url: None,
            more: Vec::new(),
            with: With::Sha256,
            serial: [&[0x40][..], &serial.to_be_bytes()].concat(),
        }
    }

    /// One that may sign others.
    pub(crate) fn ca(name: &str) -> Self {
        Self {
            dns: Vec::new(),
            from: NOW - 1000 * DAY,
            until: NOW + 1000 * DAY,
            signs: Signs::All,
            usage: Vec::new(),
            ..Self::leaf(name)
        }
    }

    pub(crate) fn valid(self, from: i64, until: i64) -> Self {
        Self { from: NOW + from * DAY, until: NOW + until * DAY, ..self }
    }

    /// The part that is signed.
    pub(crate) fn tbs(&self, key: &Key, issuer: &str, issuer_key: &Key) -> Vec<u8> {
        let fields = [
            tagged(0xa0, &integer(&[2])),
            integer(&self.serial),
            issuer_key.algorithm(self.with),
            name(issuer),
            sequence(&[time(self.from), time(self.until)]),
            name(&self.subject),
            key.spki(),
            tagged(0xa3, &sequence(&self.extensions())),
        ];
        sequence(&fields)
    }

    /// Signed by `issuer`.
    pub(crate) fn sign(&self, key: &Key, issuer: &str, issuer_key: &Key) -> Vec<u8> {
        let tbs = self.tbs(key, issuer, issuer_key);
        let signature = issuer_key.sign(self.with, &tbs);
        sequence(&[tbs, issuer_key.algorithm(self.with), bit_string(&signature)])
    }

    fn extensions(&self) -> Vec<Vec<u8>> {
        let mut out = Vec::new();
        let mut add = |number: &str, is_critical: bool, value: &[u8]| {
            let mut fields = vec![oid(number)];
            if is_critical {
                fields.push(tagged(1, &[0xff]));
            }
            fields.push(tagged(4, value));
            out.push(sequence(&fields));
        };
        let signs = tagged(1, &[0xff]);
        match self.signs {
            Signs::Nothing => {}
            Signs::All => add("2.5.29.19", true, &sequence(&[signs])),
            Signs::OnlyServers => add("2.5.29.19", true, &sequence(&[signs, integer(&[0])])),
        }
        let mut names: Vec<_> = self.dns.iter().map(|name| tagged(0x82, name.as_bytes())).collect();
        names.extend(self.ips.iter().map(|ip| match ip {
            IpAddr::V4(v4) => tagged(0x87, &v4.octets()),
            IpAddr::V6(v6) => tagged(0x87, &v6.octets()),
        }));
        if !names.is_empty() {
            add("2.5.29.17", false, &sequence(&names));
        }
        if !self.usage.is_empty() {
            add(
                "2.5.29.37",
                false,
                &sequence(&self.usage.iter().map(|usage| oid(usage)).collect::<Vec<_>>()),
            );
        }
        if let Some(parent) = self.permitted {
            let tree = sequence(&[tagged(0x82, parent.as_bytes())]);
            add("2.5.29.30", true, &sequence(&[tagged(0xa0, &tree)]));
        }
        let url = |url: &str| tagged(0x86, url.as_bytes());
        let ocsp = self.ocsp_url.iter().map(|it| sequence(&[oid("1.3.6.1.5.5.7.48.1"), url(it)]));
        let issuer = self.issuer_url.iter().map(|it| sequence(&[oid("1.3.6.1.5.5.7.48.2"), url(it)]));
        let access: Vec<_> = ocsp.chain(issuer).collect();
        if !access.is_empty() {
            add("1.3.6.1.5.5.7.1.1", false, &sequence(&access));
        }
        if let Some(it) = &self.crl_url {
            let point = tagged(0xa0, &tagged(0xa0, &url(it)));
            add("2.5.29.31", false, &sequence(&[sequence(&[point])]));
        }
        for (number, is_critical, value) in &self.more {
            add(number, *is_critical, value);
        }
        out
    }
}

/// A name that is a common name.
pub(crate) fn name(text: &str) -> Vec<u8> {
    let value = sequence(&[oid("2.5.4.3"), tagged(0x0c, text.as_bytes())]);
    sequence(&[tagged(0x31, &value)])
}

/// A root, an intermediate below it, and their keys.
pub(crate) struct Authority {
    pub(crate) root: Vec<u8>,
    pub(crate) root_key: Key,
    pub(crate) intermediate: Vec<u8>,
    pub(crate) key: Key,
}

pub(crate) const ROOT: &str = "Root of the Lab";
pub(crate) const INTERMEDIATE: &str = "Intermediate of the Lab";

impl Authority {
    pub(crate) fn new() -> Self {
        Self::with(Key::p256(), Key::p256())
    }

    pub(crate) fn with(root_key: Key, key: Key) -> Self {
        let root = Mint::ca(ROOT).sign(&root_key, ROOT, &root_key);
        let intermediate = Mint::ca(INTERMEDIATE).sign(&key, ROOT, &root_key);
        Self { root, root_key, intermediate, key }
    }

    /// A server's certificate by the intermediate.
    pub(crate) fn issue(&self, mint: &Mint) -> Vec<u8> {
        self.issue_for(mint, &Key::p256())
    }

    pub(crate) fn issue_for(&self, mint: &Mint, key: &Key) -> Vec<u8> {
        mint.sign(key, INTERMEDIATE, &self.key)
    }

    /// A server's certificate and what it has to send with it.
    pub(crate) fn chain(&self, mint: &Mint) -> Vec<Vec<u8>> {
        vec![self.issue(mint), self.intermediate.clone()]
    }
}
