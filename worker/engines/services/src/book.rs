//! What is asked, and how answers are read: the data files of this crate.

use crate::{
    Error,
    block::Block,
    finding::Finding,
    http::Response,
    os,
    probe::{Probe, Question},
    signature::{Place, Signature},
    upgrade::Upgrade,
};

const PROBES: &str = include_str!("../data/probes.txt");
const DATAGRAMS: &str = include_str!("../data/datagrams.txt");
const UPGRADES: &str = include_str!("../data/starttls.txt");

/// In the order in which patterns are tried: those that would also hold for others come last.
const SIGNATURES: [&str; 11] = [
    include_str!("../data/shell.txt"),
    include_str!("../data/mail.txt"),
    include_str!("../data/databases.txt"),
    include_str!("../data/messaging.txt"),
    include_str!("../data/files.txt"),
    include_str!("../data/network.txt"),
    include_str!("../data/udp.txt"),
    include_str!("../data/industry.txt"),
    include_str!("../data/systems.txt"),
    include_str!("../data/applications.txt"),
    include_str!("../data/web.txt"),
];

/// Every question and every pattern.
#[derive(Debug)]
pub(crate) struct Book {
    probes: Vec<Probe>,
    datagrams: Vec<Probe>,
    upgrades: Vec<Upgrade>,
    signatures: Vec<Signature>,
}

impl Book {
    /// Reads the data files.
    pub(crate) fn open() -> Result<Self, Error> {
        let probes = |text| Block::all(text).iter().map(Probe::read).collect::<Result<_, _>>();
        let upgrades = Block::all(UPGRADES).iter().map(Upgrade::read).collect::<Result<_, _>>()?;
        let blocks = SIGNATURES.into_iter().flat_map(Block::all);
        let signatures = blocks.map(|block| Signature::read(&block)).collect::<Result<_, _>>()?;
        Ok(Self { probes: probes(PROBES)?, datagrams: probes(DATAGRAMS)?, upgrades, signatures })
    }

    pub(crate) fn probes(&self) -> &[Probe] {
        &self.probes
    }

    pub(crate) fn probe(&self, name: &str) -> Option<&Probe> {
        self.probes.iter().find(|probe| probe.name == name)
    }

    /// The questions that are asked by UDP. They may have the name of one that is asked by TCP: answers look alike then.
    pub(crate) fn datagrams(&self) -> &[Probe] {
        &self.datagrams
    }

    pub(crate) fn datagram(&self, name: &str) -> Option<&Probe> {
        self.datagrams.iter().find(|probe| probe.name == name)
    }

    /// How that service is asked to go on inside TLS.
    pub(crate) fn upgrade(&self, service: &str) -> Option<&Upgrade> {
        self.upgrades.iter().find(|upgrade| upgrade.service == service)
    }

    /// Reads an answer to `probe`; nothing when it looks like no protocol that is known here.
    ///
    /// Who sends back what it was sent says nothing about itself, whatever that looks like.
    pub(crate) fn read(&self, probe: &Probe, sent: &[u8], answer: &[u8]) -> Option<Finding> {
        if is_echo(sent, answer) {
            return (answer.len() >= sent.len()).then(|| echo(answer));
        }
        let response = Response::parse(answer);
        let place = |place| match place {
            Place::Any => Some(answer),
            Place::Probe(name) => (name == probe.name).then_some(answer),
            Place::Server => response.as_ref()?.header("server"),
            Place::Head => Some(response.as_ref()?.head),
            Place::Title => response.as_ref()?.title(),
            Place::Body => Some(response.as_ref()?.body),
        };
        let read = |signature: &Signature| signature.read_from(place(signature.place())?);
        let mut finding = self.signatures.iter().find_map(read)?;
        if let Some(response) = &response {
            finding.http_status = matches!(probe.question, Question::Get("/")).then_some(response.status);
            finding.os = finding.os.or_else(|| os::told(response.header("server")?));
        }
        finding.more.retain(|name| *name != probe.name);
        finding.heard = answer.to_vec();
        Some(finding)
    }
}

/// Whether an answer is the question, or its beginning, or begins with it.
pub(crate) fn is_echo(sent: &[u8], answer: &[u8]) -> bool {
    !sent.is_empty() && !answer.is_empty() && (answer.starts_with(sent) || sent.starts_with(answer))
}

fn echo(answer: &[u8]) -> Finding {
    let service = Some("echo".to_owned());
    Finding { service, confidence: 80, heard: answer.to_vec(), ..Finding::default() }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_pattern_is_one_and_every_probe_that_is_named_exists() {
        let book = Book::open().unwrap();
        for signature in &book.signatures {
            assert!(signature.is_sound(), "{signature:?}");
            let place = match signature.place() {
                Place::Probe(name) => Some(name),
                Place::Any | Place::Server | Place::Head | Place::Title | Place::Body => None,
            };
            for name in signature.calls().iter().copied().chain(place) {
                assert!(book.probe(name).or(book.datagram(name)).is_some(), "no probe {name}");
            }
        }
        assert!(book.upgrades.iter().all(Upgrade::is_sound));
        for probes in [&book.probes, &book.datagrams] {
            let names: HashSet<&str> = probes.iter().map(|probe| probe.name).collect();
            assert_eq!(names.len(), probes.len());
        }
    }
}
