//! What is asked, and how answers are read: the data files of this crate.

use crate::{
    Error,
    block::Block,
    finding::Finding,
    http::Response,
    os,
    probe::{Probe, Question},
    signature::{Place, Signature},
};

const PROBES: &str = include_str!("../data/probes.txt");

/// In the order in which patterns are tried: those that would also hold for others come last.
const SIGNATURES: [&str; 10] = [
    include_str!("../data/shell.txt"),
    include_str!("../data/mail.txt"),
    include_str!("../data/databases.txt"),
    include_str!("../data/messaging.txt"),
    include_str!("../data/files.txt"),
    include_str!("../data/network.txt"),
    include_str!("../data/industry.txt"),
    include_str!("../data/systems.txt"),
    include_str!("../data/applications.txt"),
    include_str!("../data/web.txt"),
];

/// Every question and every pattern.
#[derive(Debug)]
pub(crate) struct Book {
    probes: Vec<Probe>,
    signatures: Vec<Signature>,
}

impl Book {
    /// Reads the data files.
    pub(crate) fn open() -> Result<Self, Error> {
        let probes = Block::all(PROBES).iter().map(Probe::read).collect::<Result<_, _>>()?;
        let blocks = SIGNATURES.into_iter().flat_map(Block::all);
        let signatures = blocks.map(|block| Signature::read(&block)).collect::<Result<_, _>>()?;
        Ok(Self { probes, signatures })
    }

    pub(crate) fn probes(&self) -> &[Probe] {
        &self.probes
    }

    pub(crate) fn probe(&self, name: &str) -> Option<&Probe> {
        self.probes.iter().find(|probe| probe.name == name)
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
            for name in signature.calls() {
                assert!(book.probe(name).is_some(), "no probe {name}");
            }
            if let Place::Probe(name) = signature.place() {
                assert!(book.probe(name).is_some(), "no probe {name}");
            }
        }
        let names: HashSet<&str> = book.probes.iter().map(|probe| probe.name).collect();
        assert_eq!(names.len(), book.probes.len());
    }
}
